// Handles that are not open or at work, and memory of one argument that is another's.
#include "tests/runtime/capi/refusals.h"

namespace kinglet {
namespace {

TEST_F(Refusals, HandlesThatAreNotOpen) {
  World& w = *world_;
  kinglet_session copy = w.sessions[0];
  EXPECT_EQ(kinglet_session_truncate(&copy, 0, 0).code, KINGLET_BAD_ARGUMENT);
  EXPECT_EQ(kinglet_session_isa(&copy), nullptr);
  const kinglet_generator zeros{};
  EXPECT_EQ(kinglet_generator_tokens(&zeros).count, 0U);
  EXPECT_EQ(kinglet_session_truncate(&w.sessions[0], 0, 0).code, KINGLET_OK);
  const kinglet_observation nothing{};
  float row[1];
  EXPECT_EQ(kinglet_observation_read(nullptr, 0, row, 1).code, KINGLET_BAD_ARGUMENT);
  EXPECT_EQ(kinglet_observation_read(&nothing, 0, row, 1).code, KINGLET_BAD_ARGUMENT);
  auto* other = reinterpret_cast<kinglet_model*>(&w.plans[0]);  // a handle of another kind
  EXPECT_EQ(kinglet_model_verify_checksums(other).code, KINGLET_BAD_ARGUMENT);
}

// What an observer may not do to the session that it observes.
TEST_F(Refusals, CallsFromACallback) {
  struct Seen {
    World* world;
    int calls, refused;
  } seen{world_.get(), 0, 0};
  World& w = *world_;
  kinglet_session_options options = KINGLET_SESSION_OPTIONS;
  options.observer_context = &seen;
  options.observer = [](void* context, const kinglet_observation*) {
    Seen& s = *static_cast<Seen*>(context);
    kinglet_session* session = &s.world->sessions[0];
    const std::int32_t token = 2;
    const kinglet_chunk chunk = {&token, nullptr, 1, 1, KINGLET_WANT_LAST, KINGLET_GRID};
    for (const kinglet_status& status :
         {kinglet_session_step(session, &chunk, 1), kinglet_session_forget(session, 0),
          kinglet_session_create(session, &s.world->plans[0], s.world->arenas[0], kArena, nullptr),
          kinglet_generator_clear(&s.world->generator)}) {
      ++s.calls;
      s.refused += status.code == KINGLET_BAD_ARGUMENT ? 1 : 0;
    }
    EXPECT_NE(kinglet_session_isa(session), nullptr);
  };
  check(kinglet_session_create(&w.sessions[0], &w.plans[0], w.arenas[0], kArena, &options));
  const std::int32_t token = 2;
  const kinglet_chunk chunk = {&token, nullptr, 1, 0, KINGLET_WANT_LAST, KINGLET_GRID};
  check(kinglet_session_step(&w.sessions[0], &chunk, 1));
  EXPECT_GT(seen.calls, 0);
  EXPECT_EQ(seen.refused, seen.calls);
  check(kinglet_session_step(&w.sessions[0], &chunk, 1));
}

TEST_F(Refusals, MemoryThatOverlaps) {
  World& w = *world_;
  std::int32_t tokens[16];
  std::size_t count = 0;
  const kinglet_text text = kinglet_text_of("abc");
  EXPECT_EQ(kinglet_tokenizer_encode(&w.tokenizer, text, 0, tokens, sizeof tokens, tokens, 16, &count).code,
            KINGLET_BAD_ARGUMENT);
  EXPECT_EQ(kinglet_session_create(&w.sessions[0], &w.plans[0], &w, sizeof w, nullptr).code, KINGLET_BAD_ARGUMENT);
  EXPECT_EQ(kinglet_generator_create(&w.generator, &w.sessions[0], w.arenas[0], kArena, 64, nullptr).code,
            KINGLET_BAD_ARGUMENT);
  EXPECT_EQ(kinglet_generator_add_tokens(&w.generator, kinglet_generator_tokens(&w.generator)).code,
            KINGLET_BAD_ARGUMENT);

  const std::string overlaps = "memory of two arguments overlaps";
  void* memory = w.buffers[0];
  auto* label = static_cast<std::uint32_t*>(memory);
  auto* probability = static_cast<float*>(memory);
  EXPECT_EQ(kinglet_classifier_best(&w.classifier, 0, 0, label, probability + 1).code, KINGLET_OK);
  EXPECT_EQ(kinglet_classifier_best(&w.classifier, 0, 0, label, probability).message, overlaps);
  memory = &w.classifier;
  label = static_cast<std::uint32_t*>(memory);
  EXPECT_EQ(kinglet_classifier_best(&w.classifier, 0, 0, label + 1, probability).message, overlaps);
  auto* all = static_cast<kinglet_floats*>(memory);
  EXPECT_EQ(kinglet_classifier_probabilities(&w.classifier, 0, 0, all).message, overlaps);
  memory = &w.sessions[0];
  auto* captures = static_cast<kinglet_capture*>(memory);
  EXPECT_EQ(kinglet_session_capture(&w.sessions[0], captures, 1).message, overlaps);
}

}  // namespace
}  // namespace kinglet
