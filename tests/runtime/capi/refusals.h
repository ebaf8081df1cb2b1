// What every function of the C API is called with: open handles of five models, and memory that is set back before each call.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "kinglet/kinglet.h"
#include "tests/aligned.h"
#include "tests/bundle.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {

using testing::AlignedBytes;

constexpr std::size_t kBuffer = std::size_t{1} << 18;     // of each argument that is memory
constexpr std::size_t kArena = kBuffer, kWork = kBuffer;  // of each session, of each task
constexpr std::size_t kParameters = 10;

// All that can change, in one piece that can be set back.
struct World {
  alignas(64) unsigned char arenas[3][kArena];
  alignas(64) unsigned char works[5][kWork];
  alignas(64) unsigned char buffers[kParameters][kBuffer];
  kinglet_model models[5];  // decoder, translator, encoder; what hears and what sees
  kinglet_plan plans[3];
  kinglet_session sessions[3];
  kinglet_tokenizer tokenizer;
  kinglet_sampler sampler;
  kinglet_token_marks marks;
  kinglet_beam_search search;
  kinglet_generator generator;
  kinglet_chat chat;
  kinglet_translator translator;
  kinglet_embedder embedder;
  kinglet_classifier classifier;
  kinglet_sound_input sound;
  kinglet_picture_input picture;
};

// Where sizes have 32 bits, a wish for special tokens is of a size's type, and would get a size's values.
enum class Wish : kinglet_special {};
inline kinglet_status encode_pair(const kinglet_tokenizer* tokenizer, kinglet_text first, kinglet_text second,
                                  Wish wish, void* scratch, std::size_t scratch_bytes, std::int32_t* tokens,
                                  std::uint8_t* types, std::size_t capacity, std::size_t* count) {
  return kinglet_tokenizer_encode_pair(tokenizer, first, second, static_cast<kinglet_special>(wish), scratch,
                                       scratch_bytes, tokens, types, capacity, count);
}

inline std::vector<std::byte> chat_decoder() {
  return testing::text_decoder([](fb::ModelT& model) {
    model.chat = std::make_unique<fb::ChatTemplateT>();
    model.chat->user_before = "u ";
  });
}

inline bool ignore(void*, const char*, size_t) { return true; }
inline bool trust(void*, const void*, size_t) { return true; }
inline void run_in_order(void*, uint32_t count, void (*fn)(void*, uint32_t), void* arg) {
  for (uint32_t i = 0; i < count; ++i) fn(arg, i);
}

class Refusals : public ::testing::Test {
 protected:
  static void check(const kinglet_status& status) { ASSERT_EQ(status.code, KINGLET_OK) << status.message; }

