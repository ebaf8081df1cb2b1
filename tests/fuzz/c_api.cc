// Calls of the C API in any order with any arguments: each byte of the input is a choice. (Bad pointers are no choice:
// tests/runtime/capi/refusals_test.cc gives those.)
#include <memory>

#include "kinglet/kinglet.h"
#include "tests/bundle.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/fuzz.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet::fuzz {
namespace {

using testing::AlignedBytes;

constexpr std::size_t kMostCalls = 48, kModels = 5;  // a decoder, a translator, an encoder; what hears and what sees
constexpr std::uint32_t kMostSide = 300;             // of a picture that is prepared

const AlignedBytes& file(std::size_t which) {
  static const AlignedBytes files[] = {AlignedBytes(testing::text_decoder([](fb::ModelT& model) {
                                         model.chat = std::make_unique<fb::ChatTemplateT>();
                                         model.chat->user_before = "u ";
                                       })),
                                       AlignedBytes(testing::text_translator()), AlignedBytes(testing::text_encoder()),
                                       testing::released_model("whisper"), testing::released_model("captioner-attend")};
  static_assert(std::size(files) == kModels);
  return files[which % kModels];
}

class Calls : Choices {
 public:
  using Choices::Choices;

  void all() {
    for (std::size_t i = 0; i < kMostCalls && any(); ++i) one();
  }

 private:
  // ---- handles, one of a few
  kinglet_model* model() { return &models_[byte() % kModels]; }
  kinglet_plan* plan() { return &plans_[byte() % kModels]; }
  kinglet_session* session() { return &sessions_[byte() % kModels]; }

