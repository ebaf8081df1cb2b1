// What the models write, against drawing token after token; perplexities, against the logits' own softmax.
#include "converter/passes/perplexity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "converter/convert.h"
#include "converter/error.h"
#include "converter/passes/int8_session.h"
#include "converter/readers/mapping.h"
#include "converter/reference/reference.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Folder;
using Tokens = std::vector<std::int32_t>;

// The logits of all positions of a text.
using Logits = std::function<std::vector<std::vector<float>>(const Tokens&)>;

class PerplexityTest : public ::testing::Test {
 protected:
  PerplexityTest() {
    (void)convert({.source = source(), .output = file(), .tokenizer = {}, .name = {}});
    mapping_ = Mapping::open(file());
    model_ = *Model::open(mapping_->bytes());
    program_ = load_program(source(), {}, 0).program;
  }

  static std::filesystem::path source() { return testing::goldens() / "llama"; }
  std::filesystem::path file() const { return folder_.path() / "llama.kgl"; }

  Logits float_logits() const {
    return [this](const Tokens& tokens) {
      const Matrix all = Reference(program_, {}).run({.tokens = tokens, .decoder_tokens = {}, .types = {}});
      std::vector<std::vector<float>> rows;
      for (std::uint32_t r = 0; r < all.rows; ++r) rows.emplace_back(all.row(r).begin(), all.row(r).end());
      return rows;
    };
  }

  Logits int8_logits() const {
    return [this](const Tokens& tokens) {
      const auto rows = static_cast<std::uint32_t>(tokens.size());
      Int8Session session(model_, {.context = rows, .rows = rows, .outputs = rows});
      session.step({.sequence = 0, .tokens = tokens, .types = {}, .want = Want::kAll});
      std::vector<std::vector<float>> all;
      for (std::uint32_t r = 0; r < rows; ++r) all.emplace_back(session->output(r).begin(), session->output(r).end());
      return all;
    };
  }

  Folder folder_;
  std::shared_ptr<const Mapping> mapping_;
  Model model_;
  Program program_;
};

std::vector<double> probabilities(const std::vector<float>& logits) {
  std::vector<double> all;
  double sum = 0;
  for (const float x : logits) sum += all.emplace_back(std::exp(static_cast<double>(x)));
  for (double& p : all) p /= sum;
  return all;
}

// Text i of a seed, one token after the other.
Tokens drawn(const Logits& logits, std::uint32_t seed, std::uint32_t i, std::size_t longest) {
  std::seed_seq sequence{seed, 0U, i};
  std::mt19937_64 random(sequence);
  Tokens text{1};
  (void)random();  // position 0 is given
  while (text.size() < longest && (text.size() == 1 || text.back() != 2)) {
    double left = std::ldexp(static_cast<double>(random() >> 11U), -53);
    const auto p = probabilities(logits(text).back());
    std::int32_t token = 0;
    while (left >= p[static_cast<std::size_t>(token)]) left -= p[static_cast<std::size_t>(token++)];
    text.push_back(token);
  }
  return text;
}

double perplexity(const Logits& logits, const std::vector<Tokens>& texts, std::size_t first = 1) {
  double sum = 0;
  std::size_t count = 0;
  for (const Tokens& text : texts) {
    const auto rows = logits(text);
    for (std::size_t p = first; p < text.size(); ++p, ++count)
      sum -= std::log(probabilities(rows[p - 1])[static_cast<std::size_t>(text[p])]);
  }
  return std::exp(sum / static_cast<double>(count));
}

