// Writes what the fuzzers begin with: kinglet_fuzz_seeds TESTS FOLDER. FOLDER/TARGET/… is one file for each input.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "converter/convert.h"
#include "model_generated.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folder_seeds.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/media_seeds.h"
#include "tests/fuzz/model_bytes.h"
#include "tests/fuzz/pipeline_seeds.h"
#include "tests/fuzz/seed_files.h"
#include "tests/fuzz/side_seeds.h"
#include "tests/fuzz/small_tokenizers.h"
#include "tests/fuzz/write_refused.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet::fuzz {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool is_model(const fs::path& folder) {
  return fs::exists(folder / "config.json") && fs::exists(folder / "model.safetensors");
}

// ---------------------------------------------------------------- models

void write_program(const fs::path& path, std::span<const std::byte> file) {
  const auto program = program_of(file);
  write(path, {reinterpret_cast<const char*>(program.data()), program.size()});
}

void write_models(const fs::path& tests, const fs::path& folder) {
  write_program(folder / "tiny-long-decoder", testing::tiny_long_decoder());
  write_program(folder / "tiny-recurrent", testing::tiny_recurrent());
  write_program(folder / "text-encoder", testing::text_encoder());
  write_program(folder / "wordpiece", testing::text_encoder([](fb::ModelT& model) { model.tokenizer = wordpiece(); }));
  write_program(folder / "unigram", testing::text_translator([](fb::ModelT& model) {
                  model.tokenizer = unigram();
                  model.target_tokenizer = merging();
                }));
  write_program(folder / "text-decoder", testing::text_decoder([](fb::ModelT& model) {
                  model.chat = std::make_unique<fb::ChatTemplateT>();
                  model.chat->user_before = "u ";
                  model.chat->assistant_before = "a ";
                }));
  write_program(folder / "text-translator", testing::text_translator([](fb::ModelT& model) {
                  model.generation->languages.push_back(std::make_unique<fb::LanguageT>());
                  model.generation->languages[0]->code = "de";
                  model.generation->languages[0]->tokens = {3};
                  model.labels = {"one", "two"};
                }));
  const fs::path file = fs::temp_directory_path() / "kinglet-fuzz-seed.kgl";
  const auto add = [&](const std::string& name) {
    const std::string bytes = read_file(file);
    write_program(folder / name, std::as_bytes(std::span(bytes)));
    fs::remove(file);
  };
  converter::testing::write_program(converter::testing::tiny_pictures(), file);
  add("tiny-pictures");
  for (const auto& entry : fs::directory_iterator(tests / "goldens")) {
    if (!is_model(entry.path())) continue;
    (void)converter::convert({.source = entry.path(), .output = file, .tokenizer = {}, .name = "seed"});
    add(entry.path().filename().string());
  }
}

// ---------------------------------------------------------------- tokenizers

// Some texts of each golden tokenizer.
void write_texts(const fs::path& tests, const fs::path& folder) {
  std::vector<fs::path> expected;
  for (const auto& entry : fs::recursive_directory_iterator(tests / "goldens/tokenizers")) {
    if (entry.path().filename().string().starts_with("expected")) expected.push_back(entry.path());
  }
  std::sort(expected.begin(), expected.end());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const json rows = json::parse(read_file(expected[i]));
    for (std::size_t row = i; row < rows.size(); row += 16) {
      if (!rows[row].contains("text")) continue;
      const std::string head = {static_cast<char>(i), static_cast<char>(row % 4)};
      write(folder / (std::to_string(i) + "-" + std::to_string(row)), head + rows[row].at("text").get<std::string>());
    }
  }
}

// Every character that a rule asks for, to every tokenizer.
void write_characters(const fs::path& folder) {
  constexpr char kMost = 24;  // tokenizers
  for (char which = 0; which < kMost; ++which) {
    for (std::uint32_t seed = 1; seed < 5; ++seed) {
      const std::string head = {which, static_cast<char>(seed % 4)};
      write(folder / ("any-" + std::to_string(which) + "-" + std::to_string(seed)), head + Inputs(seed).text(300));
    }
  }
}

bool is_short(const std::string& token) { return token.size() <= 4 || token.front() == '<' || token.front() == '['; }

