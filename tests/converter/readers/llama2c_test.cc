// A llama2.c file written tensor by tensor as its format says, read back by Llama's names.
#include "converter/readers/llama2c.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "converter/error.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using ::testing::HasSubstr;

constexpr std::int32_t kDim = 8, kHidden = 6, kLayers = 2, kHeads = 2, kKvHeads = 1, kVocabulary = 5, kContext = 3;

void put(std::string& bytes, std::int32_t number) { bytes.append(reinterpret_cast<const char*>(&number), 4); }

// Every float is its own index in the file.
std::string file(bool own_classifier) {
  std::string bytes;
  for (const std::int32_t n :
       {kDim, kHidden, kLayers, kHeads, kKvHeads, own_classifier ? -kVocabulary : kVocabulary, kContext})
    put(bytes, n);
  std::int32_t floats = kVocabulary * kDim +
                        kLayers * (kDim + kDim * kDim + 2 * 4 * kDim + kDim * kDim + kDim + 3 * kHidden * kDim) + kDim;
  floats += 2 * kContext * 2;
  if (own_classifier) floats += kVocabulary * kDim;
  for (std::int32_t i = 0; i < floats; ++i) {
    const auto x = static_cast<float>(i);
    bytes.append(reinterpret_cast<const char*>(&x), 4);
  }
  return bytes;
}

std::vector<float> floats(const Checkpoint& checkpoint, const std::string& name) {
  const Tensor* tensor = checkpoint.find(name);
  if (tensor == nullptr) return {};
  std::vector<float> all(tensor->elements());
  tensor->read(0, all);
  return all;
}

TEST(Llama2c, ReadsTensorsInTheirOrder) {
  const std::string bytes = file(true);
  const Checkpoint checkpoint = read_llama2c(std::as_bytes(std::span(bytes)), "model.bin");
  EXPECT_EQ(checkpoint.config.at("model_type"), "llama2c");
  EXPECT_EQ(checkpoint.config.at("tie_word_embeddings"), false);
  EXPECT_EQ(floats(checkpoint, "model.embed_tokens.weight")[9], 9.0F);
  float at = kVocabulary * kDim;
  EXPECT_EQ(floats(checkpoint, "model.layers.1.input_layernorm.weight")[0], at + kDim);
  at += kLayers * kDim;
  // Head 0 of q has rows 0 1 2 3, pairs (0, 1) and (2, 3): half-split they are 0 2 1 3.
  const auto q = floats(checkpoint, "model.layers.0.self_attn.q_proj.weight");
  EXPECT_EQ(q[0], at);
  EXPECT_EQ(q[kDim], at + 2 * kDim);
  EXPECT_EQ(q[2 * kDim], at + kDim);
  EXPECT_EQ(q[5 * kDim], at + 6 * kDim);
  at += kLayers * kDim * kDim;
  const auto k = floats(checkpoint, "model.layers.1.self_attn.k_proj.weight");
  EXPECT_EQ(k[kDim], at + 4 * kDim + 2 * kDim);
  at += kLayers * 4 * kDim;
  const auto v = floats(checkpoint, "model.layers.1.self_attn.v_proj.weight");
  EXPECT_EQ(v[kDim], at + 4 * kDim + kDim);
  at += kLayers * 4 * kDim + kLayers * kDim * kDim + kLayers * kDim;
  EXPECT_EQ(floats(checkpoint, "model.layers.0.mlp.gate_proj.weight")[0], at);
  EXPECT_EQ(floats(checkpoint, "model.layers.0.mlp.down_proj.weight")[0], at + kLayers * kHidden * kDim);
  EXPECT_EQ(floats(checkpoint, "model.layers.0.mlp.up_proj.weight")[0], at + 2 * kLayers * kHidden * kDim);
  at += 3 * kLayers * kHidden * kDim;
  EXPECT_EQ(floats(checkpoint, "model.norm.weight")[0], at);
  EXPECT_EQ(floats(checkpoint, "lm_head.weight")[0], at + kDim + 2 * kContext * 2);
  EXPECT_EQ(checkpoint.find("model.layers.0.mlp.down_proj.weight")->shape, (std::vector<std::uint64_t>{kDim, kHidden}));
}

TEST(Llama2c, SharesTheClassifierWhereTheVocabularyIsPositive) {
  const std::string bytes = file(false);
  const Checkpoint checkpoint = read_llama2c(std::as_bytes(std::span(bytes)), "model.bin");
  EXPECT_EQ(checkpoint.config.at("tie_word_embeddings"), true);
  EXPECT_EQ(checkpoint.find("lm_head.weight"), nullptr);
}

TEST(Llama2c, RefusesEveryOtherLength) {
  const std::string bytes = file(true) + "more";
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    if (length == bytes.size() - 4) continue;
    EXPECT_THROW(read_llama2c(std::as_bytes(std::span(bytes)).first(length), "model.bin"), Error) << length;
  }
}

TEST(Llama2c, RefusesSizesThatNoModelHas) {
  for (std::size_t field = 0; field < 7; ++field) {
    for (const std::int32_t bad : {0, -1, INT32_MIN, INT32_MAX, 1 << 30}) {
      if (field == 5 && bad == -1)
        continue;  // a vocabulary of one token: too few bytes follow, as the next test has it
      std::string bytes = file(true);
      std::memcpy(bytes.data() + field * 4, &bad, 4);
      EXPECT_THROW(read_llama2c(std::as_bytes(std::span(bytes)), "model.bin"), Error) << field << " " << bad;
    }
  }
  std::string later = file(true);
  later.replace(0, 4, "24ka");
  try {
    read_llama2c(std::as_bytes(std::span(later)), "model.bin");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("--version 0"));
  }
}

}  // namespace
}  // namespace kinglet::converter
