// Calls of the C API in any order with any arguments: each byte of the input is a choice. Memory that a call writes to is as long as the call
// is told, so that a sanitizer sees every byte beyond it. (Bad pointers are no choice: tests/runtime/capi/refusals_test.cc gives those.)
#include <memory>
#include <string>
#include <vector>

#include "kinglet/kinglet.h"
#include "tests/aligned.h"
#include "tests/fuzz/fuzz.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet::fuzz {
namespace {

using testing::AlignedBytes;

constexpr std::size_t kMostBytes = std::size_t{1} << 22, kMostCalls = 48;

const AlignedBytes& file(std::size_t which) {
  static const AlignedBytes files[] = {AlignedBytes(testing::text_decoder([](fb::ModelT& model) {
                                         model.chat = std::make_unique<fb::ChatTemplateT>();
                                         model.chat->user_before = "u ";
                                       })),
                                       AlignedBytes(testing::text_translator()), AlignedBytes(testing::text_encoder())};
  return files[which % std::size(files)];
}

class Calls {
 public:
  Calls(const std::uint8_t* data, std::size_t size) : left_(data, size) {}

  void all() {
    for (std::size_t i = 0; i < kMostCalls && !left_.empty(); ++i) one();
  }

 private:
  // ---- choices
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t taken = left_[0];
    left_ = left_.subspan(1);
    return taken;
  }
  // Mostly small.
  std::uint32_t number() {
    const std::uint8_t first = byte();
    return first < 250 ? first % 24 : first == 255 ? ~0U : 1U << (byte() % 32);
  }
  float real() { return static_cast<float>(byte()) / 64.0F - 1.0F; }
  kinglet_text text() {
    const std::size_t size = byte() % 32;
    const auto taken = left_.first(size < left_.size() ? size : left_.size());
    left_ = left_.subspan(taken.size());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  // ---- memory that stays until the end, as what is kept in a handle must
  unsigned char* memory(std::size_t bytes) {
    kept_.emplace_back(bytes < kMostBytes ? bytes : 1);
    std::memset(kept_.back().span().data(), 0, kept_.back().span().size());
    return reinterpret_cast<unsigned char*>(kept_.back().span().data());
  }
  template <class T>
  T* many(std::size_t count) {
    return reinterpret_cast<T*>(memory(count * sizeof(T)));
  }
  std::size_t room(std::size_t bytes) {  // for `bytes`, sometimes less
    return bytes >= kMostBytes ? 1 : byte() % 8 == 0 ? byte() % (bytes + 1) : bytes;
  }
  kinglet_tokens tokens() {
    const std::size_t count = byte() % 6;
    auto* made = many<std::int32_t>(count + 1);
    for (std::size_t i = 0; i < count; ++i) made[i] = static_cast<std::int32_t>(number());
    return {made, count};
  }

  // ---- handles, one of a few
  kinglet_model* model() { return &models_[byte() % 3]; }
  kinglet_plan* plan() { return &plans_[byte() % 3]; }
  kinglet_session* session() { return &sessions_[byte() % 3]; }

  const kinglet_sampler_options* sampling() {
    if (byte() % 2 == 0) return nullptr;
    auto* options = new (memory(sizeof(kinglet_sampler_options))) kinglet_sampler_options KINGLET_SAMPLER_OPTIONS;
    options->temperature = real();
    options->top_k = number();
    options->top_p = real();
    options->min_p = real();
    options->repetition_penalty = real() + 1;
    return options;
  }
  const kinglet_beam_options* beam() {
    if (byte() % 2 == 0) return nullptr;
    auto* options = new (memory(sizeof(kinglet_beam_options))) kinglet_beam_options KINGLET_BEAM_OPTIONS;
    options->beams = number();
    options->nbest = number();
    options->norm = number();
    options->early_stopping = number();
    options->length_penalty = real() * 4;
    options->coverage_penalty = real();
    return options;
  }
  kinglet_generate_options generation() {
    kinglet_generate_options options = KINGLET_GENERATE_OPTIONS;
    options.sampler = sampling();
    options.beam = beam();
    options.max_tokens = byte() % 8;
    auto* stop = many<kinglet_text>(1);
    *stop = text();
    options.stop = stop;
    options.stop_count = byte() % 2;
    return options;
  }

  void one() {
    switch (byte() % 6) {
      case 0: return prepare();
      case 1: return run();
      case 2: return words();
      case 3: return generate();
      case 4: return translate();
      default: return encode();
    }
  }

  void prepare() {
    kinglet_plan_info info = KINGLET_PLAN_INFO;
    switch (byte() % 6) {
      case 0: {
        const AlignedBytes& bytes = file(byte());
        (void)kinglet_model_open(model(), bytes.span().data(), room(bytes.span().size()));
        return;
      }
      case 1: {
        kinglet_limits limits = KINGLET_LIMITS;
        limits.context = number();
        limits.source = number();
        limits.rows = number();
        limits.source_rows = number();
        limits.outputs = number();
        limits.sequences = byte() % 5;
        limits.sources = number();
        (void)kinglet_plan_make(plan(), model(), &limits);
        return;
      }
      case 2: {
        kinglet_plan* of = plan();
        if (kinglet_plan_get_info(of, &info).code != KINGLET_OK) return;
        const std::size_t bytes = room(info.arena_bytes);
        (void)kinglet_session_create(session(), of, memory(bytes), bytes, nullptr);
        return;
      }
      case 3: {  // what the first model needs to be asked anything
        const std::size_t which = byte() % 3;
        kinglet_limits limits = KINGLET_LIMITS;
        limits.sequences = 3;
        (void)kinglet_model_open(&models_[which], file(which).span().data(), file(which).span().size());
        (void)kinglet_plan_make(&plans_[which], &models_[which], &limits);
        if (kinglet_plan_get_info(&plans_[which], &info).code != KINGLET_OK || info.arena_bytes >= kMostBytes) return;
        (void)kinglet_session_create(&sessions_[which], &plans_[which], memory(info.arena_bytes), info.arena_bytes,
                                     nullptr);
        return;
      }
      case 4: {
        kinglet_model_info all = KINGLET_MODEL_INFO;
        (void)kinglet_model_get_info(model(), &all);
        (void)kinglet_model_label(model(), number());
        (void)kinglet_model_property(model(), text());
        (void)kinglet_model_tokens(model(), number());
        (void)kinglet_model_operator_name(model(), byte() % 2 == 0, number());
        return;
      }
      default: sessions_[byte() % 3] = sessions_[byte() % 3];  // a copy is refused
    }
  }

  void run() {
    switch (byte() % 9) {
      case 0:
      case 1: {
        const std::size_t count = byte() % 4;
        auto* chunks = many<kinglet_chunk>(count + 1);
        for (std::size_t i = 0; i < count; ++i) {
          const kinglet_tokens of = tokens();
          chunks[i] = {of.data, nullptr, of.count, number(), number() % 4, KINGLET_GRID};
        }
        (void)(byte() % 2 == 0 ? kinglet_session_step : kinglet_session_encode)(session(), chunks, count);
        return;
      }
      case 2: (void)kinglet_session_truncate(session(), number(), number()); return;
      case 3: (void)kinglet_session_forget(session(), number()); return;
      case 4: {
        const std::size_t count = byte() % 5;
        auto* parents = many<std::uint32_t>(count + 1);
        for (std::size_t i = 0; i < count; ++i) parents[i] = number();
        (void)kinglet_session_reorder(session(), parents, count);
        return;
      }
      case 5: {
        const kinglet_tokens of = tokens();
        (void)(byte() % 2 == 0 ? kinglet_session_restrict : kinglet_session_pick)(session(), of.data, of.count);
        return;
      }
      case 6: {
        std::int32_t token = 0;
        (void)kinglet_session_picked(session(), number(), &token);
        return kinglet_session_stop_picking(session());
      }
      case 7: {
        kinglet_capture* capture = many<kinglet_capture>(1);
        const std::size_t floats = std::size_t{byte()} * 16;
        if (kinglet_capture_make(capture, number(), number(), number(), number(), many<float>(floats + 1), floats)
                .code == KINGLET_OK)
          (void)kinglet_session_capture(session(), capture, 1);
        return;
      }
      default: {
        const kinglet_floats row = kinglet_session_output(session(), number());
        float sum = 0;
        for (std::size_t i = 0; i < row.count; ++i) sum += row.data[i];
        volatile float seen = sum;
        (void)seen;
      }
    }
  }

  void words() {
    const std::size_t capacity = std::size_t{byte()} * 2;
    std::size_t count = 0;
    switch (byte() % 4) {
      case 0: (void)kinglet_tokenizer_open(&tokenizer_, model(), byte() % 2 == 0); return;
      case 1: {
        const kinglet_text of = text();
        const std::size_t bytes = room(kinglet_tokenizer_scratch_bytes(&tokenizer_, of.bytes));
        (void)kinglet_tokenizer_encode(&tokenizer_, of, byte() % 4, memory(bytes), bytes, many<std::int32_t>(capacity),
                                       capacity, &count);
        return;
      }
      case 2: {
        const kinglet_tokens of = tokens();
        (void)kinglet_tokenizer_decode(&tokenizer_, of.data, of.count, byte() % 2 == 0, many<char>(capacity), capacity,
                                       &count);
        return;
      }
      default:
        (void)kinglet_tokenizer_decode_next(&tokenizer_, static_cast<std::int32_t>(number()), byte() % 2 == 0, &state_,
                                            many<char>(capacity), capacity, &count);
        (void)kinglet_tokenizer_piece(&tokenizer_, static_cast<std::int32_t>(number()));
    }
  }

  void generate() {
    constexpr std::size_t kText = 32;
    std::size_t bytes = 0;
    switch (byte() % 6) {
      case 0: {
        kinglet_generator_options options = KINGLET_GENERATOR_OPTIONS;
        options.rolling = byte() % 2;
        options.beams = byte() % 2;
        if (kinglet_generator_workspace_bytes(plan(), kText, &options, &bytes).code != KINGLET_OK) return;
        bytes = room(bytes);
        (void)kinglet_generator_create(&generator_, session(), memory(bytes), bytes, kText, &options);
        return;
      }
      case 1: (void)kinglet_generator_add_text(&generator_, text(), byte() % 4); return;
      case 2: {
        const kinglet_generate_options options = generation();
        (void)kinglet_generator_generate(&generator_, &options, nullptr, nullptr, nullptr);
        return;
      }
      case 3: {
        bytes = room(kinglet_chat_rendered_bytes(model(), kText));
        auto* system = many<kinglet_text>(1);
        *system = text();
        (void)kinglet_chat_create(&chat_, &generator_, memory(bytes), bytes, byte() % 2 == 0 ? nullptr : system);
        return;
      }
      case 4: {
        const kinglet_generate_options options = generation();
        (void)kinglet_chat_say(&chat_, text(), &options, nullptr, nullptr, nullptr);
        return;
      }
      default: {
        kinglet_text result{};
        bytes = byte();
        (void)kinglet_generator_result_text(&generator_, number(), many<char>(bytes), bytes, &result);
        (void)kinglet_generator_clear(&generator_);
      }
    }
  }

  void translate() {
    constexpr std::size_t kText = 32;
    std::size_t bytes = 0;
    if (byte() % 2 == 0) {
      kinglet_translator_options options = KINGLET_TRANSLATOR_OPTIONS;
      options.beams = byte() % 2;
      options.coverage = byte() % 2;
      if (kinglet_translator_workspace_bytes(plan(), kText, &options, &bytes).code != KINGLET_OK) return;
      bytes = room(bytes);
      (void)kinglet_translator_create(&translator_, session(), memory(bytes), bytes, kText, &options);
      return;
    }
    kinglet_translate_options options = KINGLET_TRANSLATE_OPTIONS;
    options.sampler = sampling();
    options.beam = beam();
    options.max_tokens = byte() % 8;
    options.language = text();
    const std::size_t count = byte() % 4, results = byte() % 8, capacity = std::size_t{byte()} * 4;
    auto* sources = many<kinglet_text>(count + 1);
    for (std::size_t i = 0; i < count; ++i) sources[i] = text();
    (void)kinglet_translator_translate(&translator_, sources, count, &options, many<char>(capacity), capacity,
                                       many<kinglet_translation>(results), results);
    (void)kinglet_translator_tokens(&translator_, number());
  }

  void encode() {
    constexpr std::size_t kText = 48;
    std::size_t bytes = 0, done = 0;
    const std::size_t count = 1 + byte() % 3;
    auto* passages = many<kinglet_passage>(count);
    switch (byte() % 4) {
      case 0:
        if (kinglet_embedder_workspace_bytes(plan(), kText, &bytes).code != KINGLET_OK) return;
        bytes = room(bytes);
        (void)kinglet_embedder_create(&embedder_, session(), memory(bytes), bytes, kText);
        return;
      case 1:
        if (kinglet_classifier_workspace_bytes(plan(), kText, &bytes).code != KINGLET_OK) return;
        bytes = room(bytes);
        (void)kinglet_classifier_create(&classifier_, session(), memory(bytes), bytes, kText);
        return;
      default: {
        for (std::size_t i = 0; i < count; ++i) passages[i] = {text(), text(), byte() % 3U, KINGLET_GRID};
        if (byte() % 2 == 0) {
          (void)kinglet_embedder_embed(&embedder_, passages, count, nullptr, &done);
          (void)kinglet_embedder_vector(&embedder_, number(), number());
        } else {
          kinglet_floats probabilities{};
          (void)kinglet_classifier_classify(&classifier_, passages, count, nullptr, &done);
          (void)kinglet_classifier_probabilities(&classifier_, number(), number(), &probabilities);
        }
      }
    }
  }

  std::span<const std::uint8_t> left_;
  std::vector<AlignedBytes> kept_;
  kinglet_model models_[3]{};
  kinglet_plan plans_[3]{};
  kinglet_session sessions_[3]{};
  kinglet_tokenizer tokenizer_{};
  kinglet_decode_state state_{};
  kinglet_generator generator_{};
  kinglet_chat chat_{};
  kinglet_translator translator_{};
  kinglet_embedder embedder_{};
  kinglet_classifier classifier_{};
};

}  // namespace
}  // namespace kinglet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kinglet::fuzz::Calls(data, size).all();
  return 0;
}
