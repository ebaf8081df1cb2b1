// Every tokenizer of tests/goldens/tokenizers, against the ids and texts that its own library gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "converter/tokenizers/draft.h"
#include "converter/tokenizers/tokenizers.h"
#include "packed.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests/goldens/tokenizers";

struct Case {
  std::string variant;
  bool parse;     // the library reads special tokens from the text
  bool stripped;  // the library decodes without special tokens and takes white space off both ends
};

// How each library was asked (tests/goldens/tokenizers/make.py).
Case case_of(const std::string& variant) {
  const bool sentencepiece = variant.starts_with("spm-");
  return {variant, !sentencepiece, variant == "marian"};
}

std::vector<std::string> variants() {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(kGoldens)) {
    if (entry.is_directory()) result.push_back(entry.path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

// Python's strip().
std::string stripped(std::string_view text) {
  const auto white = [](const text::CodePoint& point) {
    return text::is_space(point.code) || (point.code >= 0x1C && point.code <= 0x1F);
  };
  while (!text.empty() && white(text::code_point(text, 0))) text.remove_prefix(text::code_point(text, 0).bytes);
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && text::sequence_bytes(static_cast<std::uint8_t>(text[last])) == 0) --last;
    if (!white(text::code_point(text, last))) break;
    text = text.substr(0, last);
  }
  return std::string(text);
}

std::string input_of(const nlohmann::json& row) {
  if (!row.contains("bytes")) return row["text"].get<std::string>();
  std::string bytes;
  for (const int byte : row["bytes"]) bytes += static_cast<char>(byte);
  return bytes;
}

// Decodes token by token, as a chat would print.
std::string streamed(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids, bool skip_special) {
  std::string text;
  std::vector<char> out(tokenizer.decode_bytes());
  DecodeState state;
  for (const std::int32_t id : ids) {
    const auto size = tokenizer.decode(id, state, out, skip_special);
    EXPECT_TRUE(size.ok()) << size.status().message();
    text.append(out.data(), size.ok() ? *size : 0);
  }
  const auto size = tokenizer.finish(state, out);
  EXPECT_TRUE(size.ok());
  return text.append(out.data(), size.ok() ? *size : 0);
}

void check(const Case& golden, const fb::TokenizerT& tables, const fs::path& expected) {
  const PackedTokenizer tokenizer(tables);
  const nlohmann::json rows = read_json(expected);
  ASSERT_GT(rows.size(), 200u);
  for (const auto& row : rows) {
    const std::string text = input_of(row);
    SCOPED_TRACE(row["text"].dump());
    const std::vector<std::int32_t> ids = row["ids"];
    EXPECT_EQ(tokenizer.encode(text, {.parse = golden.parse, .add = false}), ids);
    EXPECT_EQ(tokenizer.encode(text, {.parse = golden.parse, .add = true}),
              row["ids_special"].get<std::vector<std::int32_t>>());
    if (golden.stripped) {
      EXPECT_EQ(stripped(tokenizer.decode(ids, true)), row["decoded"]);
      continue;
    }
    EXPECT_EQ(tokenizer.decode(ids, false), row["decoded"]);
    EXPECT_EQ(streamed(*tokenizer, ids, false), row["decoded"]);
    if (!row.contains("decoded_skip_special")) continue;
    EXPECT_EQ(tokenizer.decode(ids, true), row["decoded_skip_special"]);
  }
}

class TokenizerGoldens : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerGoldens, IdsAndTextsAreTheLibrarys) {
  const Case golden = case_of(GetParam());
  const fs::path directory = kGoldens / golden.variant;
  const Tokenizers read = read_tokenizer(directory);
  ASSERT_NE(read.tokenizer, nullptr);
  EXPECT_TRUE(read.warnings.empty());
  check(golden, *read.tokenizer, directory / "expected.json");
  EXPECT_EQ(read.target != nullptr, fs::exists(directory / "expected-target.json"));
  if (read.target) check(golden, *read.target, directory / "expected-target.json");
}

std::string test_name(const testing::TestParamInfo<std::string>& variant) {
  std::string name = variant.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerGoldens, testing::ValuesIn(variants()), test_name);

// vocab.txt alone gives the tokenizer that tokenizer.json beside it describes.
TEST(TokenizerGoldensFiles, VocabTxtIsEnough) {
  for (const char* variant : {"wordpiece-cased", "wordpiece-uncased"}) {
    const fs::path copy = fs::path(testing::TempDir()) / variant;
    fs::create_directories(copy);
    for (const char* name : {"vocab.txt", "tokenizer_config.json"}) {
      fs::copy_file(kGoldens / variant / name, copy / name, fs::copy_options::overwrite_existing);
    }
    check({variant, true, false}, *read_tokenizer(copy).tokenizer, kGoldens / variant / "expected.json");
    fs::remove_all(copy);
  }
}

}  // namespace
}  // namespace kinglet::converter