  const kinglet_sampler_options* sampling() {
    if (yes()) return nullptr;
    auto* options = new (memory(sizeof(kinglet_sampler_options))) kinglet_sampler_options KINGLET_SAMPLER_OPTIONS;
    options->temperature = real();
    options->top_k = number();
    options->top_p = real();
    options->min_p = real();
    options->repetition_penalty = real() + 1;
    return options;
  }
  const kinglet_beam_options* beam() {
    if (yes()) return nullptr;
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

  // Instead of a text: what was prepared, or numbers of about the size of some model's.
  kinglet_grid grid() {
    kinglet_grid none = KINGLET_GRID;
    switch (byte() % 6) {
      case 0: return heard_;
      case 1: return seen_;
      case 2: {
        kinglet_grid made = KINGLET_GRID;
        made.count = about((yes() ? heard_ : seen_).count);
        const bool both = byte() % 8 == 0, pixels = yes();
        if (both || pixels) made.bytes = noise<std::uint8_t>(made.count);
        if (both || !pixels) made.features = noise<float>(made.count);
        return made;
      }
      default: return none;
    }
  }

  void one() {
    switch (byte() % 8) {
      case 0: return prepare();
      case 1: return run();
      case 2: return words();
      case 3: return generate();
      case 4: return translate();
      case 5: return encode();
      case 6: return hear();
      default: return see();
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
        const std::size_t which = byte() % kModels;
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
        (void)kinglet_model_operator_name(model(), yes(), number());
        return;
      }
      default: sessions_[byte() % kModels] = sessions_[byte() % kModels];  // a copy is refused
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
          chunks[i] = {of.data, nullptr, of.count, number(), number() % 4, grid()};
        }
        (void)(yes() ? kinglet_session_step : kinglet_session_encode)(session(), chunks, count);
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
        (void)(yes() ? kinglet_session_restrict : kinglet_session_pick)(session(), of.data, of.count);
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
      case 0: (void)kinglet_tokenizer_open(&tokenizer_, model(), yes()); return;
      case 1: {
        const kinglet_text of = text();
        const std::size_t bytes = room(kinglet_tokenizer_scratch_bytes(&tokenizer_, of.bytes));
        (void)kinglet_tokenizer_encode(&tokenizer_, of, byte() % 4, memory(bytes), bytes, many<std::int32_t>(capacity),
                                       capacity, &count);
        return;
      }
      case 2: {
        const kinglet_tokens of = tokens();
        (void)kinglet_tokenizer_decode(&tokenizer_, of.data, of.count, yes(), many<char>(capacity), capacity, &count);
        return;
      }
      default:
        (void)kinglet_tokenizer_decode_next(&tokenizer_, static_cast<std::int32_t>(number()), yes(), &state_,
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
        (void)kinglet_chat_create(&chat_, &generator_, memory(bytes), bytes, yes() ? nullptr : system);
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
    if (yes()) {
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
    auto* out = many<char>(capacity);
    auto* made = many<kinglet_translation>(results);
    if (yes()) {
      auto* sources = many<kinglet_text>(count + 1);
      for (std::size_t i = 0; i < count; ++i) sources[i] = text();
      (void)kinglet_translator_translate(&translator_, sources, count, &options, out, capacity, made, results);
    } else {
      auto* sources = many<kinglet_grid>(count + 1);
      for (std::size_t i = 0; i < count; ++i) sources[i] = grid();
      (void)kinglet_translator_translate_grids(&translator_, sources, count, &options, out, capacity, made, results);
    }
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
        for (std::size_t i = 0; i < count; ++i) passages[i] = {text(), text(), byte() % 3U, grid()};
        if (yes()) {
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

  void hear() {
    std::size_t bytes = 0;
    if (byte() % 4 == 0) {
      const kinglet_model* of = yes() ? &models_[3] : model();
      if (kinglet_sound_input_workspace_bytes(of, &bytes).code != KINGLET_OK) return;
      bytes = room(bytes);
      (void)kinglet_sound_input_create(&sound_, of, memory(bytes), bytes);
      return;
    }
    (void)kinglet_sound_input_rate(&sound_);
    const std::size_t count = about(kinglet_sound_input_samples(&sound_)),
                      size = about(kinglet_sound_input_size(&sound_));
    auto* features = many<float>(size);
    const kinglet_status s =
        yes() ? kinglet_sound_input_features(&sound_, noise<float>(count), count, features, size)
              : kinglet_sound_input_features_of_16_bits(&sound_, noise<std::int16_t>(count), count, features, size);
    if (s.code == KINGLET_OK) heard_ = {nullptr, features, size};
  }

  std::uint32_t side() { return byte() % 8 == 0 ? number() : 1 + byte() % kMostSide; }

  void see() {
    if (byte() % 4 == 0) {
      const kinglet_model* of = yes() ? &models_[4] : model();
      const std::uint32_t height = side(), width = side();
      std::size_t bytes = 0;
      if (kinglet_picture_input_workspace_bytes(of, height, width, &bytes).code != KINGLET_OK) return;
      bytes = room(bytes);
      if (kinglet_picture_input_create(&picture_, of, height, width, memory(bytes), bytes).code != KINGLET_OK) return;
      height_ = height;
      width_ = width;
      return;
    }
    if (height_ > kMostSide || width_ > kMostSide) return;
    constexpr std::size_t kPixels[] = {1, 3, 3, 4, 4, 2, 3};
    kinglet_pixel_buffer pixels = KINGLET_PIXEL_BUFFER;
    pixels.format = byte() % 16 == 0 ? number() : byte() % 7U;
    const std::size_t row = width_ * kPixels[pixels.format % 7];
    pixels.stride = yes() ? 0 : byte() % 16 == 0 ? ~std::size_t{0} - byte() : row + number() % 64;
    // Of the last row, what lies behind its pixels may be missing.
    const std::size_t stride = pixels.stride < row || pixels.stride > row + 64 ? row : pixels.stride;
    pixels.count = about(height_ == 0 ? 0 : (height_ - 1) * stride + row);
    pixels.bytes = yes() && pixels.count == 0 ? nullptr : noise<std::uint8_t>(pixels.count);
    const std::size_t size = about(kinglet_picture_input_size(&picture_));
    auto* bytes = many<std::uint8_t>(size);
    if (kinglet_picture_input_prepare(&picture_, &pixels, bytes, size).code == KINGLET_OK)
      seen_ = {bytes, nullptr, size};
  }

  kinglet_model models_[kModels]{};
  kinglet_plan plans_[kModels]{};
  kinglet_session sessions_[kModels]{};
  kinglet_tokenizer tokenizer_{};
  kinglet_decode_state state_{};
  kinglet_generator generator_{};
  kinglet_chat chat_{};
  kinglet_translator translator_{};
  kinglet_embedder embedder_{};
  kinglet_classifier classifier_{};
  kinglet_sound_input sound_{};
  kinglet_picture_input picture_{};
  std::uint32_t height_ = 0, width_ = 0;  // of what picture_ prepares
  kinglet_grid heard_{}, seen_{};         // what was prepared at last
};

}  // namespace
}  // namespace kinglet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kinglet::fuzz::Calls(data, size).all();
  return 0;
}
