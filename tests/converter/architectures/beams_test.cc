// Beam searches over golden checkpoints: the runtime's BeamSearch over the float reference's logits finds what transformers'
// generate(num_beams=…) found (tests/goldens/beams.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "converter/architectures/architectures.h"
#include "converter/readers/read.h"
#include "converter/reference/reference.h"
#include "kinglet/beam.h"
#include "tests/aligned.h"
#include "tests/converter/golden.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

using Tokens = std::vector<std::int32_t>;

nlohmann::json read_json(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in);
}

std::vector<std::string> variants() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(KINGLET_SOURCE_DIR) / "tests/goldens")) {
    if (fs::exists(entry.path() / "beams.json")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

BeamOptions options_of(const nlohmann::json& search) {
  const auto beams = search.at("beams").get<std::uint32_t>();
  BeamOptions options{.beams = beams, .nbest = beams, .length_penalty = search.at("length_penalty").get<float>()};
  const auto& early = search.at("early_stopping");
  if (early.is_string()) options.early_stopping = EarlyStopping::kNever;
  else if (early.get<bool>()) options.early_stopping = EarlyStopping::kFull;
  return options;
}

class BeamGoldens : public ::testing::TestWithParam<std::string> {};

TEST_P(BeamGoldens, FloatSearchesFindWhatTransformersFound) {
  const fs::path folder = fs::path(KINGLET_SOURCE_DIR) / "tests/goldens" / GetParam();
  const Program program = build_program(read_checkpoint(folder), {});
  Reference reference(program, {});
  const auto document = read_json(folder / "beams.json");
  int number = 0;
  for (const auto& search : document.at("searches")) {
    SCOPED_TRACE("search " + std::to_string(number++));
    ReferenceInput input = testing::golden_input(search, folder);
    Tokens& text = input.decoder_tokens.empty() ? input.tokens : input.decoder_tokens;
    const Tokens prompt = text;
    const auto next_logits = [&](const Tokens& continuation) {
      text = prompt;
      text.insert(text.end(), continuation.begin(), continuation.end());
      const Matrix logits = reference.run(input);
      const auto row = logits.row(logits.rows - 1);
      return std::vector<float>(row.begin(), row.end());
    };
    const auto vocabulary = static_cast<std::uint32_t>(next_logits({}).size());
    const auto longest = search.at("max_new_tokens").get<std::uint32_t>();
    kinglet::testing::AlignedBytes bits(TokenMarks::workspace_bytes(vocabulary));
    TokenMarks marks(vocabulary, bits.span());
    marks.stop(search.at("ends").get<Tokens>());
    marks.suppress(search.at("suppressed").get<Tokens>());
    const BeamOptions options = options_of(search);
    kinglet::testing::AlignedBytes memory(BeamSearch::workspace_bytes(options.beams, longest));
    auto beam = BeamSearch::create(options, marks, longest, search.at("forced").get<std::int32_t>(), memory.span());
    ASSERT_TRUE(beam.ok()) << beam.status().message();
    std::vector<Tokens> running(1);
    while (!beam->done()) {
      for (std::uint32_t i = 0; i < running.size(); ++i) ASSERT_TRUE(beam->consider(i, next_logits(running[i])).ok());
      ASSERT_TRUE(beam->advance().ok());
      std::vector<Tokens> next(beam->running());
      for (std::uint32_t i = 0; i < next.size(); ++i) {
        next[i] = running[beam->parent(i)];
        next[i].push_back(beam->token(i));
      }
      running = next;
    }
    const auto& results = search.at("results");
    ASSERT_EQ(beam->results(), results.size());
    for (std::uint32_t i = 0; i < results.size(); ++i) {
      const Hypothesis made = beam->result(i);
      Tokens tokens(made.tokens);
      beam->write(i, tokens);
      EXPECT_EQ(tokens, results[i].at("tokens").get<Tokens>()) << i;
      EXPECT_EQ(made.stopped, results[i].at("stopped").get<bool>()) << i;
      const float score = results[i].at("score").get<float>();
      EXPECT_NEAR(made.score, score, 2e-5F * std::fmax(1.0F, std::fabs(score))) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, BeamGoldens, ::testing::ValuesIn(variants()),
                         [](const auto& variant) { return testing::test_name(variant.param); });

}  // namespace
}  // namespace kinglet::converter
