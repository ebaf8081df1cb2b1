// Converts every sample and golden model and packs it with its cases, and every golden tokenizer with its texts (bits.h: a bundle):
// kinglet_write_bundles TESTS FOLDER. FOLDER/list has a line "bundle NAME PATH" for each.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "converter/convert.h"
#include "converter/tokenizers/tokenizers.h"
#include "tests/bits/bits.h"
#include "tests/bits/job.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet::bits {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostTexts = 256, kModelTexts = 6, kMostCases = 4;

json read_json(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return json::parse(in);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Bundle {
 public:
  void number(std::size_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>(value >> shift & 255));
  }
  void tokens(const std::vector<std::int32_t>& tokens) {
    for (const std::int32_t token : tokens) number(static_cast<std::uint32_t>(token));
  }
  void text(std::string_view text) {
    bytes_ += text;
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }
  void write(const fs::path& path, Kind kind, std::size_t cases, std::size_t texts, const std::string& file) {
    Bundle head;
    constexpr std::size_t kHead = 5 * 4;
    const std::size_t begin = (kHead + bytes_.size() + 63) / 64 * 64;
    for (const std::size_t word : {static_cast<std::size_t>(kind), begin, file.size(), cases, texts}) head.number(word);
    std::string all = head.bytes_ + bytes_;
    all.resize(begin);
    all += file;
    std::ofstream out(path, std::ios::binary);
    out.write(all.data(), static_cast<std::streamsize>(all.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
  }

 private:
  std::string bytes_;
};

// The line of a bundle in the folder's list.
void say(const std::string& name, const fs::path& path) {
  std::ofstream list(path.parent_path() / "list", std::ios::app);
  list << "bundle " << name << " " << path.string() << "\n";
  if (!list.flush()) throw std::runtime_error("cannot write " + path.parent_path().string() + "/list");
}

// ---------------------------------------------------------------- models

struct Operators {
  std::set<std::string> seen;
  void check() const {
    for (const char* const* name = fb::EnumNamesBody() + 1; *name != nullptr; ++name) {
      if (seen.count(*name) == 0) throw std::runtime_error("no model has the operator " + std::string(*name));
    }
  }
};

// English lines of the held-out texts, the first so many.
std::vector<std::string> texts_of(const fs::path& model) {
  std::vector<std::string> texts;
  std::ifstream in(model / "../test.tsv");
  if (!fs::exists(model / "tokenizer.json")) return texts;
  if (!in) in.open(model / "test.tsv");
  for (std::string line; texts.size() < kModelTexts && std::getline(in, line);) {
    texts.push_back(line.substr(0, line.find('\t')));
  }
  return texts;
}

// A number of inputs of other lengths, for the models that no checkpoint stands behind: all operators that a converter does not write.
void write_tiny(const std::vector<std::byte>& file, const std::string& name, const fs::path& folder,
                Operators& operators) {
  const fb::Model& root = *fb::GetSizePrefixedModel(file.data());
  const bool encoder = root.encode() != nullptr, decoder = root.step() != nullptr;
  for (const fb::Function* function : {root.encode(), root.step()}) {
    if (function == nullptr) continue;
    for (const fb::Operator* op : *function->operators()) operators.seen.insert(fb::EnumNameBody(op->body_type()));
  }
  Bundle bundle;
  const auto tokens = [](std::size_t count, std::uint32_t vocabulary) {
    std::vector<std::int32_t> made;
    for (std::size_t i = 0; i < count; ++i)
      made.push_back(static_cast<std::int32_t>((i * i + 7 * i + count) % vocabulary));
    return made;
  };
  constexpr std::size_t kLengths[] = {1, 7, 23};
  for (const std::size_t length : kLengths) {
    const std::size_t source = encoder ? std::min<std::size_t>(length, root.source()) : length;
    const std::size_t types = root.types() > 1 ? source : 0;
    const std::size_t target =
        encoder && decoder ? std::min<std::size_t>(24 - length, root.context() - BITS_MADE - 1) : 0;
    for (const std::size_t count : {source, types, target, std::size_t{0}}) bundle.number(count);
    bundle.tokens(tokens(source, encoder ? root.source_vocabulary() : root.vocabulary()));
    std::string of_type;
    for (std::size_t i = 0; i < types; ++i) of_type.push_back(static_cast<char>(i * 2 / types));
    bundle.text(of_type);
    bundle.tokens(tokens(target, root.vocabulary()));
  }
  const fs::path path = folder / (name + ".bundle");
  bundle.write(path, Kind::kModel, std::size(kLengths), 0, {reinterpret_cast<const char*>(file.data()), file.size()});
  say(name, path);
}

// Some pictures for a model that reads these, and what its decoder is to read, if it has one.
void write_pictures(const std::string& bytes, const fs::path& model, const std::string& name, const fs::path& folder) {
  const fb::Model& root = *fb::GetSizePrefixedModel(bytes.data());
  const fb::Size& grid = *root.input()->grid();
  std::vector<std::vector<std::int32_t>> texts;
  if (fs::exists(model / "cases.json")) {
    const json document = read_json(model / "cases.json");
    for (const json& one : document.at("cases"))
      texts.push_back(one.value("decoder_tokens", std::vector<std::int32_t>{}));
  } else if (fs::exists(model / "golden.json")) {
    const json document = read_json(model / "golden.json");
    for (const json& one : document.at("cases"))
      texts.push_back(one.at("en").at("tokens").get<std::vector<std::int32_t>>());
  } else {
    texts.resize(2);
  }
  texts.resize(std::min<std::size_t>(texts.size(), 2));
  Bundle bundle;
  const std::size_t numbers = std::size_t{grid.height()} * grid.width() * root.input()->channels();
  std::uint32_t seed = 7;
  for (const auto& text : texts) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{0}, text.size(), numbers}) bundle.number(size);
    bundle.tokens(text);
    for (std::size_t i = 0; i < numbers; ++i) {
      seed = seed * 1664525U + 1013904223U;
      bundle.number(std::bit_cast<std::uint32_t>(static_cast<float>(seed >> 8U) / 0x1p22F - 2));
    }
  }
  const fs::path path = folder / (name + ".bundle");
  bundle.write(path, Kind::kModel, texts.size(), 0, bytes);
  say(name, path);
}