// A tokenizer.json with so few tokens that a fuzzer reads thousands of them in a second.
std::string shortened(json file) {
  json& vocabulary = file.at("model").at("vocab");
  std::set<std::string> kept;
  if (vocabulary.is_object()) {
    json few = json::object();
    for (const auto& [token, id] : vocabulary.items()) {
      if (is_short(token) && few.size() < 300) few[token] = id;
    }
    vocabulary = few;
  } else if (vocabulary.size() > 60) {
    vocabulary.erase(vocabulary.begin() + 60, vocabulary.end());
  }
  if (file["model"].contains("merges")) {
    json& merges = file["model"]["merges"];
    json few = json::array();
    for (const json& merge : merges) {
      std::string both;
      if (merge.is_array()) {
        both = merge[0].get<std::string>() + merge[1].get<std::string>();
      } else {
        both = merge.get<std::string>();
        both.erase(both.find(' '), 1);
      }
      if (vocabulary.contains(both)) few.push_back(merge);
    }
    merges = few;
  }
  return file.dump();
}

void write_tokenizers(const fs::path& tests, const fs::path& folder) {
  constexpr std::size_t kMost = 12000;  // a precompiled map of all of Unicode is 200,000
  for (const auto& entry : fs::directory_iterator(tests / "goldens/tokenizers")) {
    const std::string name = entry.path().filename().string();
    for (const char* file : {"tokenizer.model", "spiece.model", "target.spm"}) {
      if (!fs::exists(entry.path() / file)) continue;
      const std::string bytes = read_file(entry.path() / file);
      if (bytes.size() <= kMost) write(folder / "sentencepiece" / name, bytes);
    }
    if (!fs::exists(entry.path() / "tokenizer.json")) continue;
    const std::string text = shortened(json::parse(read_file(entry.path() / "tokenizer.json")));
    if (text.size() <= kMost) write(folder / "tokenizer_json" / name, text);
  }
}

void write_pipelines(const fs::path& folder) {
  const std::vector<std::string> all = tokenizer_pipelines();
  for (std::size_t i = 0; i < all.size(); ++i) write(folder / ("pipeline-" + std::to_string(i)), all[i]);
}

void write_folders(const fs::path& tests, const fs::path& folder) {
  for (const auto& [name, bytes] : tokenizer_folders()) write(folder / "vocabulary" / name, bytes);
  for (const auto& [name, bytes] : checkpoint_folders()) write(folder / "checkpoint" / name, bytes);
  for (const auto& [name, bytes] : sentencepiece_models()) write(folder / "sentencepiece" / name, bytes);
  // Of a golden vocabulary as many words as fit, cut at the end of a line.
  const std::string words = read_file(tests / "goldens/tokenizers/wordpiece-uncased/vocab.txt");
  const auto* name = std::find(std::begin(kTokenizerFiles), std::end(kTokenizerFiles), std::string_view("vocab.txt"));
  const PackedFile file = {static_cast<std::uint8_t>(name - kTokenizerFiles),
                           words.substr(0, words.find('\n', 1500) + 1)};
  write(folder / "vocabulary/wordpiece", pack({&file, 1}));
}

void write_chat_templates(const fs::path& tests, const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(tests / "goldens/chat")) {
    const fs::path file = entry.path() / "tokenizer_config.json";
    if (!fs::exists(file)) continue;
    const json settings = json::parse(read_file(file));
    if (!settings.contains("chat_template") || !settings.at("chat_template").is_string()) continue;
    json others = settings;
    others.erase("chat_template");
    write(folder / entry.path().filename(),
          settings.at("chat_template").get<std::string>() + std::string(1, '\0') + others.dump());
    write(folder / (entry.path().filename().string() + "-inside"), std::string(1, '\0') + settings.dump());
  }
  const json list = {
      {"chat_template", {{{"name", "tools"}, {"template", "x"}}, {{"name", "default"}, {"template", "<|im_start|>"}}}}};
  write(folder / "list", std::string(1, '\0') + list.dump());
  write(folder / "list-without",
        std::string(1, '\0') + R"({"chat_template": [{"name": "tools", "template": "[INST]"}]})");
  write(folder / "number", std::string(1, '\0') + R"({"chat_template": 1})");
  // What the golden templates do not write.
  constexpr const char* kOthers[] = {"<|start_header_id|> Cutting Knowledge Date: x\n date_string = \"y\"",
                                     "<|start_header_id|> Cutting Knowledge Date: ",
                                     "[INST] [SYSTEM_PROMPT] bos_token",
                                     "[INST] ' [/INST] eos_token + ' '",
                                     "[INST][SYSTEM_PROMPT]",
                                     "<|user|> eos_token content.strip()",
                                     "of no family"};
  for (std::size_t i = 0; i < std::size(kOthers); ++i) write(folder / ("other-" + std::to_string(i)), kOthers[i]);
}

// ---------------------------------------------------------------- checkpoints

