#include "profile/profile.h"

#include <gtest/gtest.h>

#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet::host {
namespace {

TEST(Profile, RolesCollapseLayers) {
  EXPECT_EQ(role_of("model.layers.11.mlp.down_proj"), "model.layers.N.mlp.down_proj");
  EXPECT_EQ(role_of("h.0.attn.2"), "h.N.attn.N");
  EXPECT_EQ(role_of("fc1.weight"), "fc1.weight");
  EXPECT_EQ(role_of(""), "");
}

// The work of all calls together does not depend on how a prompt is split, but for weights that are read again.
TEST(OperatorWork, AddsUpOverTheCallsOfAPrompt) {
  const Opened opened(testing::decoder_file());
  const fb::Function& step = *opened.root().step();
  constexpr std::uint32_t kRows = 12;
  for (const auto* op : *step.operators()) {
    const OperatorWork whole = work_of(opened, step, *op, {.rows = kRows, .first = 0, .source = 0});
    double operations = 0;
    for (std::uint32_t i = 0; i < kRows; i += 4)
      operations += work_of(opened, step, *op, {.rows = 4, .first = i, .source = 0}).operations;
    EXPECT_EQ(operations, whole.operations) << fb::EnumNameBody(op->body_type());
  }
}

TEST(OperatorWork, CountsProductsAndWeights) {
  const Opened opened(testing::translator_file());
  const fb::Function& step = *opened.root().step();
  bool linear = false, cross = false;
  for (const auto* op : *step.operators()) {
    const OperatorWork work = work_of(opened, step, *op, {.rows = 3, .first = 5, .source = 7});
    if (const auto* table = op->body_as_Linear()) {
      const fb::Weight& weight = *opened.root().weights()->Get(static_cast<std::uint32_t>(table->weight()));
      const auto kind = step.values()->Get(static_cast<std::uint32_t>(table->input()))->kind();
      EXPECT_EQ(work.operations, (kind == fb::Kind::Q16 ? 2 : 1) * 2.0 * 3 * weight.rows() * weight.columns());
      EXPECT_EQ(work.bytes, static_cast<double>(weight.data()->bytes()));
      linear = true;
    }
    if (const auto* table = op->body_as_Attention(); table != nullptr && table->key()->value() < 0) {
      EXPECT_EQ(work.operations, 4.0 * 3 * 7 * table->heads() * table->head_dim());
      EXPECT_EQ(work.bytes, 7.0 * table->kv_heads() * 2 * (table->head_dim() + 4));
      cross = true;
    }
    if (const auto* table = op->body_as_Attention(); table != nullptr && table->key()->value() >= 0) {
      EXPECT_EQ(work.operations, 4.0 * (6 + 7 + 8) * table->heads() * table->head_dim());
    }
    EXPECT_EQ(work_of(opened, step, *op, {}).operations, 0);
  }
  EXPECT_TRUE(linear && cross);
}

// Products of floats are no int8 operations, but their weights are read.
TEST(OperatorWork, CountsTheWeightsOfDepthwiseConvolutions) {
  const Opened opened(testing::converted_file("goldens/captioner-mobilenet", "depthwise"));
  const fb::Function& encode = *opened.root().encode();
  int depthwise = 0;
  for (const auto* op : *encode.operators()) {
    const fb::DepthwiseConv2d* table = op->body_as_DepthwiseConv2d();
    if (table == nullptr) continue;
    const OperatorWork work = work_of(opened, encode, *op, {.rows = 64});
    const fb::Weight& weight = *opened.root().weights()->Get(static_cast<std::uint32_t>(table->weight()));
    EXPECT_EQ(work.operations, 0);
    EXPECT_EQ(work.bytes, static_cast<double>(weight.data()->bytes()));
    ++depthwise;
  }
  EXPECT_GT(depthwise, 0);
}

}  // namespace
}  // namespace kinglet::host
