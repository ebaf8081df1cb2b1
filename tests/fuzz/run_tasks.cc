#include "tests/fuzz/run_tasks.h"

#include <algorithm>

#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/generator.h"
#include "kinglet/picture_input.h"
#include "kinglet/sound_input.h"
#include "kinglet/tokenizer.h"
#include "kinglet/translator.h"
#include "model_generated.h"
#include "tests/aligned.h"

namespace kinglet::fuzz {
namespace {

using kinglet::testing::AlignedBytes;

constexpr std::size_t kText = 24;  // bytes
constexpr std::uint32_t kTokens = 5;

class Tasks {
 public:
  Tasks(const Plan& plan, Session& session, Inputs& inputs, std::size_t most)
      : plan_(plan),
        root_(plan.model.root()),
        session_(session),
        inputs_(inputs),
        most_(most) {
    if (root_.input() == nullptr) return;
    const fb::Size& size = *root_.input()->grid();
    pixels_ = inputs_.bytes(std::size_t{size.height()} * size.width() * root_.input()->channels());
  }

  void all() {
    for (const bool beams : {false, true}) {
      generate(beams);
      translate(beams);
    }
    embed();
    classify();
    if (root_.input() == nullptr) return;
    hear();
    see();
  }

 private:
  // An object over a workspace of exactly the bytes it asks for.
  template <class Use>
  void with(Result<std::size_t> bytes, const Use& use) {
    if (!bytes.ok() || *bytes > most_) return;
    AlignedBytes memory(*bytes);
    use(memory.span());
  }

  SamplerOptions sampler() {
    SamplerOptions options;
    if (inputs_.one_in(2)) return options;
    options.temperature = inputs_.floats(1)[0];
    options.top_k = inputs_.below(4);
    options.top_p = inputs_.one_in(2) ? 0.9F : 1.0F;
    options.min_p = inputs_.one_in(2) ? 0.1F : 0.0F;
    options.repetition_penalty = inputs_.one_in(2) ? 1.3F : 1.0F;
    return options;
  }

  BeamOptions beam(bool wanted) {
    BeamOptions options;
    if (!wanted) return options;
    options.beams = options.nbest = 2;
    options.norm = inputs_.one_in(2) ? LengthNorm::kGnmt : LengthNorm::kPower;
    options.length_penalty = inputs_.floats(1)[0];
    options.early_stopping = static_cast<EarlyStopping>(inputs_.below(3));
    return options;
  }

  void generate(bool beams) {
    const GeneratorOptions options{.rolling = inputs_.one_in(2), .beams = beams};
    const std::size_t bytes = Chat::has_template(plan_.model) ? Chat::rendered_bytes(plan_.model, 2 * kText) : kText;
    if (bytes > most_) return;
    with(Generator::workspace_bytes(plan_, bytes, options), [&](std::span<std::byte> memory) {
      auto generator = Generator::create(session_, memory, bytes, options);
      if (!generator.ok()) return;
      const std::string text = inputs_.text(kText);
      const std::vector<std::int32_t> tokens = inputs_.tokens(2, root_.vocabulary());
      const std::string_view stops[] = {"e", "the "};
      const GenerateOptions how{.sampler = sampler(),
                                .max_tokens = kTokens,
                                .stop = std::span(stops).first(beams ? 0 : inputs_.below(3)),
                                .stop_tokens = {},
                                .ignore_stop_tokens = inputs_.one_in(2),
                                .beam = beam(beams)};
      (void)generator->add(text, {.parse = inputs_.one_in(2), .add = inputs_.one_in(2)});
      (void)generator->add(tokens);
      (void)generator->generate(how, {});
      (void)generator->truncate(inputs_.below(4));
      (void)generator->generate(how, {});
      if (!Chat::has_template(plan_.model)) return;
      AlignedBytes turns(bytes);
      auto chat = Chat::create(*generator, plan_.model, turns.span(), text);
      if (!chat.ok()) return;
      for (int turn = 0; turn < 2; ++turn) (void)chat->say(text, how, {});
      (void)chat->clear();
    });
  }

  void translate(bool beams) {
    const TranslatorOptions options{.beams = beams, .coverage = beams && inputs_.one_in(2)};
    with(Translator::workspace_bytes(plan_, kText, options), [&](std::span<std::byte> memory) {
      auto translator = Translator::create(session_, memory, kText, options);
      if (!translator.ok()) return;
      TranslateOptions how{.sampler = sampler(), .max_tokens = kTokens, .beam = beam(beams)};
      if (options.coverage) how.beam.coverage_penalty = 0.5F;
      const auto* generation = root_.generation();
      if (generation != nullptr && generation->languages() != nullptr && generation->languages()->size() != 0)
        how.language =
            generation->languages()->Get(inputs_.below(generation->languages()->size()))->code()->string_view();
      std::vector<char> out(4096);
      std::vector<Translation> results(4);
      if (root_.input() != nullptr) {
        const Grid grid{.bytes = pixels_, .features = {}};
        (void)translator->translate({&grid, 1}, how, out, std::span(results).first(beams ? 2 : 1));
        return;
      }
      const std::string texts[] = {inputs_.text(kText / 2), inputs_.text(kText / 2)};
      const std::string_view sources[] = {texts[0], texts[1]};
      (void)translator->translate(std::span(sources).first(beams ? 1 : 2), how, out, std::span(results).first(2));
    });
  }

  Passage passage(const std::string& text) {
    return {.text = text,
            .second = text,
            .pair = inputs_.one_in(2),
            .grid = {.bytes = root_.input() != nullptr ? std::span<const std::uint8_t>(pixels_)
                                                       : std::span<const std::uint8_t>(),
                     .features = {}}};
  }

