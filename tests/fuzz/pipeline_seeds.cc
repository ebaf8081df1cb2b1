#include "tests/fuzz/pipeline_seeds.h"

#include <nlohmann/json.hpp>

namespace kinglet::fuzz {
namespace {

using nlohmann::json;

constexpr const char* kBpe =
    R"({"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "▁": 3, "Ġ": 4, "<0x41>": 5, "ab</w>": 6, "b</w>": 7,
  "a b": 8}, "merges": ["a b", ["a", "b</w>"], ["a", "b"]]})";
constexpr const char* kUnigram =
    R"({"type": "Unigram", "unk_id": 0, "vocab": [["?", 0], ["a", -1], ["▁", -2.5], ["b", -3]]})";
constexpr const char* kWordPiece =
    R"({"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1, "##a": 2, "[CLS]": 3, "[SEP]": 4}})";

constexpr const char* kModels[] = {
    R"({"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]})",
    R"({"vocab": {"[UNK]": 0}})",
    R"({"vocab": [["a", 0]], "unk_id": 0})",
    R"({"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]})",
    R"({"type": "BPE", "vocab": {"a": 0}, "merges": ["a a a"]})",
    R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "continuing_subword_prefix": "@@"})",
    R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.5})",
    R"({"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"})",
    R"({"type": "BPE", "vocab": {}, "merges": []})",
    R"({"type": "Unigram", "vocab": [["a"]]})",
    R"({"type": "Unigram", "vocab": [["a", 1e300]]})",
    R"({"type": "Unigram", "vocab": [["a", 0]], "unk_id": -2})",
    R"({"type": "Unigram", "vocab": [["a", 0]], "unk_id": 7})",
    R"({"type": "WordPiece", "vocab": {"[UNK]": 0}, "max_input_chars_per_word": 70000})",
    R"({"type": "WordPiece", "vocab": {"[UNK]": 0}, "max_input_chars_per_word": 0})",
    R"({"type": "WordLevel", "vocab": {"[UNK]": 0}})",
};

constexpr const char* kNormalizers[] = {
    R"({"type": "NFD"})",
    R"({"type": "NFC"})",
    R"({"type": "NFKD"})",
    R"({"type": "StripAccents"})",
    R"({"type": "Lowercase"})",
    R"({"type": "Strip"})",
    R"({"type": "Strip", "strip_left": false, "strip_right": false})",
    R"({"type": "Sequence", "normalizers": [{"type": "Strip"}, {"type": "Strip"}, {"type": "NFC"}]})",
    R"({"type": "Sequence", "normalizers": [{"type": "Strip"}, {"type": "Lowercase"}]})",
    R"({"type": "Prepend", "prepend": "▁"})",
    R"({"type": "Prepend", "prepend": "x"})",
    R"({"type": "Replace", "pattern": {"String": " "}, "content": "▁"})",
    R"({"type": "Replace", "pattern": {"String": " "}, "content": "x"})",
    R"({"type": "Replace", "pattern": {"String": "``"}, "content": "\""})",
    R"({"type": "Replace", "pattern": {"String": ""}, "content": "x"})",
    R"({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "})",
    R"({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": "x"})",
    R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})",
    R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"})",
    R"({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "x"})",
    R"({"type": "Replace", "pattern": {"Regex": "x"}, "content": "x"})",
    R"({"type": "Precompiled", "precompiled_charsmap": null})",
    R"({"type": "Precompiled", "precompiled_charsmap": ""})",
    R"({"type": "Precompiled", "precompiled_charsmap": "BAAAAAAAAAAA"})",
    R"({"type": "Precompiled", "precompiled_charsmap": "az09+/{"})",
    R"({"type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false, "strip_accents": true, "lowercase": false})",
    R"({"type": "BertNormalizer"})",
};