// The model again, to be asked what it makes of samples or pixels.
void write_input(const std::string& bytes, const std::string& name, const fs::path& folder) {
  const fs::path path = folder / (name + ".bundle");
  Bundle().write(path, Kind::kInput, 0, 0, bytes);
  say(name, path);
}

void write_model(const fs::path& model, const std::string& name, const fs::path& folder, Operators& operators) {
  const fs::path file = folder / (name + ".kgl");
  const auto summary = converter::convert({.source = model, .output = file, .tokenizer = {}, .name = name});
  for (const auto& [kind, count] : summary.operators) operators.seen.insert(kind);
  const std::string bytes = read_file(file);
  if (const fb::Input* input = fb::GetSizePrefixedModel(bytes.data())->input(); input != nullptr) {
    if (input->sound() != nullptr || input->picture() != nullptr) write_input(bytes, name + "-input", folder);
    return write_pictures(bytes, model, name, folder);
  }
  const bool sample = fs::exists(model / "golden.json");
  const json cases = read_json(model / (sample ? "golden.json" : "cases.json")).at("cases");
  const std::size_t count = std::min(cases.size(), kMostCases);
  Bundle bundle;
  for (std::size_t i = 0; i < count; ++i) {
    const auto tokens = cases[i].at("tokens").get<std::vector<std::int32_t>>();
    const auto types = cases[i].value("types", std::vector<int>{});
    const auto decoder_tokens = cases[i].value("decoder_tokens", std::vector<std::int32_t>{});
    for (const std::size_t size : {tokens.size(), types.size(), decoder_tokens.size(), std::size_t{0}})
      bundle.number(size);
    bundle.tokens(tokens);
    bundle.text(std::string(types.begin(), types.end()));
    bundle.tokens(decoder_tokens);
  }
  const std::vector<std::string> texts = texts_of(model);
  for (const std::string& text : texts) {
    bundle.number(text.size());
    bundle.text(text);
  }
  const fs::path path = folder / (name + ".bundle");
  bundle.write(path, Kind::kModel, count, texts.size(), bytes);
  say(name, path);
}