TEST_F(PerplexityTest, OnTextsThatTheModelsDrawTokenByToken) {
  constexpr std::size_t kTokens = 300;
  PerplexityOptions options;
  options.start = {1};
  options.seed = 7;
  const Written written = write_and_measure(model_, program_, kTokens, options);
  EXPECT_NE(written.by_float, written.by_int8);  // else nothing had to be corrected
  const auto check = [&](const std::vector<Tokens>& texts, const Perplexity& measured, const Logits& writer) {
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Tokens expected = drawn(writer, 7, static_cast<std::uint32_t>(i), 128);
      expected.resize(std::min(expected.size(), kTokens - tokens + 1));
      EXPECT_EQ(texts[i], expected) << i;
      tokens += texts[i].size() - 1;
    }
    EXPECT_EQ(tokens, kTokens);
    EXPECT_EQ(measured.tokens, kTokens);
    EXPECT_EQ(measured.pieces, texts.size());
    EXPECT_NEAR(measured.float_model, perplexity(float_logits(), texts), 1e-4);
    EXPECT_NEAR(measured.int8_model, perplexity(int8_logits(), texts), 1e-4);
    EXPECT_NEAR(measured.percent(), 100 * (measured.int8_model / measured.float_model - 1), 1e-9);
  };
  check(written.by_float, written.on_float, float_logits());
  check(written.by_int8, written.on_int8, int8_logits());
  EXPECT_LT(std::abs(written.on_float.percent()), 5);

  options.seed = 8;
  EXPECT_NE(write_and_measure(model_, program_, 20, options).by_float[0], written.by_float[0]);
  options.start = {};
  EXPECT_THROW(write_and_measure(model_, program_, 20, options), Error);
}

// Bytes as tokens: 'a' is 3. With `start`, <s> is put before a text.
std::string byte_tokenizer(bool start) {
  nlohmann::json vocabulary = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (char c = 'a'; c <= 'z'; ++c) vocabulary[std::string(1, c)] = vocabulary.size();
  nlohmann::json json = {{"added_tokens", {{{"id", 1}, {"content", "<s>"}, {"special", true}}}},
                         {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
                         {"decoder", {{"type", "ByteLevel"}}},
                         {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}}};
  const nlohmann::json before = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
  const nlohmann::json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const nlohmann::json second = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  if (start) {
    json["post_processor"] = {{"type", "TemplateProcessing"},
                              {"single", {before, text}},
                              {"pair", {before, text, second}},
                              {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}};
  }
  return json.dump();
}

// A text longer than the context is cut; every piece begins with <s>, or foretells all but its first token.
TEST_F(PerplexityTest, OnAGivenText) {
  std::string text;
  Tokens ids;
  for (std::int32_t i = 0; i < 300; ++i) {
    text += static_cast<char>('a' + i * i % 23);
    ids.push_back(3 + i * i % 23);
  }
  for (const bool start : {true, false}) {
    Folder folder;
    std::filesystem::copy(source(), folder.path(), std::filesystem::copy_options::recursive);
    folder.write("tokenizer.json", byte_tokenizer(start));
    CompareRequest request{.source = folder.path(), .file = folder.path() / "m.kgl", .text = text};
    (void)convert({.source = request.source, .output = request.file, .tokenizer = {}, .name = {}});
    const Comparison comparison = compare(request);
    ASSERT_EQ(comparison.perplexities.size(), 1U);
    const Perplexity& measured = comparison.perplexities[0];
    std::vector<Tokens> pieces;
    for (std::size_t at = 0; at < ids.size(); at += 128 - (start ? 1 : 0)) {
      const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t count = std::min<std::size_t>(128 - (start ? 1 : 0), ids.size() - at);
      Tokens& piece = pieces.emplace_back(start ? 1 : 0, 1);
      piece.insert(piece.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    }
    EXPECT_EQ(measured.pieces, 3U);
    EXPECT_EQ(measured.tokens, start ? 300U : 297U);
    EXPECT_NEAR(measured.float_model, perplexity(float_logits(), pieces), 1e-3);
    EXPECT_NEAR(measured.int8_model, perplexity(int8_logits(), pieces), 0.02 * measured.int8_model);
    request.sample = 30;  // bos_token_id of config.json starts a text where the tokenizer has nothing
    const Comparison sampled = compare(request);
    ASSERT_EQ(sampled.perplexities.size(), 3U);
    EXPECT_EQ(sampled.perplexities[1].text, "float");
    EXPECT_EQ(sampled.perplexities[2].tokens, 30U);
  }
}

}  // namespace
}  // namespace kinglet::converter
