// How much memory a microcontroller needs for a small language model: the shape of karpathy's stories260K, from a checkpoint with random weights
// to a session that has read a whole context.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "converter/convert.h"
#include "kinglet/isa.h"
#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "tests/aligned.h"
#include "tests/converter/stories.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kContext = 256;
// As a firmware would choose: one token in a call, one sequence, no beams. The goal is 122,880. Where the bytes go says ports/cortex_m/README.md.
constexpr std::size_t kMostArena = 171'520;

TEST(Arena, OfStories260KIsSmallAndUsedToItsEnd) {
  const testing::Folder folder;
  ASSERT_TRUE(kinglet::testing::write_stories(folder.path() / "stories260K.bin"));
  convert({.source = folder.path() / "stories260K.bin",
           .output = folder.path() / "stories260K.kgl",
           .tokenizer = {},
           .name = {},
           .threads = 1});
  std::ifstream file(folder.path() / "stories260K.kgl", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  const kinglet::testing::AlignedBytes aligned(bytes);
  const auto model = Model::open(aligned.span());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto plan = Plan::make(*model, {.context = kContext, .rows = 1});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_LE(plan->arena_bytes, kMostArena);
  // For each layer, head and position: a key, a value padded to 16, and two scales.
  using S = kinglet::testing::Stories;
  EXPECT_EQ(plan->states_bytes, std::uint64_t{S::kLayers * S::kKvHeads * kContext} * (8 + 16 + 2 * sizeof(float)));
  EXPECT_LE(plan->working_bytes, 4'992U);
  EXPECT_LE(plan->tables_bytes, 2'752U);

  kinglet::testing::AlignedBytes arena(plan->arena_bytes);
  constexpr std::byte kPaint{0xA5};
  for (const Isa& isa : isas()) {
    if (!isa.available) continue;
    std::memset(arena.span().data(), 0xA5, plan->arena_bytes);
    const auto session = Session::create(*plan, arena.span(), {.isa = isa.name, .parallel = {}, .observer = {}});
    ASSERT_TRUE(session.ok()) << session.status().message();
    for (std::uint32_t i = 0; i < kContext; ++i) {
      const auto token = static_cast<std::int32_t>(i * 7 % kinglet::testing::Stories::kVocabulary);
      const Chunk chunk{.sequence = 0, .tokens = {&token, 1}, .types = {}};
      ASSERT_TRUE((*session)->step({&chunk, 1}).ok());
    }
    std::size_t used = plan->arena_bytes;
    while (used > 0 && arena.span()[used - 1] == kPaint) --used;
    EXPECT_LE(plan->arena_bytes - used, 64U)
        << isa.name << ": bytes that were planned and not needed, but for the last part's alignment";
  }
}

}  // namespace
}  // namespace kinglet::converter
