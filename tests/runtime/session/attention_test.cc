// Attention weights that a caller wants to see.
#include "kinglet/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "cpu_features.h"
#include "kinglet/isa.h"
#include "kinglet/session.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::Running;

std::vector<std::int32_t> tokens(std::size_t count, unsigned seed) {
  std::vector<std::int32_t> out(count);
  for (auto& token : out) token = static_cast<std::int32_t>((seed = seed * 1664525U + 1013904223U) >> 24) % 30;
  return out;
}

// All weights of sequence 1 over 9 source and 7 target rows, the decoder going `step` tokens at a time, then its last logits.
std::vector<float> watch(const std::vector<std::byte>& file, const char* isa, std::size_t step, bool capture) {
  constexpr std::uint32_t kSource = 9, kTarget = 7;
  Running r(file, {.context = 20, .source = 20, .rows = 20, .sequences = 2},
            {.isa = isa, .features = host::cpu_features(), .parallel = {}, .observer = {}});
  std::vector<std::vector<float>> maps;
  std::vector<AttentionCapture> captures;
  for (std::uint32_t i = 0; i < attention_count(r.model); ++i) {
    const AttentionInfo info = attention_info(r.model, i);
    const std::uint32_t rows = info.kind == AttentionKind::kEncoder ? kSource : kTarget;
    const std::uint32_t columns = info.kind == AttentionKind::kSelf ? kTarget : kSource;
    maps.emplace_back(std::size_t{info.heads} * rows * columns, 0.0F);
    captures.push_back({.attention = i, .sequence = 1, .rows = rows, .columns = columns, .weights = {}});
  }
  for (std::size_t i = 0; i < maps.size(); ++i) captures[i].weights = maps[i];
  if (capture) {
    EXPECT_TRUE(r.session->capture(captures).ok());
  }
  const auto source = tokens(kSource, 1), target = tokens(kTarget, 2), other = tokens(18, 3);
  if (r.model.has_encoder()) {
    const Chunk first{.sequence = 0, .tokens = other, .types = {}},
        second{.sequence = 1, .tokens = source, .types = {}};
    EXPECT_TRUE(r.session->encode({&first, 1}).ok());
    EXPECT_TRUE(r.session->encode({&second, 1}).ok());
  }
  std::vector<float> all;
  if (!r.model.has_decoder()) {
    const auto row = r.session->output(0);
    all.assign(row.begin(), row.end());
  }
  for (std::size_t i = 0; r.model.has_decoder() && i < target.size(); i += step) {
    const Chunk chunks[]{
        {.sequence = 0, .tokens = std::span(other).first(1), .types = {}},
        {.sequence = 1, .tokens = std::span(target).subspan(i, std::min(step, target.size() - i)), .types = {}}};
    EXPECT_TRUE(r.session->step(chunks).ok());
    const auto row = r.session->output(1);
    all.assign(row.begin(), row.end());
  }
  for (const auto& map : maps) all.insert(all.end(), map.begin(), map.end());
  return all;
}

class Attention : public ::testing::TestWithParam<std::function<std::vector<std::byte>()>> {};

TEST_P(Attention, TheSameBitsEverywhereAndTheResultAsUnwatched) {
  const auto file = GetParam()();
  const std::vector<float> expected = watch(file, "portable", 7, true);
  const std::vector<float> unwatched = watch(file, "portable", 7, false);
  ASSERT_EQ(expected.size(), unwatched.size());
  EXPECT_NE(std::memcmp(expected.data(), unwatched.data(), expected.size() * sizeof(float)), 0);
  const std::size_t width = expected.size() - [&] {
    std::size_t cells = 0;
    Running r(file, {});
    for (std::uint32_t i = 0; i < attention_count(r.model); ++i) {
      const AttentionInfo info = attention_info(r.model, i);
      const std::size_t rows = info.kind == AttentionKind::kEncoder ? 9 : 7;
      cells += info.heads * rows * (info.kind == AttentionKind::kSelf ? 7 : 9);
    }
    return cells;
  }();
  EXPECT_EQ(std::memcmp(expected.data(), unwatched.data(), width * sizeof(float)), 0);
  for (const Isa& isa : isas(host::cpu_features())) {
    if (!isa.available) continue;
    for (const std::size_t step : {1U, 3U, 7U}) {
      const std::vector<float> again = watch(file, isa.name, step, true);
      EXPECT_EQ(std::memcmp(again.data(), expected.data(), expected.size() * sizeof(float)), 0) << isa.name << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Attention,
                         ::testing::Values(testing::tiny_decoder, testing::tiny_encoder, testing::tiny_encoder_decoder,
                                           testing::tiny_recurrent));

TEST(AttentionCapture, RowsAddUpToOne) {
  Running r(testing::tiny_encoder_decoder(), {.context = 20, .source = 20, .rows = 20});
  ASSERT_EQ(attention_count(r.model), 2U);
  const AttentionInfo self = attention_info(r.model, 0), cross = attention_info(r.model, 1);
  EXPECT_EQ(self.kind, AttentionKind::kSelf);
  EXPECT_EQ(cross.kind, AttentionKind::kCross);
  ASSERT_EQ(self.heads, 2U);
  std::vector<float> selves(2 * 8 * 8, -1.0F), crosses(2 * 8 * 12, -1.0F);
  const AttentionCapture captures[]{{.attention = 0, .sequence = 0, .rows = 8, .columns = 8, .weights = selves},
                                    {.attention = 1, .sequence = 0, .rows = 8, .columns = 12, .weights = crosses}};
  ASSERT_TRUE(r.session->capture(captures).ok());
  const auto source = tokens(11, 5), target = tokens(6, 6);
  const Chunk read{.sequence = 0, .tokens = source, .types = {}}, step{.sequence = 0, .tokens = target, .types = {}};
  ASSERT_TRUE(r.session->encode({&read, 1}).ok());
  ASSERT_TRUE(r.session->step({&step, 1}).ok());
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t row = 0; row < 8; ++row) {
      float sum = 0, cross_sum = 0;
      for (std::size_t c = 0; c < 8; ++c) {
        const float w = selves[(head * 8 + row) * 8 + c];
        if (row < 6 && c <= row) sum += w;
        else EXPECT_EQ(w, -1.0F);  // what nobody looked at stays
      }
      for (std::size_t c = 0; c < 12; ++c) {
        const float w = crosses[(head * 8 + row) * 12 + c];
        if (row < 6 && c < 11) cross_sum += w;
        else EXPECT_EQ(w, -1.0F);
      }
      if (row >= 6) continue;
      EXPECT_NEAR(sum, 1.0F, 1e-5F);
      EXPECT_NEAR(cross_sum, 1.0F, 1e-5F);
    }
  }
}