  void SetUp() override {
    World& w = *world_;
    std::memset(&w, 0, sizeof w);
    kinglet_limits limits = KINGLET_LIMITS;
    limits.sequences = 2;
    limits.context = 24;
    for (int i = 0; i < 5; ++i)
      check(kinglet_model_open(&w.models[i], files_[i].span().data(), files_[i].span().size()));
    for (int i = 0; i < 3; ++i) {
      if (i == 2) limits.context = 0;
      check(kinglet_plan_make(&w.plans[i], &w.models[i], &limits));
      check(kinglet_session_create(&w.sessions[i], &w.plans[i], w.arenas[i], kArena, nullptr));
    }
    check(kinglet_sound_input_create(&w.sound, &w.models[3], w.works[4] + 5 * kWork / 8, kWork / 4));
    check(kinglet_picture_input_create(&w.picture, &w.models[4], 3, 2, w.works[4] + 7 * kWork / 8, kWork / 8));
    check(kinglet_tokenizer_open(&w.tokenizer, &w.models[0], false));
    check(kinglet_sampler_create(&w.sampler, 40, nullptr, w.works[4], kWork / 8, &w.sessions[0]));
    check(kinglet_token_marks_create(&w.marks, 40, w.works[4] + kWork / 8, kWork / 8));
    kinglet_beam_options beam = KINGLET_BEAM_OPTIONS;
    beam.beams = beam.nbest = 2;
    check(kinglet_beam_search_create(&w.search, &beam, &w.marks, 8, -1, w.works[4] + kWork / 4, kWork / 8, nullptr));
    // A search of which one hypothesis has ended, and two go on that were considered.
    const std::int32_t stop = 1;
    std::vector<float> logits(40);
    logits[1] = 1;
    check(kinglet_token_marks_stop(&w.marks, {&stop, 1}));
    check(kinglet_beam_search_consider(&w.search, 0, {logits.data(), logits.size()}, 0));
    check(kinglet_beam_search_advance(&w.search));
    for (std::uint32_t i = 0; i < 2; ++i)
      check(kinglet_beam_search_consider(&w.search, i, {logits.data(), logits.size()}, 0));
    kinglet_generator_options options = KINGLET_GENERATOR_OPTIONS;
    options.beams = 1;
    check(kinglet_generator_create(&w.generator, &w.sessions[0], w.works[0], kWork, 64, &options));
    check(kinglet_chat_create(&w.chat, &w.generator, w.works[4] + kWork / 2, kWork / 8, nullptr));
    check(kinglet_generator_add_text(&w.generator, kinglet_text_of("a cat"), KINGLET_ADD_SPECIAL));
    check(kinglet_translator_create(&w.translator, &w.sessions[1], w.works[1], kWork, 64, nullptr));
    check(kinglet_embedder_create(&w.embedder, &w.sessions[2], w.works[2], kWork, 64));
    check(kinglet_classifier_create(&w.classifier, &w.sessions[2], w.works[3], kWork, 64));
    kinglet_generate_options generate = KINGLET_GENERATE_OPTIONS;
    generate.beam = &beam;
    generate.max_tokens = 2;
    check(kinglet_generator_generate(&w.generator, &generate, nullptr, nullptr, nullptr));
    const kinglet_passage passage = {kinglet_text_of("a cat"), {nullptr, 0}, 0, KINGLET_GRID};
    check(kinglet_embedder_embed(&w.embedder, &passage, 1, nullptr, nullptr));
    check(kinglet_classifier_classify(&w.classifier, &passage, 1, nullptr, nullptr));
    check(kinglet_session_pick(&w.sessions[0], nullptr, 0));
    const kinglet_chunk chunk = {
        .tokens = &stop, .types = nullptr, .count = 1, .sequence = 1, .want = KINGLET_WANT_LAST, .grid = KINGLET_GRID};
    check(kinglet_session_step(&w.sessions[0], &chunk, 1));
    saved_.resize(sizeof w);
    std::memcpy(saved_.data(), &w, sizeof w);
  }

