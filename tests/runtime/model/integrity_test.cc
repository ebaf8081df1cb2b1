// Damage of weights: every flipped bit of a weights segment is found by the checksums, and named; what lies between the weights is read by nobody.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "kinglet/model.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;

constexpr int kNobody = -1;

// Which weight each byte of the segment belongs to.
std::vector<int> owners(const fb::Model& root) {
  std::vector<int> owner(root.segment_bytes(), kNobody);
  for (std::uint32_t i = 0; i < root.weights()->size(); ++i) {
    const fb::Weight& weight = *root.weights()->Get(i);
    for (const fb::Region* region : {weight.data(), weight.scales()}) {
      for (std::uint64_t b = 0; region != nullptr && b < region->bytes(); ++b)
        owner[region->offset() + b] = static_cast<int>(i);
    }
  }
  return owner;
}

class Integrity : public ::testing::TestWithParam<std::vector<std::byte> (*)()> {};

TEST_P(Integrity, EveryFlippedBitOfTheWeightsIsFound) {
  AlignedBytes file{std::span<const std::byte>(GetParam()())};
  const auto model = Model::open(file.span());
  ASSERT_TRUE(model.ok());
  ASSERT_TRUE(model->verify_checksums().ok());
  const std::vector<int> owner = owners(model->root());
  const std::span<std::byte> segment = file.span().subspan(model->root().segment(), owner.size());
  std::size_t found = 0, between = 0;
  for (std::size_t at = 0; at < owner.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      segment[at] ^= static_cast<std::byte>(1U << bit);
      const Status status = model->verify_checksums();
      segment[at] ^= static_cast<std::byte>(1U << bit);
      if (owner[at] == kNobody) {
        between += status.ok() ? 1 : 0;
      } else {
        found += status.code() == Code::kBadFile && status.subject() == static_cast<std::uint64_t>(owner[at]) ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(found + between, owner.size() * 8);
  std::printf("%zu bits of weights, each found; %zu bits between them, which nothing reads\n", found, between);
}

// Whatever fills the space between the program and the weights, and between these, the file opens and is the same model.
TEST_P(Integrity, PaddingHasNoMeaning) {
  AlignedBytes file{std::span<const std::byte>(GetParam()())};
  std::size_t padding = 0;
  {
    const auto model = Model::open(file.span());
    ASSERT_TRUE(model.ok());
    std::uint32_t program = 0;
    std::memcpy(&program, file.span().data(), sizeof program);
    for (std::size_t at = sizeof program + program; at < model->root().segment(); ++at, ++padding)
      file.span()[at] = std::byte{0xff};
    const std::vector<int> owner = owners(model->root());
    for (std::size_t at = 0; at < owner.size(); ++at) {
      if (owner[at] != kNobody) continue;
      file.span()[model->root().segment() + at] = std::byte{0xff};
      ++padding;
    }
  }
  const auto model = Model::open(file.span());
  ASSERT_TRUE(model.ok()) << padding;
  EXPECT_TRUE(model->verify_checksums().ok());
  std::printf("%zu bytes of padding\n", padding);
}

INSTANTIATE_TEST_SUITE_P(Models, Integrity,
                         ::testing::Values(testing::tiny_decoder, testing::tiny_encoder, testing::tiny_encoder_decoder,
                                           testing::tiny_recurrent));

}  // namespace
}  // namespace kinglet