  void embed() {
    with(Embedder::workspace_bytes(plan_, kText), [&](std::span<std::byte> memory) {
      auto embedder = Embedder::create(session_, memory, kText);
      if (!embedder.ok()) return;
      const std::string text = inputs_.text(kText / 2);
      const Passage passages[] = {passage(text), passage(text)};
      if (!embedder->embed(passages, {.special = {.parse = true, .add = true}, .truncate = inputs_.one_in(2)}).ok())
        return;
      for (std::size_t i = 0; i < embedder->count(); ++i) {
        for (std::size_t row = 0; row < embedder->rows(i); ++row) (void)embedder->vector(i, row);
        (void)embedder->tokens(i);
      }
    });
  }

  void classify() {
    with(Classifier::workspace_bytes(plan_, kText), [&](std::span<std::byte> memory) {
      auto classifier = Classifier::create(session_, memory, kText);
      if (!classifier.ok()) return;
      const std::string text = inputs_.text(kText / 2);
      const Passage one = passage(text);
      if (!classifier->classify({&one, 1}, {.truncate = true}).ok()) return;
      for (std::size_t row = 0; row < classifier->rows(0); ++row) {
        const auto best = classifier->best(0, row);
        if (best.ok()) (void)classifier->label(best->label);
      }
    });
  }

  // What the file says of sounds and pictures is verified here alone.
  void hear() {
    with(SoundInput::workspace_bytes(plan_.model), [&](std::span<std::byte> memory) {
      auto sound = SoundInput::create(plan_.model, memory);
      constexpr std::uint64_t kMostWork = std::uint64_t{1} << 20U;  // samples of all frames
      if (!sound.ok() || std::uint64_t{root_.input()->grid()->width()} * root_.input()->sound()->window() > kMostWork)
        return;
      std::vector<float> grid(sound->size());
      const std::vector<float> samples = inputs_.floats(std::min<std::size_t>(sound->samples(), 64));
      (void)sound->features(std::span<const float>(samples), grid);
    });
  }

  void see() {
    const std::uint32_t height = 1 + inputs_.below(9), width = 1 + inputs_.below(9);
    with(PictureInput::workspace_bytes(plan_.model, height, width), [&](std::span<std::byte> memory) {
      auto picture = PictureInput::create(plan_.model, height, width, memory);
      if (!picture.ok() || picture->size() > most_) return;
      std::vector<std::uint8_t> grid(picture->size());
      const std::vector<std::uint8_t> bytes = inputs_.bytes(std::size_t{4} * height * width);
      (void)picture->prepare({.bytes = bytes, .format = static_cast<PixelFormat>(inputs_.below(7))}, grid);
    });
  }

  const Plan& plan_;
  const fb::Model& root_;
  Session& session_;
  Inputs& inputs_;
  std::size_t most_;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace

void run_tasks(const Plan& plan, Session& session, Inputs& inputs, std::size_t most) {
  for (const fb::Tokenizer* tables : {plan.model.root().tokenizer(), plan.model.root().target_tokenizer()}) {
    if (tables != nullptr) run_tokenizer(*tables, inputs.text(kText), {.parse = inputs.one_in(2), .add = true}, most);
  }
  Tasks(plan, session, inputs, most).all();
}

void run_tokenizer(const fb::Tokenizer& tables, std::string_view text, Special special, std::size_t most) {
  const auto tokenizer = Tokenizer::open(tables);
  const std::size_t scratch_bytes = tokenizer.ok() ? tokenizer->scratch_bytes(text.size()) : most;
  if (scratch_bytes >= most || tokenizer->decode_bytes() > most / 64) return;
  AlignedBytes scratch(scratch_bytes);
  std::vector<std::int32_t> ids(text.size() * 12 + 64);
  std::vector<std::uint8_t> types(ids.size());
  const auto both = tokenizer->encode_pair(text.substr(0, text.size() / 2), text.substr(text.size() / 2), special,
                                           scratch.span(), ids, types);
  (void)both;
  // Less room than that, from none at all.
  std::vector<std::int32_t> few(ids.size());
  for (std::size_t room = 0; room < scratch_bytes; room = room * 2 + 40) {
    AlignedBytes less(room);
    (void)tokenizer->encode(text, special, less.span(), few);
  }
  for (std::size_t room = 0; both.ok() && room < *both; room += 1 + room / 4) {
    (void)tokenizer->encode_pair(text.substr(0, text.size() / 2), text.substr(text.size() / 2), special, scratch.span(),
                                 std::span(few).first(room), std::span(types).first(room));
    (void)tokenizer->encode(text, special, scratch.span(), std::span(few).first(room));
  }
  if (both.ok() && *both > 0)
    (void)tokenizer->encode_pair(text, text, special, scratch.span(), few, std::span(types).first(*both / 2));
  const auto count = tokenizer->encode(text, special, scratch.span(), ids);
  if (!count.ok()) return;
  ids.resize(*count);
  std::vector<char> piece(tokenizer->decode_bytes());
  for (const bool skip : {true, false}) {
    DecodeState state;
    for (const std::int32_t id : ids) (void)tokenizer->decode(id, state, piece, skip);
    (void)tokenizer->finish(state, piece);
  }
  std::vector<char> all(std::min<std::size_t>((ids.size() + 1) * tokenizer->decode_bytes(), 1U << 16));
  (void)tokenizer->decode(ids, all);
  (void)tokenizer->find(text);
  for (const std::int32_t id : {-1, 0, static_cast<std::int32_t>(tokenizer->count())}) {
    (void)tokenizer->piece(id);
    (void)tokenizer->is_special(id);
  }
}

}  // namespace kinglet::fuzz
