// Model::open is total: every truncation and every damaged byte of a file gives a Status or a model that runs safely (which the
// sanitizer builds of this test check).
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>

#include "kinglet/model.h"
#include "kinglet/session.h"
#include "model/rules.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;

// Runs whatever was accepted to the end, with the tokens and rows that reach furthest.
bool run(const AlignedBytes& file) {
  auto model = Model::open(file.span());
  if (!model.ok()) return false;
  (void)model->verify_checksums();
  auto plan = Plan::make(*model, {.context = 6, .source = 5, .sequences = 2});
  if (!plan.ok()) return true;
  if (plan->arena_bytes > (1U << 26)) return true;
  AlignedBytes arena(plan->arena_bytes);
  std::memset(arena.span().data(), 0xff, arena.span().size());  // NaN wherever somebody reads what nobody wrote
  auto session = Session::create(*plan, arena.span());
  if (!session.ok()) return true;
  const auto call = [&](bool encode, std::uint32_t vocabulary, std::size_t count) {
    std::vector<std::int32_t> tokens(count, static_cast<std::int32_t>(vocabulary) - 1);
    tokens[0] = 0;
    const std::vector<std::uint8_t> types(count, static_cast<std::uint8_t>(model->root().types() - 1));
    for (const std::uint32_t sequence : {1U, 0U}) {
      const Chunk chunk{.sequence = sequence, .tokens = tokens, .types = types, .want = Want::kLast};
      (void)(encode ? (*session)->encode({&chunk, 1}) : (*session)->step({&chunk, 1}));
      float sum = 0;
      for (std::uint32_t i = 0; i < (*session)->outputs(); ++i) {
        for (const float v : (*session)->output(i)) sum += v;
      }
      volatile float kept = sum;
      (void)kept;
    }
  };
  if (model->has_encoder()) call(true, model->root().source_vocabulary(), 5);
  if (model->has_decoder()) {
    call(false, model->root().vocabulary(), 4);
    call(false, model->root().vocabulary(), 1);
  }
  return true;
}

std::size_t metadata_bytes(const std::vector<std::byte>& file) {
  std::uint32_t size = 0;
  std::memcpy(&size, file.data(), sizeof size);
  return size + 4;
}

class Damage : public ::testing::TestWithParam<std::function<std::vector<std::byte>()>> {};

TEST_P(Damage, WholeFilesRun) { EXPECT_TRUE(run(AlignedBytes(GetParam()()))); }

TEST_P(Damage, EveryTruncationIsRefused) {
  const auto file = GetParam()();
  for (std::size_t size = 0; size < file.size(); ++size) {
    const AlignedBytes cut{std::span<const std::byte>(file).first(size)};
    ASSERT_FALSE(Model::open(cut.span()).ok()) << size;
  }
}

TEST_P(Damage, EveryChangedByteOfTheProgramIsRefusedOrRunsSafely) {
  const auto file = GetParam()();
  const std::size_t end = metadata_bytes(file);
  std::size_t accepted = 0;
  std::size_t tried = 0;
  AlignedBytes changed{std::span<const std::byte>(file)};
  for (std::size_t i = 0; i < end; ++i) {
    const auto original = std::to_integer<unsigned>(file[i]);
    for (const unsigned value :
         {0U, 1U, 0x7fU, 0x80U, 0xffU, original ^ 1U, original ^ 0x10U, original + 4, original - 4}) {
      changed.span()[i] = static_cast<std::byte>(value & 0xffU);
      accepted += run(changed);
      ++tried;
    }
    changed.span()[i] = file[i];
  }
  RecordProperty("files", std::to_string(tried));
  RecordProperty("accepted", std::to_string(accepted));
  EXPECT_GT(accepted, 0U);
  EXPECT_LT(accepted, tried);
}

