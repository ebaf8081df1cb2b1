// Gated linear layers: more columns than are made at a time, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "kinglet/session.h"
#include "tests/runtime/session/threads.h"
#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/session/tiny_parts.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::run_on_threads;
using testing::Running;

// Embedding, gated layer, its way down. `change` is made to the gated layer.
std::vector<std::byte> gated_model(const std::function<void(testing::TinyModel&, fb::LinearT&)>& change = {}) {
  constexpr std::uint32_t kWidth = 40, kHidden = 1037, kVocabulary = 50;
  testing::TinyModel m(3);
  m.model().context = 224;
  m.model().vocabulary = kVocabulary;
  const int table = m.tiles(kVocabulary, kWidth), gate = m.tiles(kHidden, kWidth), up = m.tiles(kHidden, kWidth);
  const int up_bias = m.floats(1, kHidden, 0.5F, 0.2F), down = m.tiles(kVocabulary, kHidden);
  m.begin(false);
  fb::EmbedT embed;
  embed.tokens = table;
  const int x = m.value(kWidth, fb::Kind::F32), quantized = m.value(kWidth, fb::Kind::Q8);
  embed.output = testing::emit(x, quantized);
  m.add(std::move(embed));
  const int hidden = m.value(kHidden, fb::Kind::Q8);
  fb::LinearT layer = testing::linear(quantized, gate, -1, hidden);
  layer.activation = fb::Activation::Silu;
  layer.up = up;
  layer.up_bias = up_bias;
  if (change) change(m, layer);
  m.add(std::move(layer));
  const int all = m.value(kVocabulary, fb::Kind::F32);
  m.add(testing::linear(hidden, down, all, -1));
  fb::SelectT select;
  select.input = all;
  const int chosen = m.value(kVocabulary, fb::Kind::F32, fb::Extent::Outputs);
  select.output = testing::emit(chosen, -1);
  m.add(std::move(select));
  m.end(chosen);
  return m.file();
}

std::vector<float> outputs(Running& r, std::size_t step) {
  std::vector<std::int32_t> text;
  for (std::int32_t i = 0; i < 200; ++i) text.push_back(i * i % 50);
  std::vector<float> all;
  for (std::size_t i = 0; i < text.size(); i += step) {
    const auto part = std::span(text).subspan(i, std::min(step, text.size() - i));
    const Chunk chunk{.sequence = 0, .tokens = part, .types = {}, .want = Want::kAll};
    const Status done = r.session->step({&chunk, 1});
    EXPECT_TRUE(done.ok()) << done.message();
    for (std::uint32_t o = 0; o < r.session->outputs(); ++o)
      all.insert(all.end(), r.session->output(o).begin(), r.session->output(o).end());
  }
  return all;
}

TEST(Gated, GivesTheSameBitsForAnyRowsAndThreads) {
  Running one(gated_model(), {.rows = 1, .outputs = 1});
  const auto expected = outputs(one, 1);  // all columns in one piece
  ASSERT_EQ(expected.size(), 200U * 50U);
  for (const std::uint32_t threads : {1U, 2U, 3U}) {
    for (const std::uint32_t rows : {200U, 90U, 20U}) {
      Running r(gated_model(), {.rows = rows, .outputs = rows, .threads = threads},
                {.isa = nullptr, .parallel = {run_on_threads, nullptr}, .observer = {}});
      EXPECT_EQ(outputs(r, rows), expected) << rows << " rows, " << threads << " threads";
    }
  }
}

TEST(Gated, RefusesWhatDoesNotFit) {
  const auto refused = [](const std::function<void(testing::TinyModel&, fb::LinearT&)>& change) {
    const testing::AlignedBytes file(gated_model(change));
    return Model::open(file.span()).status().code() == Code::kBadFile;
  };
  EXPECT_FALSE(refused({}));
  EXPECT_TRUE(refused([](auto&, fb::LinearT& layer) { layer.up = -1; }));  // a bias alone
  EXPECT_TRUE(refused([](auto& m, fb::LinearT& layer) { layer.up = m.tiles(1036, 40); }));
  EXPECT_TRUE(refused([](auto& m, fb::LinearT& layer) { layer.up = m.tiles(1037, 44); }));
  EXPECT_TRUE(refused([](auto& m, fb::LinearT& layer) { layer.up = m.floats(1037, 40, 0.0F, 1.0F); }));
  EXPECT_TRUE(refused([](auto& m, fb::LinearT& layer) { layer.up_bias = m.floats(1, 1036, 0.0F, 1.0F); }));
  EXPECT_TRUE(refused([](auto&, fb::LinearT& layer) { layer.up = 999; }));
  EXPECT_TRUE(refused([](auto&, fb::LinearT& layer) { layer.residual = 0; }));
}

}  // namespace
}  // namespace kinglet