void write_checkpoints(const fs::path& tests, const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(tests / "goldens")) {
    if (!is_model(entry.path())) continue;
    write(folder / "config_json" / entry.path().filename(), read_file(entry.path() / "config.json"));
    if (fs::exists(entry.path() / "preprocessor_config.json"))
      write(folder / "preprocessor_config" / entry.path().filename(),
            read_file(entry.path() / "preprocessor_config.json"));
  }
  const json towers = {{"model_type", "clip"},
                       {"text_config", json::parse(read_file(tests / "goldens/clip-text/config.json"))},
                       {"vision_config", json::parse(read_file(tests / "goldens/clip-vision/config.json"))}};
  write(folder / "config_json/clip", towers.dump());
  using converter::testing::random_floats;
  write(folder / "safetensors/two",
        converter::testing::safetensors_bytes({{"a.weight", random_floats({3, 4}, 1)}, {"b", random_floats({2}, 2)}}));
  const auto raw = [&](const char* name, const std::string& header, const std::string& data) {
    write(folder / "safetensors" / name, converter::testing::raw_safetensors(header, data));
  };
  raw("half", R"({"x":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}})", "abcd");
  raw("brain", R"({"__metadata__":{"a":"b"},"x":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}})", "ab");
  raw("integers",
      R"({"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"e":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}})",
      "12345678");

  // dim, hidden_dim, layers, heads, kv_heads, vocabulary, positions: then as many floats as these need.
  const std::int32_t header[] = {4, 4, 1, 2, 1, 5, 2};
  constexpr std::size_t kFloats = 5 * 4 + 4 + 16 + 8 + 8 + 16 + 4 + 16 + 16 + 16 + 4 + 2 * 2 * 1;
  std::string checkpoint(reinterpret_cast<const char*>(header), sizeof header), tokens(4, '\0');
  checkpoint.resize(checkpoint.size() + kFloats * sizeof(float), '\x3d');
  for (const std::string text : {"<unk>", "<s>", "</s>", "<0x41>", "a"}) {
    tokens.append(4, '\0').append({static_cast<char>(text.size()), 0, 0, 0}).append(text);
  }
  const auto size = static_cast<std::uint32_t>(checkpoint.size());
  write(folder / "llama2c/whole", std::string(reinterpret_cast<const char*>(&size), sizeof size) + checkpoint + tokens);
}

// ---------------------------------------------------------------- calls

// What opens everything and runs it, for each of the models: choices of c_api.cc.
void write_calls(const fs::path& folder) {
  for (char which = 0; which < 3; ++which) {
    std::string calls = {0, 3, which};
    for (char step = 0; step < 6; ++step) {
      calls += {1, 0, 1, 3, 2, 3, 4, 0, 0, 0};
      calls += {2, 60, 0, which, 1};
      calls += {static_cast<char>(3 + which), step, 1, 1, which, which, 0, 9};
      calls += "the cat sat on the mat";
    }
    write(folder / std::to_string(which), calls);
  }
  // A grid made of samples, or of pixels, and what the model says of it.
  for (char which = 3; which < 5; ++which) {
    std::string calls = {0, 3, which};
    if (which == 3) calls += {6, 0, 0, 1, 6, 1, 1, 1, 1, 1, 0, 0};
    else calls += {7, 0, 0, 1, 30, 1, 40, 1, 7, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1};
    calls += {4, 0, 1, 1, which, 1, which};
    for (char beams = 0; beams < 2; ++beams) {
      calls += {4, 1, 0, beams};
      if (beams == 1) calls += {2, 1, 0, 0, 64, 64};
      calls += {7, 0, 1, 1, 100, 1, static_cast<char>(which - 3), 0};
    }
    write(folder / std::to_string(which), calls);
  }
}

void write_all(const fs::path& tests, const fs::path& folder) {
  write_models(tests, folder / "kgl");
  write_texts(tests, folder / "tokenizer");
  write_characters(folder / "tokenizer");
  write_tokenizers(tests, folder);
  write_checkpoints(tests, folder);
  write_folders(tests, folder);
  write_side_files(tests / "goldens", folder / "side_files");
  write_chat_templates(tests, folder / "chat_template");
  write_pictures(tests / "ports/host/pictures/files.json", folder / "picture");
  write_sounds(folder / "sound");
  write_calls(folder / "c_api");
  write_refused(tests / "goldens", folder);
  write_pipelines(folder / "tokenizer_json");  // behind it: of these, which are refused, no others are made
}

}  // namespace

}  // namespace kinglet::fuzz

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: kinglet_fuzz_seeds TESTS FOLDER\n", stderr);
    return 2;
  }
  try {
    kinglet::fuzz::write_all(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kinglet_fuzz_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