  // What an argument of a type can be, the ordinary first. `at`: its place among the arguments.
  template <class T>
  std::vector<T> values(std::size_t at) {
    World& w = *world_;
    if constexpr (std::is_same_v<T, kinglet_text>) {
      return {{"the cat", 7},      {nullptr, 0},
              {nullptr, 9},        {"a", SIZE_MAX},
              {"a", SIZE_MAX / 2}, {reinterpret_cast<const char*>(w.buffers[at == 0 ? 1 : at - 1]), 16}};
    } else if constexpr (std::is_same_v<T, kinglet_tokens>) {
      static const std::int32_t tokens[] = {2, 3, -1, 1 << 30};
      return {{tokens, 2}, {nullptr, 0}, {nullptr, 3}, {tokens, 4}, {tokens, SIZE_MAX}, {tokens, SIZE_MAX / 4}};
    } else if constexpr (std::is_same_v<T, kinglet_floats>) {
      static const float logits[40] = {};
      return {{logits, 40}, {nullptr, 0}, {nullptr, 40}, {logits, 3}, {logits, SIZE_MAX}, {logits, SIZE_MAX / 4}};
    } else if constexpr (std::is_same_v<T, kinglet_draw>) {
      return {{0, 0}, {~0U, ~0U}};
    } else if constexpr (std::is_same_v<T, kinglet_text_sink>) {
      return {ignore, nullptr};
    } else if constexpr (std::is_same_v<T, kinglet_signature_check>) {
      return {trust, nullptr};
    } else if constexpr (std::is_same_v<T, const char*>) {
      return {"text", nullptr, ""};
    } else if constexpr (std::is_same_v<T, bool>) {
      return {false, true};
    } else if constexpr (std::is_same_v<T, std::size_t>) {
      return {round_.size, kBuffer, 64, 0, 1, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4 + 2};
    } else if constexpr (std::is_enum_v<T>) {
      return {static_cast<T>(round_.number), T{0}, T{1}, T{2}, T{0x7FFFFFFF}, T{~0U}};
    } else if constexpr (std::is_integral_v<T>) {
      return {static_cast<T>(round_.number), T{0}, T{1}, T{2}, T{0x7FFFFFFF}, static_cast<T>(~T{0})};
    } else if constexpr (std::is_floating_point_v<T>) {
      return {T{0}, T{-1}, std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()};
    } else {
      return pointers<T>(at);
    }
  }

  // An open handle, a filled struct or plain memory; null; what another argument has; a misaligned address; zeros.
  template <class T>
  std::vector<T> pointers(std::size_t at) {
    World& w = *world_;
    using To = std::remove_cv_t<std::remove_pointer_t<T>>;
    unsigned char* own = w.buffers[at];
    T ordinary = reinterpret_cast<T>(own);
    const auto is = [&ordinary]<class Known>(Known* known) {
      if constexpr (std::is_same_v<To, Known>) ordinary = known;
    };
    const auto initial = [own]<class Known>(const Known& known) {
      if constexpr (std::is_same_v<To, Known>) std::memcpy(own, &known, sizeof known);
    };
    is(&w.models[round_.model]), is(&w.plans[round_.model % 3]), is(&w.sessions[round_.model % 3]), is(&w.tokenizer),
        is(&w.sampler), is(&w.marks);
    is(&w.sound), is(&w.picture), is(&w.search), is(&w.generator), is(&w.chat), is(&w.translator), is(&w.embedder),
        is(&w.classifier);
    static const std::int32_t tokens[] = {2, 3};
    initial(kinglet_chunk{tokens, nullptr, 2, 0, KINGLET_WANT_LAST, KINGLET_GRID});
    initial(kinglet_text_of("a cat"));
    initial(kinglet_passage{kinglet_text_of("a cat"), {nullptr, 0}, 0, KINGLET_GRID});
    initial(kinglet_model_info KINGLET_MODEL_INFO);
    initial(kinglet_attention_info KINGLET_ATTENTION_INFO);
    initial(kinglet_limits KINGLET_LIMITS);
    initial(kinglet_plan_info KINGLET_PLAN_INFO);
    initial(kinglet_cpu_features KINGLET_CPU_FEATURES);
    kinglet_session_options session KINGLET_SESSION_OPTIONS;
    session.parallel_for = run_in_order;
    initial(session);
    initial(kinglet_sampler_options KINGLET_SAMPLER_OPTIONS);
    kinglet_beam_options beam KINGLET_BEAM_OPTIONS;
    beam.beams = 1;
    initial(beam);
    kinglet_generate_options generate KINGLET_GENERATE_OPTIONS;
    generate.max_tokens = 2;
    initial(generate);
    initial(kinglet_generator_options KINGLET_GENERATOR_OPTIONS);
    kinglet_translate_options translate KINGLET_TRANSLATE_OPTIONS;
    translate.max_tokens = 2;
    initial(translate);
    initial(kinglet_translator_options KINGLET_TRANSLATOR_OPTIONS);
    initial(kinglet_embed_options KINGLET_EMBED_OPTIONS);
    initial(kinglet_pixel_buffer{reinterpret_cast<const std::uint8_t*>("pixels"), 6, 2, KINGLET_GREY});
    if constexpr (std::is_same_v<T, const void*>) std::memcpy(own, files_[0].span().data(), files_[0].span().size());
    T copy = reinterpret_cast<T>(own + kBuffer / 2);
    if constexpr (!std::is_void_v<To>) std::memcpy(own + kBuffer / 2, ordinary, sizeof(To));
    return {ordinary,
            nullptr,
            reinterpret_cast<T>(w.buffers[at == 0 ? 1 : at - 1]),
            reinterpret_cast<T>(own + 1),
            reinterpret_cast<T>(own + kBuffer / 4),
            copy,
            reinterpret_cast<T>(w.arenas[0]),
            reinterpret_cast<T>(&w.sessions[0])};
  }