// ---------------------------------------------------------------- tokenizers

std::string input_of(const json& row) {
  if (!row.contains("bytes")) return row.at("text").get<std::string>();
  std::string bytes;
  for (const int byte : row.at("bytes")) bytes += static_cast<char>(byte);
  return bytes;
}

void write_tokenizer(const fb::TokenizerT& tables, const fs::path& expected, const std::string& name,
                     const fs::path& folder) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &tables));
  Bundle bundle;
  std::size_t texts = 0;
  for (const json& row : read_json(expected)) {
    const std::string text = input_of(row);
    bundle.number(text.size());
    bundle.text(text);
    ++texts;
  }
  if (texts > kMostTexts) throw std::runtime_error(name + " has more texts than a bundle");
  const fs::path path = folder / (name + ".bundle");
  bundle.write(path, Kind::kTokenizer, 0, texts,
               {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
  say(name, path);
}

// ---------------------------------------------------------------- all of them

std::vector<fs::path> folders(const fs::path& parent) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(parent)) {
    if (entry.is_directory()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_model(const fs::path& folder) {
  return fs::exists(folder / "config.json") &&
         (fs::exists(folder / "model.safetensors") || fs::exists(folder / "model.safetensors.index.json"));
}

void write_all(const fs::path& tests, const fs::path& folder) {
  fs::create_directories(folder);
  fs::remove(folder / "list");
  Operators operators;
  for (const fs::path& sample : folders(tests / "models")) {
    const std::string name = sample.filename().string();
    write_model(sample, name, folder, operators);
    for (const fs::path& other : folders(sample)) {
      if (is_model(other)) write_model(other, name + "-" + other.filename().string(), folder, operators);
    }
  }
  for (const fs::path& golden : folders(tests / "goldens")) {
    if (is_model(golden)) write_model(golden, golden.filename().string(), folder, operators);
  }
  write_tiny(testing::tiny_decoder(), "tiny-decoder", folder, operators);
  write_tiny(testing::tiny_long_decoder(), "tiny-long-decoder", folder, operators);
  write_tiny(testing::tiny_encoder(), "tiny-encoder", folder, operators);
  write_tiny(testing::tiny_encoder_decoder(), "tiny-encoder-decoder", folder, operators);
  write_tiny(testing::tiny_recurrent(), "tiny-recurrent", folder, operators);
  const fs::path pictures = folder / "tiny-pictures.kgl";
  converter::testing::write_program(converter::testing::tiny_pictures(), pictures);
  const std::string bytes = read_file(pictures);
  for (const fb::Operator* op : *fb::GetSizePrefixedModel(bytes.data())->encode()->operators())
    operators.seen.insert(fb::EnumNameBody(op->body_type()));
  write_pictures(bytes, {}, "tiny-pictures", folder);
  operators.check();
  for (const fs::path& golden : folders(tests / "goldens" / "tokenizers")) {
    const auto read = converter::read_tokenizer(golden);
    const std::string name = "tokenizer-" + golden.filename().string();
    write_tokenizer(*read.tokenizer, golden / "expected.json", name, folder);
    if (read.target) write_tokenizer(*read.target, golden / "expected-target.json", name + "-target", folder);
  }
}

}  // namespace
}  // namespace kinglet::bits

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: kinglet_write_bundles TESTS FOLDER\n", stderr);
    return 2;
  }
  try {
    kinglet::bits::write_all(argv[1], std::filesystem::absolute(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kinglet_write_bundles: %s\n", error.what());
    return 1;
  }
  return 0;
}
