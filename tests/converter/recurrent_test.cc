// Recurrent models beyond their goldens: long inputs, batches whose sequences end apart, and config.json files that make no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string_view>

#include "converter/architectures/architectures.h"
#include "converter/convert.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "converter/reference/reference.h"
#include "kinglet/session.h"
#include "tests/aligned.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using kinglet::testing::AlignedBytes;
using testing::Folder;
using ::testing::HasSubstr;

std::vector<std::int32_t> tokens(std::size_t count, std::int32_t vocabulary) {
  std::vector<std::int32_t> out(count);
  std::uint32_t seed = 5;
  for (auto& token : out) {
    seed = seed * 1664525U + 1013904223U;
    token = static_cast<std::int32_t>((seed >> 8) % static_cast<std::uint32_t>(vocabulary - 3)) + 3;
  }
  return out;
}

class Long : public ::testing::TestWithParam<const char*> {};

TEST_P(Long, TwoThousandTokens) {
  constexpr std::uint32_t kSource = 2000, kTarget = 300;
  constexpr std::size_t kGuard = 4096;
  const fs::path golden = testing::goldens() / GetParam();
  const Folder folder;
  const fs::path path = folder.path() / "model.kgl";
  (void)convert({.source = golden, .output = path, .tokenizer = {}, .name = {}, .context = 2048});
  const std::string bytes = testing::read_bytes(path);
  const AlignedBytes file(std::as_bytes(std::span(bytes)));
  const auto model = Model::open(file.span());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto plan = Plan::make(*model, {.context = 2048, .source = 2048, .rows = kTarget, .outputs = kTarget});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  AlignedBytes arena(plan->arena_bytes + kGuard);
  std::memset(arena.span().data(), 0x5a, arena.span().size());
  const auto session = Session::create(*plan, arena.span().first(plan->arena_bytes));
  ASSERT_TRUE(session.ok());

  const ReferenceInput input{.tokens = tokens(kSource, 60), .decoder_tokens = tokens(kTarget, 70), .types = {}};
  const Chunk read{.sequence = 0, .tokens = input.tokens, .types = {}};
  ASSERT_TRUE((*session)->encode({&read, 1}).ok());
  const Chunk write{.sequence = 0, .tokens = input.decoder_tokens, .types = {}, .want = Want::kAll};
  ASSERT_TRUE((*session)->step({&write, 1}).ok());
  for (const std::byte guard : arena.span().subspan(plan->arena_bytes)) ASSERT_EQ(guard, std::byte{0x5a});

  const Checkpoint checkpoint = read_checkpoint(golden);
  const Program program = build_program(checkpoint, {.context = 2048});
  Reference reference(program, {});
  const Matrix expected = reference.run(input);
  ASSERT_EQ((*session)->outputs(), kTarget);
  double product = 0, ours = 0, theirs = 0;
  for (std::uint32_t r = 0; r < kTarget; ++r) {
    const auto row = (*session)->output(r);
    for (std::uint32_t c = 0; c < expected.width; ++c) {
      const double a = static_cast<double>(row[c]), b = static_cast<double>(expected.row(r)[c]);
      ASSERT_TRUE(std::isfinite(a));
      product += a * b;
      ours += a * a;
      theirs += b * b;
    }
  }
  // A predicted centre is a share of the source's length: what int8 rounds off it grows with that, and the window moves.
  const bool moves = std::string_view(GetParam()).ends_with("predicted");
  EXPECT_GE(product / std::sqrt(ours * theirs), moves ? 0.95 : 0.999);
}

INSTANTIATE_TEST_SUITE_P(Recurrent, Long,
                         ::testing::Values("rnn-lstm-plain", "rnn-bahdanau", "rnn-luong", "rnn-gru-additive-predicted"),
                         [](const auto& name) {
                           std::string text = name.param;
                           std::erase(text, '-');
                           return text;
                         });

class BadConfig : public ::testing::Test {
 protected:
  // The golden with its config.json changed, refused with these words.
  void expect(const std::string& golden, const std::string& patch, const std::string& words) {
    Checkpoint checkpoint = read_checkpoint(testing::goldens() / golden);
    checkpoint.config.merge_patch(nlohmann::json::parse(patch));
    try {
      (void)build_program(checkpoint, {});
      ADD_FAILURE() << patch << " was taken";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(words)) << patch;
    }
  }
};

TEST_F(BadConfig, NamesTheKey) {
  expect("rnn-luong", R"({"cell": "rnn"})", R"(cell is "rnn"; supported: "lstm", "gru", "gru_original")");
  expect("rnn-luong", R"({"cell": null})", "cell is missing");
  expect("rnn-luong", R"({"cell": "gru"})", "encoder.rnn.weight_ih_l0");
  expect("rnn-luong", R"({"encoder": 3})", "encoder is 3");
  expect("rnn-luong", R"({"encoder": {"hidden_size": 17}})", "has shape");
  expect("rnn-luong", R"({"encoder": {"proj_size": 8}})", "proj_size");
  expect("rnn-luong", R"({"encoder": {"rnn": "nowhere"}})", "nowhere.weight_ih_l0");
  expect("rnn-luong", R"({"decoder": {"bidirectional": true}})", "bidirectional");
  expect("rnn-luong", R"({"decoder": {"input": ["embedding", "attentionl"]}})", "attentionl");
  expect("rnn-luong", R"({"decoder": {"input": []}})", "input is empty");
  expect("rnn-luong", R"({"attention": {"score": "cosine"}})", R"(score is "cosine")");
  expect("rnn-luong", R"({"attention": {"query": "next"}})", R"(query is "next")");
  expect("rnn-luong", R"({"attention": {"place": "monotonic"}})", "window is missing");
  expect("rnn-luong", R"({"attention": {"score": "dot"}})", "a query of 36 columns is compared with keys of 32");
  expect("rnn-luong", R"({"initial_state": "middle"})", R"(initial_state is "middle")");
  expect("rnn-luong", R"({"initial_state": "last"})", "32 columns and the decoder's 36");
  expect("rnn-luong", R"({"initial_state": {"from": "start"}})", R"(from is "start")");
  expect("rnn-gru-general-hard", R"({"initial_state": {"from": "final"}})", "as many encoder layers");
  expect("rnn-gru-dot-tied", R"({"initial_state": {"from": "backward", "hidden": "x"}})", "no backward direction");
  expect("rnn-lstm-concat-fed", R"({"attention": {"order": "both"}})", R"(order is "both")");
  expect("rnn-luong", R"({"output": {"linear": "out"}})", "out.weight");
  expect("rnn-luong", R"({"input_feeding": true})", "input_feeding is no key that is known here");
  expect("rnn-luong", R"({"attention": {"scal": 2}})", "config.json: attention: scal");
  expect("rnn-luong", R"({"encoder": {"bidirectionnal": true}})", "config.json: encoder: bidirectionnal");
  expect("rnn-luong", R"({"attention": {"window": 3}})", "window is 3");
  expect("rnn-luong", R"({"output": null})", "output is missing");
  expect("rnn-luong", R"({"decoder_start_token_id": null, "bos_token_id": null})", "decoder_start_token_id is missing");
}

}  // namespace
}  // namespace kinglet::converter