  static void judge(const kinglet_status& status, const char* name) {
    EXPECT_GE(status.code, KINGLET_OK) << name;
    EXPECT_LE(status.code, KINGLET_STOPPED) << name;
    ASSERT_NE(status.message, nullptr) << name;
    EXPECT_GT(std::strlen(status.message), 0U) << name;
  }

  template <class Answer, class... Arguments>
  void call(const char* name, Answer (*function)(Arguments...), const std::tuple<Arguments...>& arguments) {
    ++calls_;
    if constexpr (std::is_same_v<Answer, kinglet_status>) {
      const kinglet_status status = std::apply(function, arguments);
      judge(status, name);
      succeeded_ = succeeded_ || status.code == KINGLET_OK;
    } else {
      std::apply(function, arguments);
      succeeded_ = true;
    }
  }

  // Each argument in turn takes each of its values, the others are ordinary.
  template <class Answer, class... Arguments, std::size_t... at>
  void attack(const char* name, Answer (*function)(Arguments...), std::index_sequence<at...>) {
    const auto restore = [this] { std::memcpy(static_cast<void*>(world_.get()), saved_.data(), saved_.size()); };
    restore();
    if constexpr (sizeof...(Arguments) == 0) call(name, function, {});
    const std::size_t counts[] = {values<Arguments>(at).size()..., 0};
    for (std::size_t which = 0; which < sizeof...(Arguments); ++which) {
      for (std::size_t value = 0; value < counts[which]; ++value) {
        restore();
        const std::tuple<Arguments...> arguments{values<Arguments>(at)[at == which ? value : 0]...};
        call(name, function, arguments);
      }
    }
  }

  template <class T>
  static constexpr bool is_memory = std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>;
  template <class T>
  static constexpr bool is_written = is_memory<T> && !std::is_const_v<std::remove_pointer_t<T>>;
  // Of what a pointer leads to; a byte where nothing is said.
  template <class T>
  using Element = std::conditional_t<std::is_void_v<std::remove_pointer_t<T>>, unsigned char, std::remove_pointer_t<T>>;
  template <class T>
  static constexpr std::size_t size_of = sizeof(Element<T>);
  template <class T>
  static constexpr std::size_t align_of = alignof(Element<T>);

