// Structs of options that can grow.
#include <gtest/gtest.h>

#include "kinglet/kinglet.h"

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

}  // namespace
}  // namespace kinglet
