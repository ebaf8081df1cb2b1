// Structs of options that can grow.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "kinglet/kinglet.h"
#include "tests/aligned.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

// A struct that ends with padding could not grow: the new field would lie where an old caller has anything.
template <class Options, class Last>
bool ends_with(Last Options::*last) {
  alignas(Options) unsigned char place[sizeof(Options)] = {};
  auto* options = reinterpret_cast<Options*>(place);
  return reinterpret_cast<unsigned char*>(&(options->*last)) + sizeof(Last) == place + sizeof(Options);
}

TEST(COptions, EndWithoutPadding) {
  EXPECT_TRUE(ends_with(&kinglet_model_info::reserved));
  EXPECT_TRUE(ends_with(&kinglet_attention_info::heads));
  EXPECT_TRUE(ends_with(&kinglet_limits::threads));
  EXPECT_TRUE(ends_with(&kinglet_plan_info::call_bytes));
  EXPECT_TRUE(ends_with(&kinglet_cpu_features::reserved));
  EXPECT_TRUE(ends_with(&kinglet_session_options::cache_bytes));
  EXPECT_TRUE(ends_with(&kinglet_sampler_options::reserved));
  EXPECT_TRUE(ends_with(&kinglet_beam_options::coverage_penalty));
  EXPECT_TRUE(ends_with(&kinglet_generate_options::ignore_stop_tokens));
  EXPECT_TRUE(ends_with(&kinglet_generator_options::reserved));
  EXPECT_TRUE(ends_with(&kinglet_translate_options::language));
  EXPECT_TRUE(ends_with(&kinglet_translator_options::coverage));
  EXPECT_TRUE(ends_with(&kinglet_embed_options::truncate));
}

// Callers compiled against an earlier or a later header.
TEST(COptions, OfOtherVersions) {
  const testing::AlignedBytes file(testing::text_decoder());
  kinglet_model model = KINGLET_CLOSED;
  kinglet_plan plan = KINGLET_CLOSED;
  ASSERT_EQ(kinglet_model_open(&model, file.span().data(), file.span().size()).code, KINGLET_OK);
  kinglet_limits limits = KINGLET_LIMITS;
  limits.struct_bytes = offsetof(kinglet_limits, source);  // one that ended with the context
  limits.context = 7;
  limits.sequences = 1 << 30;
  ASSERT_EQ(kinglet_plan_make(&plan, &model, &limits).code, KINGLET_OK);
  kinglet_limits made = KINGLET_LIMITS;
  ASSERT_EQ(kinglet_plan_get_limits(&plan, &made).code, KINGLET_OK);
  EXPECT_EQ(made.context, 7U);
  EXPECT_EQ(made.sequences, 1U);
  struct {
    kinglet_limits known;
    std::uint64_t later;
  } longer = {KINGLET_LIMITS, 0};
  longer.known.struct_bytes = sizeof longer;
  EXPECT_EQ(kinglet_plan_make(&plan, &model, &longer.known).code, KINGLET_OK);
  longer.later = 1;
  EXPECT_EQ(kinglet_plan_make(&plan, &model, &longer.known).code, KINGLET_UNSUPPORTED);
  limits.struct_bytes = 0;
  EXPECT_EQ(kinglet_plan_make(&plan, &model, &limits).code, KINGLET_BAD_ARGUMENT);
}

}  // namespace
}  // namespace kinglet