  // One argument's memory is another's, or begins within it, which is refused where either is written. What a caller gives for his own
  // function may lie anywhere.
  template <std::size_t one, std::size_t other, class... Arguments>
  void pair(const char* name, kinglet_status (*function)(Arguments...), std::tuple<Arguments...> arguments) {
    using All = std::tuple<Arguments...>;
    using One = std::tuple_element_t<one, All>;
    using Other = std::tuple_element_t<other, All>;
    constexpr bool both = one != other && is_memory<One> && is_memory<Other> && (is_written<One> || is_written<Other>);
    if constexpr (both) {
      using BeforeOne = std::tuple_element_t<one == 0 ? 0 : one - 1, All>;
      using BeforeOther = std::tuple_element_t<other == 0 ? 0 : other - 1, All>;
      constexpr bool context = (std::is_pointer_v<BeforeOne> && !is_memory<BeforeOne>) ||
                               (std::is_pointer_v<BeforeOther> && !is_memory<BeforeOther>);
      if constexpr (!context) {
        const void* memory = std::get<one>(arguments);
        for (const std::size_t offset : {std::size_t{0}, align_of<Other>}) {
          if (offset >= size_of<One>) continue;
          std::get<other>(arguments) = reinterpret_cast<Other>(reinterpret_cast<std::uintptr_t>(memory) + offset);
          const kinglet_status status = std::apply(function, arguments);
          judge(status, name);
          ++pairs_;
          EXPECT_NE(status.code, KINGLET_OK)
              << name << ": argument " << other << " is " << offset << " bytes into argument " << one;
        }
      }
    }
  }

  // All are ordinary, or one size is that of a buffer where this is what the call wants.
  template <class... Arguments, std::size_t... at>
  void attack_pairs(const char* name, kinglet_status (*function)(Arguments...), std::index_sequence<at...>) {
    constexpr std::size_t kNone = sizeof...(at);
    const auto begin = [this](std::size_t large) {
      std::memcpy(static_cast<void*>(world_.get()), saved_.data(), saved_.size());
      return std::tuple<Arguments...>{values<Arguments>(at)[at == large ? 1 : 0]...};
    };
    for (const std::size_t large : {kNone, (std::is_same_v<Arguments, std::size_t> ? at : kNone)...}) {
      if (std::apply(function, begin(large)).code != KINGLET_OK) continue;
      paired_ = true;
      const auto with = [&]<std::size_t one>(std::integral_constant<std::size_t, one>) {
        (pair<one, at>(name, function, begin(large)), ...);
      };
      (with(std::integral_constant<std::size_t, at>()), ...);
      return;
    }
  }

  template <class Answer, class... Arguments>
  void attack(const char* name, Answer (*function)(Arguments...)) {
    succeeded_ = false;
    // Of functions that can refuse, and have memory of more than one argument.
    paired_ = !std::is_same_v<Answer, kinglet_status> || (std::size_t{is_memory<Arguments>} + ... + std::size_t{0}) < 2;
    for (const Round& round : {Round{0, 64, 1},
                               {0, 1, 0},
                               {1, 1, 0},
                               {2, 1, 0},
                               {0, 0, 0},
                               {1, kBuffer, 1},
                               {2, kBuffer, 1},
                               {3, kinglet_sound_input_size(&world_->sound), 1},
                               {4, kinglet_picture_input_size(&world_->picture), 3},
                               {0, files_[0].span().size(), 0}}) {
      round_ = round;
      attack(name, function, std::index_sequence_for<Arguments...>());
      if constexpr (std::is_same_v<Answer, kinglet_status> && sizeof...(Arguments) > 1)
        if (round.size > 0) attack_pairs(name, function, std::index_sequence_for<Arguments...>());
    }
    if (!succeeded_) never_ += std::string(name) + " ";
    if (!paired_) unpaired_ += std::string(name) + " ";
  }

  const AlignedBytes files_[5] = {AlignedBytes(chat_decoder()), AlignedBytes(testing::text_translator()),
                                  AlignedBytes(testing::text_encoder()), testing::released_model("whisper"),
                                  testing::released_model("captioner-attend")};
  std::unique_ptr<World> world_ = std::make_unique<World>();
  std::vector<unsigned char> saved_;
  // What is ordinary: handles of which model, how large, which number.
  struct Round {
    std::size_t model, size;
    std::uint32_t number;
  };
  Round round_ = {};
  int calls_ = 0;
  int pairs_ = 0;
  bool succeeded_ = false;
  bool paired_ = false;
  std::string never_;     // functions that refused every call
  std::string unpaired_;  // that refused what attack_pairs begins with
};

}  // namespace kinglet