TEST_P(Damage, RandomWeightsOfAnyBitsRunSafely) {
  const auto file = GetParam()();
  AlignedBytes changed{std::span<const std::byte>(file)};
  std::mt19937 random(5);
  const std::size_t begin = Model::open(AlignedBytes(file).span()).ok() ? metadata_bytes(file) : 0;
  for (int round = 0; round < 40; ++round) {
    for (std::size_t i = (begin + 63) / 64 * 64; i < file.size(); ++i)
      changed.span()[i] = static_cast<std::byte>(random());
    EXPECT_TRUE(run(changed));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Damage,
                         ::testing::Values(testing::tiny_decoder, testing::tiny_encoder, testing::tiny_encoder_decoder,
                                           testing::tiny_recurrent));

TEST(Open, RefusesAnAddressThatIsNotAligned) {
  const auto file = testing::tiny_decoder();
  AlignedBytes moved(file.size() + 64);
  for (std::size_t offset = 1; offset < 64; ++offset) {
    std::memcpy(moved.span().data() + offset, file.data(), file.size());
    EXPECT_EQ(Model::open(moved.span().subspan(offset, file.size())).status().code(), Code::kBadArgument) << offset;
  }
}

TEST(Open, RefusesAnotherVersionByName) {
  const auto opened = [](std::uint32_t version) {
    testing::TinyModel model(1);
    model.model().version = version;
    return Model::open(AlignedBytes(model.file()).span()).status();
  };
  for (const std::uint32_t newer : {rules::kVersion + 1, ~0U}) {
    EXPECT_EQ(opened(newer).code(), Code::kUnsupported);
    EXPECT_EQ(opened(newer).subject(), newer);
    const std::string expected =
        "a newer Kinglet wrote the file: this one reads format " + std::to_string(rules::kVersion) + ", not";
    EXPECT_EQ(opened(newer).message(), expected);
  }
  for (const std::uint32_t older : {0U, rules::kVersion - 1}) {
    EXPECT_EQ(opened(older).code(), Code::kUnsupported);
    EXPECT_STREQ(opened(older).message(), "the file has a format that is no longer read");
    EXPECT_EQ(opened(older).subject(), older);
  }
}

// Whose tables are others: but for the root table and its vtable every byte is one that no offset has.
TEST(Open, RefusesAnotherVersionsTablesByName) {
  testing::TinyModel model(1);
  model.model().version = rules::kVersion + 1;
  AlignedBytes file(model.file());
  std::byte* bytes = file.span().data();
  const auto number = [&](std::size_t at) { return flatbuffers::ReadScalar<std::uint32_t>(bytes + at); };
  const std::size_t end = number(0) + 4, root = 4 + number(4), vtable = root - number(root);
  const auto length = [&](std::size_t at) { return std::size_t{flatbuffers::ReadScalar<std::uint16_t>(bytes + at)}; };
  const std::size_t vtable_end = vtable + length(vtable), root_end = root + length(vtable + 2);
  for (std::size_t i = 12; i < end; ++i) {
    if ((i < vtable || i >= vtable_end) && (i < root || i >= root_end)) bytes[i] = std::byte{0xff};
  }
  const Status status = Model::open(file.span()).status();
  EXPECT_EQ(status.code(), Code::kUnsupported);
  EXPECT_EQ(status.subject(), rules::kVersion + 1);
  // Where the version would lie outside the file, or the root table is no table, it is damaged.
  const auto entry = flatbuffers::ReadScalar<std::uint16_t>(bytes + vtable + fb::Model::VT_VERSION);
  flatbuffers::WriteScalar<std::uint16_t>(bytes + vtable + fb::Model::VT_VERSION, 0xfff0);
  EXPECT_EQ(Model::open(file.span()).status().code(), Code::kBadFile);
  flatbuffers::WriteScalar(bytes + vtable + fb::Model::VT_VERSION, entry);
  bytes[root] = std::byte{0xff};
  EXPECT_EQ(Model::open(file.span()).status().code(), Code::kBadFile);
}

}  // namespace
}  // namespace kinglet
