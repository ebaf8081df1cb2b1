// The walk over a file's tables accepts what flatc's generated verifier accepts, and nothing else.
#include "model/structure.h"
#include "model/rules.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

bool generated(std::span<const std::byte> bytes) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), 16, 1U << 22);
  return verifier.VerifySizePrefixedBuffer<fb::Model>(nullptr);
}

bool walked(std::span<const std::byte> bytes) {
  return verify_structure(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Of which only that is walked.
bool is_of_another_version(std::span<const std::byte> walked) {
  return fb::GetSizePrefixedModel(walked.data())->version() != rules::kVersion;
}

// The program without its weights, and with something in each list there is.
std::vector<std::byte> program(const std::vector<std::byte>& file) {
  const auto full = testing::changed(file, [](fb::ModelT& model) {
    model.name = "a name";
    model.architecture = "an architecture";
    model.labels = {"one", "two"};
    model.properties.push_back(std::make_unique<fb::PropertyT>());
    model.properties[0]->key = "key";
    model.properties[0]->text = "text";
    model.chat = std::make_unique<fb::ChatTemplateT>();
    model.chat->prefix = "prefix";
    model.chat->user_before = "user";
    if (model.tokenizer != nullptr) {
      model.tokenizer->continuation = "##";
      model.tokenizer->scores = {1, 2};
      model.tokenizer->passes.push_back(std::make_unique<fb::PassT>());
      model.tokenizer->passes[0]->map = {1, 2, 3};
    }
  });
  const fb::Model& root = *fb::GetSizePrefixedModel(full.data());
  std::uint32_t size = 0;
  std::memcpy(&size, full.data(), sizeof size);
  EXPECT_LE(size + sizeof size, root.segment());
  return {full.begin(), full.begin() + static_cast<std::ptrdiff_t>(size + sizeof size)};
}

class Structure : public ::testing::TestWithParam<std::vector<std::byte> (*)()> {};

TEST_P(Structure, IsJudgedAsByTheGeneratedVerifier) {
  testing::AlignedBytes bytes(program(GetParam()()));
  const auto file = bytes.span();
  ASSERT_TRUE(generated(file));
  ASSERT_TRUE(walked(file));
  std::mt19937 random(1);
  std::size_t refused = 0, accepted = 0;
  // Every two bytes of the file, as other offsets, sizes and types; 0 removes a field from its table.
  for (std::size_t at = 4; at + 2 <= file.size(); at += 2) {
    std::uint16_t before = 0;
    std::memcpy(&before, file.data() + at, sizeof before);
    for (const std::uint32_t other : {0U, 1U, before + 1U, before - 1U, before + 4U, before ^ 0x80U, before ^ 0x8000U,
                                      0xFFFFU, static_cast<std::uint32_t>(random())}) {
      const auto value = static_cast<std::uint16_t>(other);
      std::memcpy(file.data() + at, &value, sizeof value);
      const bool expected = generated(file), got = walked(file);
      // An offset of 0 in a list is a table that begins inside the list: the generated code lets some of them pass. Where addresses have 32
      // bits it does so, too, with those of more than 2^31, which lead back into the file.
      if ((value == 0 || sizeof(void*) == 4) && expected && !got) continue;
      if (got && is_of_another_version(file)) continue;
      ASSERT_EQ(got, expected) << "with " << value << " at " << at;
      ++(got ? accepted : refused);
    }
    std::memcpy(file.data() + at, &before, sizeof before);
  }
  EXPECT_GT(refused, 1000U);
  EXPECT_GT(accepted, 1000U);
}

TEST_P(Structure, EndsWithinTheFile) {
  const auto whole = program(GetParam()());
  for (std::size_t size = 4; size < whole.size(); size += 1 + size / 50) {
    std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto prefix = static_cast<std::uint32_t>(size - 4);
    std::memcpy(part.data(), &prefix, sizeof prefix);
    const testing::AlignedBytes bytes(part);
    ASSERT_EQ(walked(bytes.span()), generated(bytes.span())) << size;
  }
}

// A model as flatc never writes one.
flatbuffers::FlatBufferBuilder finished(
    flatbuffers::FlatBufferBuilder builder, flatbuffers::Offset<flatbuffers::Vector<std::int32_t>> start,
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Property>>> properties) {
  const auto weights = builder.CreateVector(std::vector<flatbuffers::Offset<fb::Weight>>());
  const auto states = builder.CreateVector(std::vector<flatbuffers::Offset<fb::State>>());
  flatbuffers::Offset<fb::Generation> generation;
  if (!start.IsNull()) {
    fb::GenerationBuilder made(builder);
    made.add_start(start);
    generation = made.Finish();
  }
  fb::ModelBuilder model(builder);
  model.add_weights(weights);
  model.add_states(states);
  if (!generation.IsNull()) model.add_generation(generation);
  if (!properties.IsNull()) model.add_properties(properties);
  builder.FinishSizePrefixed(model.Finish(), fb::ModelIdentifier());
  return builder;
}

// The last thing of the file, so that what lies behind it is no part of the program.
TEST(StructureLimits, AListEndsWithinTheFile) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.CreateVector(std::vector<std::int32_t>{5, 6, 7});
  const auto made = finished(std::move(builder), start, {});
  const std::size_t size = made.GetSize();
  testing::AlignedBytes bytes(size + 64);
  std::memcpy(bytes.span().data(), made.GetBufferPointer(), size);
  const auto program = bytes.span().first(size);
  ASSERT_TRUE(walked(program));
  std::byte* count = bytes.span().data() + size - 4 * sizeof(std::int32_t);
  ASSERT_EQ(*count, std::byte{3});
  for (const int more : {4, 5, 6, 50}) {
    *count = static_cast<std::byte>(more);
    EXPECT_FALSE(walked(program)) << more;
  }
}

// Tables that are one: as many as four million are met, the model's among them.
TEST(StructureLimits, TablesThatShareOne) {
  constexpr std::size_t kMost = std::size_t{1} << 22;
  for (const std::size_t count : {kMost - 1, kMost}) {
    flatbuffers::FlatBufferBuilder builder;
    const auto key = builder.CreateString("k");
    fb::PropertyBuilder property(builder);
    property.add_key(key);
    const auto properties = builder.CreateVector(std::vector(count, property.Finish()));
    const auto made = finished(std::move(builder), {}, properties);
    const testing::AlignedBytes bytes(std::as_bytes(std::span(made.GetBufferPointer(), made.GetSize())));
    EXPECT_EQ(walked(bytes.span()), count + 1 <= kMost) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Structure,
                         ::testing::Values([] { return testing::text_decoder(); },
                                           [] { return testing::text_translator(); },
                                           [] { return testing::text_encoder(); },
                                           [] { return testing::tiny_recurrent(); }));

}  // namespace
}  // namespace kinglet
