#include "tests/fuzz/write_refused.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "converter/readers/json.h"
#include "converter/readers/read.h"
#include "converter/readers/safetensors.h"
#include "converter/tokenizers/tokenizer_json.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/golden_checkpoints.h"
#include "tests/fuzz/refused_seeds.h"
#include "tests/fuzz/seed_files.h"
#include "tests/fuzz/tokenizer_folder.h"

namespace kinglet::fuzz {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Writes what is kept under names that go on from one call to the next.
Keep keeper(const fs::path& folder, int& next) {
  return [&next, folder](std::string_view input) { write(folder / ("refused-" + std::to_string(next++)), input); };
}

void refuse_models(const fs::path& folder) {
  Known known;
  int next = 0;
  for (const fs::path& file : files_of(folder)) {
    const std::string program = read_file(file);
    refused_models(std::as_bytes(std::span(program)), known, keeper(folder, next));
  }
}

void refuse_tokenizers(const fs::path& folder) {
  const Scratch scratch;
  const auto answer = [&](const std::string& text) {
    return answer_of([&] { (void)converter::read_tokenizer_json(scratch.write(text)); });
  };
  Known known;
  int next = 0;
  for (const fs::path& file : files_of(folder))
    refused_json(json::parse(read_file(file)), answer, known, keeper(folder, next));
}

// Of each folder each JSON file; `read` reads the folder.
template <std::size_t N>
void refuse_folders(const fs::path& seeds, const char* const (&names)[N],
                    const std::function<void(const fs::path& folder)>& read) {
  ScratchFolder folder;
  Known known;
  int next = 0;
  for (const fs::path& seed : files_of(seeds)) {
    const std::vector<PackedFile> files = unpack(read_file(seed), N);
    for (std::size_t which = 0; which < files.size(); ++which) {
      if (!std::string_view(names[files[which].name]).ends_with(".json")) continue;
      std::vector<PackedFile> changed = files;
      const auto answer = [&](const std::string& text) {
        changed[which].bytes = text;
        folder.clear();
        for (const PackedFile& file : changed) folder.write(names[file.name], file.bytes);
        return answer_of([&] { read(folder.path()); });
      };
      refused_json(json::parse(files[which].bytes), answer, known,
                   [&, keep = keeper(seeds, next)](std::string_view) { keep(pack(changed)); });
    }
  }
}

void refuse_safetensors(const fs::path& folder) {
  constexpr std::size_t kHead = 8;  // the header's length
  Known known;
  int next = 0;
  for (const fs::path& file : files_of(folder)) {
    const std::string whole = read_file(file);
    std::uint64_t length = 0;
    std::memcpy(&length, whole.data(), kHead);
    const auto with = [&](const std::string& header) {
      const std::uint64_t size = header.size();
      return std::string(reinterpret_cast<const char*>(&size), kHead) + header + whole.substr(kHead + length);
    };
    const auto answer = [&](const std::string& header) {
      const std::string made = with(header);
      converter::Checkpoint checkpoint;
      return answer_of([&] { converter::read_safetensors(std::as_bytes(std::span(made)), "a file", checkpoint); });
    };
    refused_json(json::parse(whole.substr(kHead, length)), answer, known,
                 [&, keep = keeper(folder, next)](std::string_view header) { keep(with(std::string(header))); });
  }
}

// Each number of a llama2.c checkpoint's header, and the length of each of its tokenizer's pieces.
void refuse_llama2c(const fs::path& folder) {
  constexpr std::int32_t kOthers[] = {0, -1, 1, 2, 3, 1 << 13, 1 << 21, 0x616b3432, 0x7fc00000};
  const std::string whole = read_file(folder / "whole");
  int next = 0;
  const Keep keep = keeper(folder, next);
  std::uint32_t checkpoint = 0;
  std::memcpy(&checkpoint, whole.data(), sizeof checkpoint);
  const auto change = [&](std::size_t at) {
    for (const std::int32_t other : kOthers) {
      std::string made = whole;
      std::memcpy(made.data() + at, &other, sizeof other);
      keep(made);
    }
  };
  for (std::size_t at = 0; at < 32; at += 4) change(at);
  for (std::size_t at = 4 + checkpoint; at + 4 <= whole.size(); ++at) change(at);
  keep(whole + "x");
}

// Of an architecture's own configuration and of the files beside it. What it accepts is as new as what it refuses: another way through it.
void refuse_side_files(const fs::path& goldens, const fs::path& folder) {
  const GoldenCheckpoints checkpoints(goldens);
  refuse_folders(folder, kSideFiles, [&](const fs::path& path) {
    const json config = converter::read_json_object(path / "config.json");
    std::vector<converter::Checkpoint> own = checkpoints.with(config);
    if (own.empty()) return;
    own.front().path = path;
    std::string answer;
    const bool built = build_parts(own.front(), answer);
    throw converter::Error(built ? "accepted as " + config.value("model_type", json()).dump() : answer);
  });
}

}  // namespace

void write_refused(const fs::path& goldens, const fs::path& folder) {
  refuse_models(folder / "kgl");
  refuse_tokenizers(folder / "tokenizer_json");
  refuse_folders(folder / "vocabulary", kTokenizerFiles,
                 [](const fs::path& path) { each_reader(path, [](const auto& read) { (void)read(); }); });
  refuse_folders(folder / "checkpoint", kCheckpointFiles,
                 [](const fs::path& path) { (void)converter::read_checkpoint(path); });
  refuse_side_files(goldens, folder / "side_files");
  refuse_safetensors(folder / "safetensors");
  refuse_llama2c(folder / "llama2c");
}

}  // namespace kinglet::fuzz