constexpr const char* kWords[] = {
    R"({"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Isolated", "invert": false})",
    R"({"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Removed", "invert": true})",
    R"({"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Removed", "invert": false})",
    R"({"type": "Split", "pattern": {"Regex": "\\p{N}"}, "behavior": "Isolated", "invert": true})",
    R"({"type": "Split", "pattern": {"Regex": "x"}, "behavior": "MergedWithPrevious"})",
    R"({"type": "Split", "pattern": {"Regex": "[^(\\s|[.,!?…。，、।۔،]]+"}, "behavior": "Isolated"})",
    R"({"type": "Split", "pattern": {"Regex": "[一-龥]+"}, "behavior": "Isolated"})",
    R"({"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"})",
    R"({"type": "Split", "pattern": {"String": "x"}})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "Metaspace", "split": false}, {"type": "Split", "pattern": {"String": " "}}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "Metaspace"}, {"type": "Split", "pattern": {"String": " "}}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "Metaspace"}, {"type": "Split", "pattern": {"String": "y"}}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "BertPreTokenizer"}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "ByteLevel", "add_prefix_space": true}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "split": false}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "prepend_scheme": "first"}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}]})",
    R"({"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}, {"type": "WhitespaceSplit"}]})",
    R"({"type": "WhitespaceSplit"})",
    R"({"type": "Digits", "individual_digits": true})",
    R"({"type": "Digits", "individual_digits": false})",
    R"({"type": "Metaspace", "prepend_scheme": "first"})",
    R"({"type": "Metaspace", "prepend_scheme": "never"})",
    R"({"type": "Metaspace", "prepend_scheme": "last"})",
    R"({"type": "Metaspace", "add_prefix_space": false, "split": false})",
    R"({"type": "Metaspace", "replacement": "_"})",
    R"({"type": "ByteLevel", "add_prefix_space": true, "use_regex": true})",
    R"({"type": "ByteLevel", "add_prefix_space": false, "use_regex": false})",
    R"({"type": "Punctuation"})",
};

constexpr const char* kDecoders[] = {
    R"({"type": "Strip", "content": " ", "start": 1, "stop": 0})",
    R"({"type": "Strip", "content": " ", "start": 0, "stop": 0})",
    R"({"type": "Strip", "content": "x", "start": 1, "stop": 0})",
    R"({"type": "Strip", "content": " ", "start": 2, "stop": 0})",
    R"({"type": "Strip", "content": " ", "start": 1, "stop": 1})",
    R"({"type": "Metaspace", "prepend_scheme": "never"})",
    R"({"type": "WordPiece", "cleanup": false})",
    R"({"type": "CTC"})",
    R"({"type": "Sequence", "decoders": [{"type": "Replace"}, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "ByteLevel"}]})",
};

constexpr const char* kTemplates[] = {
    R"({"type": "BertProcessing", "sep": ["a", 1], "cls": ["b", 0]})",
    R"({"type": "RobertaProcessing", "sep": ["a", 1], "cls": ["b", 0]})",
    R"({"type": "BertProcessing", "sep": ["a"], "cls": ["b", 0]})",
    R"({"type": "BertProcessing", "sep": ["a", 1], "cls": []})",
    R"({"type": "BertProcessing", "sep": ["a", 100], "cls": ["b", -1]})",
    R"({"type": "ByteLevel"})",
};

constexpr const char* kAdded[] = {
    R"([{"id": 0, "content": ""}])",
    R"([{"id": 0, "content": "a", "special": true, "normalized": true}, {"id": 1, "content": "x"}])",
    R"([{"id": 20, "content": "<n>", "lstrip": true, "rstrip": true, "single_word": true, "special": false}])",
};

}  // namespace

std::vector<std::string> tokenizer_pipelines() {
  std::vector<std::string> all;
  const auto add = [&all](const char* model, const char* part, const char* value, bool fallback = false) {
    json file = {{"model", json::parse(model)}};
    if (fallback) {
      file["model"]["byte_fallback"] = true;
      file["model"]["end_of_word_suffix"] = "</w>";
    }
    if (part != nullptr) file[part] = json::parse(value);
    all.push_back(file.dump());
  };
  for (const char* model : kModels) add(model, nullptr, nullptr);
  for (const char* model : {kBpe, kUnigram, kWordPiece}) {
    for (const char* value : kNormalizers) add(model, "normalizer", value);
    for (const char* value : kWords) add(model, "pre_tokenizer", value);
    for (const char* value : kDecoders) add(model, "decoder", value);
    for (const char* value : kTemplates) add(model, "post_processor", value);
    for (const char* value : kAdded) add(model, "added_tokens", value);
  }
  for (const char* value : kWords) add(kBpe, "pre_tokenizer", value, true);
  // A pipeline of pipelines.
  json nested = json::parse(kWords[0]);
  for (int depth = 0; depth < 12; ++depth) nested = {{"type", "Sequence"}, {"pretokenizers", json::array({nested})}};
  add(kBpe, "pre_tokenizer", nested.dump().c_str());
  return all;
}

}  // namespace kinglet::fuzz
