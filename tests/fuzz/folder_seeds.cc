#include "tests/fuzz/folder_seeds.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/converter/tensors.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"

namespace kinglet::fuzz {
namespace {

using nlohmann::json;

template <std::size_t N>
std::string folder(const char* const (&names)[N], const std::map<std::string, std::string>& files) {
  std::vector<PackedFile> packed;
  for (const auto& [name, bytes] : files) {
    const auto* found = std::find(names, names + N, name);
    if (found == names + N) throw std::runtime_error("no harness reads " + name);
    packed.push_back({static_cast<std::uint8_t>(found - names), bytes});
  }
  return pack(packed);
}

// ---------------------------------------------------------------- SentencePiece models, field by field

std::string number_field(unsigned field, unsigned value) {
  return {static_cast<char>(0x80U | (field << 3U & 0x7fU)), static_cast<char>(field >> 4U), static_cast<char>(value)};
}

std::string message(unsigned field, const std::string& bytes) {
  if (bytes.size() > 127) throw std::runtime_error("a message of this length takes two bytes to say so");
  return std::string{static_cast<char>(field << 3U | 2U), static_cast<char>(bytes.size())} + bytes;
}

enum Type : std::uint8_t { kNormal = 1, kUnknown, kControl, kUserDefined, kUnused, kByte };

std::string piece(const std::string& text, Type type, float score = -1) {
  const auto bits = std::bit_cast<std::uint32_t>(score);
  std::string number(1, static_cast<char>(2U << 3U | 5U));
  for (unsigned shift = 0; shift < 32; shift += 8) number += static_cast<char>(bits >> shift & 0xffU);
  return message(1, message(1, text) + number + number_field(3, type));
}

enum Model : std::uint8_t { kUnigram = 1, kBpe };

std::string model(Model kind, const std::string& normalizer = {}) {
  std::string made = piece("<unk>", kUnknown, 0) + piece("<s>", kControl, 0) + piece("</s>", kControl, 0);
  made += piece("<0x41>", kByte, 0) + piece("<user>", kUserDefined, 0) + piece("no", kUnused, 0);
  float score = 0;
  for (const char* text : {"\xE2\x96\x81", "a", "b", "t", "ab", "\xE2\x96\x81t", "\xE2\x96\x81tab"})
    made += piece(text, kNormal, score -= 1);
  made += message(2, number_field(3, kind) + number_field(24, 0));
  return made + message(3, normalizer + number_field(3, 1) + number_field(4, 1) + number_field(5, 1));
}

const std::string kMap = message(2, std::string("\4\0\0\0\0\0\0\0\0", 9));  // one unit that matches nothing

std::string tokenizer(std::map<std::string, std::string> files, const json& settings) {
  files["tokenizer_config.json"] = settings.dump();
  return folder(kTokenizerFiles, files);
}

}  // namespace

NamedSeeds sentencepiece_models() {
  const std::string good = model(kUnigram);
  return {{"small-unigram", good},
          {"small-bpe", model(kBpe)},
          {"small-map", model(kUnigram, kMap)},
          {"words", good + message(2, number_field(3, 3))},
          {"suffix", good + message(2, number_field(24, 1))},
          {"spaces", good + message(3, number_field(5, 0))},
          {"no-prefix", good + message(3, number_field(3, 0) + number_field(4, 0))},
          {"no-prefix-but-trimmed", good + message(3, number_field(3, 0))},
          {"no-byte", good + piece("<0xzz>", kByte)},
          {"half-a-byte", good + piece("<0x4z>", kByte)},
          {"no-type", good + message(1, number_field(3, 9))},
          {"no-score", good + piece("x", kNormal, std::numeric_limits<float>::infinity())},
          {"sentinel", good + piece("<extra_id_0>", kUserDefined)},
          {"fixed", good + std::string("\x31"
                                       "12345678",
                                       9)},
          {"group", good + "\x33"},
          {"empty", ""}};
}

NamedSeeds tokenizer_folders() {
  const std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n##a\r\na";
  const json ids = {{"a", 0}, {"b", 1}, {"ab", 2}, {"c", 3}, {"abc", 4}, {"<s>", 5}, {"</s>", 6}, {"<|endoftext|>", 7}};
  const std::map<std::string, std::string> merged = {{"vocab.json", ids.dump()},
                                                     {"merges.txt", "#version: 0.2\na b\n\nab c\n"}};
  const json names = {{"<s>", 0},    {"</s>", 1}, {"<unk>", 2}, {"<pad>", 3},   {"\xE2\x96\x81t", 4},
                      {">>de<<", 5}, {"a", 6},    {"b", 7},     {"missing", 9}, {"__de__", 10}};
  const auto alone = [](const char* name, Model kind) {
    return std::map<std::string, std::string>{{name, model(kind)}};
  };
  const auto named = [&](const char* name) {
    return std::map<std::string, std::string>{{name, model(kUnigram, kMap)}, {"vocab.json", names.dump()}};
  };
  const json decoder = {{"0", {{"content", "[PAD]"}, {"special", true}, {"lstrip", true}, {"rstrip", true}}},
                        {"5", {{"content", "the"}, {"single_word", true}, {"normalized", true}}}};
  std::map<std::string, std::string> described = {
      {"vocab.txt", words},
      {"added_tokens.json", R"({"<new>": 8, "[MASK]": 4})"},
      {"special_tokens_map.json", R"({"unk_token": {"content": "[UNK]"}})"}};
  std::map<std::string, std::string> named_roles = merged;
  named_roles["special_tokens_map.json"] = R"({"bos_token": "<s>", "mask_token": "c"})";
  return {
      {"words", folder(kTokenizerFiles, {{"vocab.txt", words}})},
      {"words-cased", tokenizer(described, {{"do_lower_case", false},
                                            {"tokenize_chinese_chars", false},
                                            {"cls_token", {{"content", "[CLS]"}}},
                                            {"added_tokens_decoder", decoder}})},
      {"gpt2", folder(kTokenizerFiles, merged)},
      {"gpt2-begin", tokenizer(named_roles, {{"add_bos_token", true}, {"add_prefix_space", true}})},
      {"roberta", tokenizer(merged, {{"tokenizer_class", "RobertaTokenizer"}})},
      {"bart", tokenizer(merged, {{"tokenizer_class", "BartTokenizerFast"}, {"cls_token", "a"}})},
      {"qwen2", tokenizer(merged, {{"tokenizer_class", "Qwen2Tokenizer"}})},
      {"clip", tokenizer(merged, {{"tokenizer_class", "CLIPTokenizer"}})},
      {"llama", tokenizer(alone("tokenizer.model", kBpe), {{"add_bos_token", true}, {"add_eos_token", true}})},
      {"t5", tokenizer(alone("spiece.model", kUnigram), {{"tokenizer_class", "T5Tokenizer"}, {"extra_ids", 3}})},
      {"t5-all", tokenizer(alone("tokenizer.model", kUnigram), {{"tokenizer_class", "T5Tokenizer"}})},
      {"xlmr", tokenizer(alone("sentencepiece.bpe.model", kUnigram), {{"mask_token", "<mask>"}})},
      {"mbart", tokenizer(alone("sentencepiece.bpe.model", kUnigram),
                          {{"tokenizer_class", "MBartTokenizer"}, {"src_lang", "de_DE"}})},
      {"mbart50", tokenizer(alone("sentencepiece.bpe.model", kUnigram), {{"tokenizer_class", "MBart50Tokenizer"}})},
      {"m2m100", tokenizer(named("sentencepiece.bpe.model"), {{"src_lang", "de"}})},
      {"wmt21", tokenizer(named("sentencepiece.bpe.model"), {{"language_codes", "wmt21"}, {"eos_token", "</s>"}})},
      {"marian-bpe", folder(kTokenizerFiles, {{"source.spm", model(kBpe)}, {"vocab.json", names.dump()}})},
      {"t5-sentinel",
       tokenizer({{"spiece.model", model(kUnigram) + piece("<extra_id_0>", kUserDefined)}}, json::object())},
      {"merge-of-one", folder(kTokenizerFiles, {{"vocab.json", ids.dump()}, {"merges.txt", "a"}})},
      {"merge-of-three", folder(kTokenizerFiles, {{"vocab.json", ids.dump()}, {"merges.txt", "a b c"}})},
      {"marian", tokenizer(named("source.spm"), {{"unk_token", "<unk>"}, {"src_lang", "xx"}})},
  };
}

NamedSeeds checkpoint_folders() {
  using converter::testing::random_floats;
  using converter::testing::safetensors_bytes;
  const std::string a = safetensors_bytes({{"a", random_floats({2, 2}, 1)}});
  const std::string b = safetensors_bytes({{"b", random_floats({3}, 2)}});
  const std::string config = R"({"model_type": "gpt2"})";
  const auto made = [&](std::map<std::string, std::string> files) {
    files["config.json"] = config;
    return folder(kCheckpointFiles, files);
  };
  const auto index = [](const json& map) { return json{{"weight_map", map}}.dump(); };
  const char* const kIndex = "model.safetensors.index.json";
  return {
      {"one", made({{"model.safetensors", a}})},
      {"other-name", made({{"a.safetensors", a}})},
      {"shards", made({{kIndex, index({{"a", "a.safetensors"}, {"b", "b.safetensors"}})},
                       {"a.safetensors", a},
                       {"b.safetensors", b}})},
      {"not-there", made({{kIndex, index({{"b", "a.safetensors"}})}, {"a.safetensors", a}})},
      {"elsewhere", made({{kIndex, index({{"a", "../a.safetensors"}})}, {"a.safetensors", a}})},
      {"no-map", made({{kIndex, "{}"}, {"a.safetensors", a}})},
      {"twice", made({{kIndex, index({{"a", "a.safetensors"}, {"c", "b.safetensors"}})},
                      {"a.safetensors", a},
                      {"b.safetensors", a}})},
      {"two", made({{"a.safetensors", a}, {"b.safetensors", b}})},
      {"pickled", made({{"pytorch_model.bin", "x"}})},
      {"no-weights", made({{"llama2c.bin", ""}})},
      {"no-config", folder(kCheckpointFiles, {{"a.safetensors", a}, {"b.safetensors", b}})},
      {"lone", folder(kCheckpointFiles, {{"lone.safetensors", a}})},
      {"empty", folder(kCheckpointFiles, {{"llama2c.bin", ""}})},
      {"short", folder(kCheckpointFiles, {{"llama2c.bin", "12345678"}})},
  };
}

}  // namespace kinglet::fuzz