TEST(AttentionCapture, RefusesWhatDoesNotFit) {
  Running r(testing::tiny_encoder_decoder(), {.context = 20, .source = 20, .rows = 20});
  std::vector<float> memory(2 * 4 * 4);
  const auto expect = [&](AttentionCapture capture, Code code) {
    capture.weights = memory;
    EXPECT_EQ(r.session->capture({&capture, 1}).code(), code);
  };
  expect({.attention = 2, .sequence = 0, .rows = 4, .columns = 4, .weights = {}}, Code::kBadArgument);
  expect({.attention = 0, .sequence = 1, .rows = 4, .columns = 4, .weights = {}}, Code::kBadArgument);
  expect({.attention = 0, .sequence = 0, .rows = 4, .columns = 5, .weights = {}}, Code::kBadArgument);
  expect({.attention = 0, .sequence = 0, .rows = ~0U, .columns = ~0U, .weights = {}}, Code::kBadArgument);
  const AttentionCapture same{.attention = 0, .sequence = 0, .rows = 4, .columns = 4, .weights = memory};
  const AttentionCapture twice[]{same, same};
  EXPECT_EQ(r.session->capture(twice).code(), Code::kBadArgument);
  EXPECT_TRUE(r.session->captures().empty());
  const AttentionCapture narrow{.attention = 1, .sequence = 0, .rows = 4, .columns = 4, .weights = memory};
  ASSERT_TRUE(r.session->capture({&narrow, 1}).ok());
  const auto source = tokens(5, 5), target = tokens(5, 6);
  const Chunk read{.sequence = 0, .tokens = source, .types = {}};
  ASSERT_TRUE(r.session->encode({&read, 1}).ok());
  const Chunk step{.sequence = 0, .tokens = std::span(target).first(2), .types = {}};
  EXPECT_EQ(r.session->step({&step, 1}).code(), Code::kBadArgument);  // 5 source rows, 4 columns
  EXPECT_EQ(r.session->length(0), 0U);
  ASSERT_TRUE(r.session->capture({}).ok());
  EXPECT_TRUE(r.session->step({&step, 1}).ok());
}

// A capture with one row keeps the last position's weights.
TEST(AttentionCapture, OneRowKeepsTheLast) {
  const auto source = tokens(5, 5), target = tokens(5, 6);
  std::vector<float> all(2 * 5 * 5), last(2 * 1 * 5);
  for (const bool whole : {true, false}) {
    Running r(testing::tiny_encoder_decoder(), {.context = 20, .source = 20, .rows = 20});
    const AttentionCapture capture{.attention = 1,
                                   .sequence = 0,
                                   .rows = whole ? 5U : 1U,
                                   .columns = 5,
                                   .weights = whole ? std::span(all) : std::span(last)};
    ASSERT_TRUE(r.session->capture({&capture, 1}).ok());
    const Chunk read{.sequence = 0, .tokens = source, .types = {}};
    ASSERT_TRUE(r.session->encode({&read, 1}).ok());
    for (const std::int32_t& token : target) {
      const Chunk step{.sequence = 0, .tokens = {&token, 1}, .types = {}};
      ASSERT_TRUE(r.session->step({&step, 1}).ok());
    }
  }
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t c = 0; c < 5; ++c) EXPECT_EQ(last[head * 5 + c], all[(head * 5 + 4) * 5 + c]);
  }
}

}  // namespace
}  // namespace kinglet
