// The C API's tokenizer, decoding and tasks make what the C++ API's make, to the last bit.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/generator.h"
#include "kinglet/translator.h"
#include "tests/runtime/capi/tape.h"
#include "tests/runtime/session/allocations.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::kEnd;
using testing::kStart;
using testing::Running;
using testing::Tape;
using testing::tape_of;

constexpr std::size_t kText = 128;

kinglet_limits limits_of(const Limits& l) {
  return {
      sizeof(kinglet_limits), l.context, l.source, l.rows, l.source_rows, l.outputs, l.sequences, l.sources, l.threads};
}

template <class T>
std::span<const T> first(const std::vector<T>& values, std::size_t count) {
  return std::span<const T>(values).first(count);
}

TextSink sink_to(Tape& tape, bool wanted) {
  return {.write = wanted ? [](void* out, std::string_view text) {
            static_cast<Tape*>(out)->raw(std::span<const char>(text));
            return true;
          } : [](void* out, std::string_view text) {
            static_cast<Tape*>(out)->raw(std::span<const char>(text));
            return false;
          },
          .context = &tape};
}

std::vector<unsigned char> tokenized(const std::vector<std::byte>& file) {
  Tape tape;
  const AlignedBytes bytes(file);
  const Model model = *Model::open(bytes.span());
  const Tokenizer tokenizer = *Tokenizer::open(*model.root().tokenizer());
  const std::string_view text = "the cat</s> \xEA\xB0\x80", other = "sat";
  std::vector<std::int32_t> tokens(64);
  std::vector<std::uint8_t> types(64);
  std::vector<char> out(256);
  const std::span<char> room(out);
  tape.status(Status{});
  tape.status(Status{});
  std::vector<std::byte> scratch(tokenizer.scratch_bytes(text.size() + other.size()));
  tape.number(scratch.size());
  auto count = tokenizer.encode(text, {.parse = false, .add = false}, scratch, tokens);
  tape.status(count);
  tape.raw(first(tokens, *count));
  count = tokenizer.encode(text, {.parse = true, .add = true}, scratch, tokens);
  tape.status(count);
  tape.raw(first(tokens, *count));
  DecodeState state;
  for (std::size_t i = 0; i < *count; ++i) {
    const auto made = tokenizer.decode(tokens[i], state, room, false);
    tape.status(made);
    tape.raw(first(out, *made));
    tape.number(state.held_bytes);
  }
  auto made = tokenizer.finish(state, room);
  tape.status(made);
  tape.raw(first(out, *made));
  made = tokenizer.decode(first(tokens, *count - 1), room, true);
  tape.status(made);
  tape.raw(first(out, *made));
  count = tokenizer.encode_pair(text, other, {}, scratch, tokens, types);
  tape.status(count);
  tape.raw(first(tokens, *count));
  tape.raw(first(types, *count));
  tape.status(tokenizer.encode(text, {.parse = false, .add = false}, scratch, std::span(tokens).first(2)));
  tape.number(tokenizer.decode_bytes());
  tape.number(tokenizer.count());
  tape.number(static_cast<std::uint64_t>(tokenizer.find("c")));
  tape.number(static_cast<std::uint64_t>(std::int64_t{tokenizer.find("no such piece")}));
  tape.text(tokenizer.piece(1));
  tape.number(tokenizer.is_special(1));
  tape.number(tokenizer.is_special(2));
  tape.status(Status{});
  const auto* target = model.root().target_tokenizer();
  tape.number(target == nullptr ? tokenizer.count() : target->tokens());
  return tape.bytes();
}

std::vector<unsigned char> sampled() {
  Tape tape;
  constexpr std::uint32_t kVocabulary = 50;
  AlignedBytes workspace(Sampler::workspace_bytes(kVocabulary));
  std::vector<float> logits;
  for (std::uint32_t i = 0; i < kVocabulary; ++i) logits.push_back(static_cast<float>((i * 37) % 41) * 0.125F);
  const std::vector<std::int32_t> suppressed = {3, 4}, seen = {7, 8, 7};
  tape.number(workspace.span().size());
  auto sampler = Sampler::create(kVocabulary, {}, {}, workspace.span());
  tape.status(sampler);
  const auto draw = [&](std::span<const std::int32_t> history, Draw which) {
    const auto token = sampler->next(logits, history, which);
    tape.status(token);
    tape.number(static_cast<std::uint64_t>(*token));
  };
  draw({}, {});
  SamplerOptions options{.temperature = 0.8F,
                         .top_k = 20,
                         .top_p = 0.95F,
                         .min_p = 0.01F,
                         .repetition_penalty = 1.25F,
                         .seed = 99,
                         .suppressed = suppressed};
  sampler = Sampler::create(kVocabulary, options, {}, workspace.span());
  tape.status(sampler);
  for (std::uint32_t i = 0; i < 40; ++i) draw(seen, {.stream = i % 3, .index = i});
  options.top_p = 2;
  tape.status(Sampler::create(kVocabulary, options, {}, workspace.span()));
  return tape.bytes();
}

void tape_hypothesis(Tape& tape, const Hypothesis& found) {
  tape.value(found.score);
  tape.value(found.log_prob);
  tape.number(found.stopped);
}

std::vector<unsigned char> searched(const std::vector<std::byte>& file, const Limits& limits) {
  constexpr std::uint32_t kBeams = 3, kMost = 6;
  Tape tape;
  Running running(file, limits);
  Session& session = *running.session;
  const std::uint32_t vocabulary = running.model.root().vocabulary();
  const std::vector<std::int32_t> prompt = {0, 2, 3}, stop = {1}, never = {5};
  AlignedBytes bits(TokenMarks::workspace_bytes(vocabulary));
  AlignedBytes workspace(BeamSearch::workspace_bytes(kBeams, kMost));
  for (int i = 0; i < 4; ++i) tape.status(Status{});
  TokenMarks marks(vocabulary, bits.span());
  marks.stop(stop);
  marks.suppress(never);
  tape.number(1);
  tape.number(workspace.span().size());
  const BeamOptions options{.beams = kBeams,
                            .nbest = 2,
                            .norm = LengthNorm::kGnmt,
                            .length_penalty = 0.75F,
                            .early_stopping = EarlyStopping::kNever};
  auto search = BeamSearch::create(options, marks, kMost, -1, workspace.span(), session.kernels());
  tape.status(search);
  Chunk chunk{.sequence = 0, .tokens = prompt, .types = {}};
  Status status = session.step({&chunk, 1});
  while (status.ok() && !search->done()) {
    for (std::uint32_t i = 0; i < search->running(); ++i) EXPECT_TRUE(search->consider(i, session.output(i)).ok());
    tape.number(search->considered_all());
    status = search->advance();
    tape.number(search->made());
    std::vector<std::uint32_t> parents;
    std::vector<std::int32_t> tokens;
    std::vector<Chunk> chunks;
    for (std::uint32_t i = 0; i < search->running(); ++i) {
      parents.push_back(search->parent(i));
      tokens.push_back(search->token(i));
    }
    for (std::uint32_t i = 0; i < search->running(); ++i)
      chunks.push_back({.sequence = i, .tokens = std::span<const std::int32_t>(tokens).subspan(i, 1), .types = {}});
    if (chunks.empty()) break;
    EXPECT_TRUE(session.reorder(parents).ok());
    status = session.step(chunks);
  }
  tape.status(status);
  tape.number(search->results());
  for (std::uint32_t i = 0; i < search->results(); ++i) {
    std::vector<std::int32_t> tokens(kMost);
    search->write(i, tokens);
    tape.status(Status{});
    tape_hypothesis(tape, search->result(i));
    tape.raw(first(tokens, search->result(i).tokens));
  }
  return tape.bytes();
}

void generate(Tape& tape, Generator& generator, const GenerateOptions& options, const TextSink& sink) {
  const auto made = generator.generate(options, sink);
  tape.status(made);
  tape.number(made.ok() ? made->tokens : 0);
  tape.number(made.ok() ? static_cast<std::uint64_t>(made->finish) : 0);
  tape.list(generator.tokens());
}

std::vector<unsigned char> generated(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  const GeneratorOptions options{.rolling = true, .beams = true};
  AlignedBytes memory(*Generator::workspace_bytes(running.plan, kText, options));
  auto generator = *Generator::create(*running.session, memory.span(), kText, options);
  const std::vector<std::int32_t> more = {4, 5}, suppressed = {6};
  const std::vector<std::string_view> stop = {"zz", "q"};
  for (int i = 0; i < 2; ++i) tape.status(Status{});
  tape.status(generator.add("the cat"));
  tape.status(generator.add(more));
  const auto names = generator.names_special("a</s>");
  tape.status(names);
  tape.number(*names);
  generate(tape, generator, {.max_tokens = 12, .ignore_stop_tokens = true}, sink_to(tape, true));
  const GenerateOptions stopped{.sampler = {.temperature = 1, .seed = 5, .suppressed = suppressed},
                                .max_tokens = 12,
                                .stop = stop,
                                .stop_tokens = more};
  generate(tape, generator, stopped, sink_to(tape, true));
  generate(tape, generator, stopped, sink_to(tape, false));
  tape.status(generator.truncate(6));
  generate(tape, generator, {.max_tokens = 5, .stop_tokens = more, .beam = {.beams = 3, .nbest = 2}},
           sink_to(tape, true));
  tape.number(generator.results());
  for (std::uint32_t i = 0; i < generator.results(); ++i) {
    std::array<char, 256> out{};
    tape.status(Status{});
    tape.value(generator.result(i).score);
    const auto text = generator.text(i, out);
    tape.status(text);
    tape.text(*text);
  }
  tape.status(generator.clear());
  tape.number(generator.tokens().size());
  tape.status(generator.generate({}, {}));
  tape.status(generator.add("cat"));
  tape.status(generator.generate({.max_tokens = 5, .stop_tokens = more, .ignore_stop_tokens = true}, {}));
  return tape.bytes();
}

std::vector<std::byte> chat_model() {
  return testing::text_decoder([](fb::ModelT& m) {
    m.generation->suppressed = {kStart, kEnd};
    m.chat = std::make_unique<fb::ChatTemplateT>();
    m.chat->prefix = "<s>";
    m.chat->system_before = "sys ";
    m.chat->system_after = "</s>";
    m.chat->user_before = "u ";
    m.chat->user_after = "</s>";
    m.chat->default_system = "as ever";
  });
}

std::vector<unsigned char> chatted(const std::vector<std::byte>& file, const Limits& limits, bool own_system) {
  Tape tape;
  Running running(file, limits);
  const std::size_t turn = Chat::rendered_bytes(running.model, kText);
  AlignedBytes memory(*Generator::workspace_bytes(running.plan, turn)), turns(turn);
  auto generator = *Generator::create(*running.session, memory.span(), turn);
  auto chat = Chat::create(generator, running.model, turns.span(),
                           own_system ? std::string_view("be kind") : std::string_view());
  tape.number(turn);
  for (int i = 0; i < 2; ++i) tape.status(Status{});
  tape.status(chat);
  for (const char* message : {"hi", "no</s>u "}) {
    const auto made = chat->say(message, {.max_tokens = 4}, sink_to(tape, true));
    tape.status(made);
    tape.number(made->tokens);
    tape.list(generator.tokens());
  }
  tape.status(chat->clear());
  tape.number(0);
  return tape.bytes();
}

std::vector<unsigned char> translated(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  const TranslatorOptions options{.beams = true, .coverage = true};
  AlignedBytes memory(*Translator::workspace_bytes(running.plan, kText, options));
  auto translator = *Translator::create(*running.session, memory.span(), kText, options);
  for (int i = 0; i < 2; ++i) tape.status(Status{});
  const std::vector<std::string_view> sources = {"one two", "a", "three words here"};
  const auto translate = [&](std::size_t count, const TranslateOptions& wanted, std::size_t results) {
    std::vector<char> out(2048);
    std::vector<Translation> made(results);
    const Status status = translator.translate(std::span(sources).first(count), wanted, out, made);
    tape.status(status);
    for (std::size_t i = 0; status.ok() && i < results; ++i) {
      tape.text(made[i].text);
      tape.number(made[i].source_tokens);
      tape.number(made[i].tokens);
      tape.number(static_cast<std::uint64_t>(made[i].finish));
      tape.value(made[i].score);
      tape.value(made[i].log_prob);
      tape.list(translator.tokens(i));
    }
  };
  translate(3, {}, 3);
  translate(3, {.sampler = {.temperature = 1.5F}, .max_tokens = 7, .first_stream = 3}, 3);
  const TranslateOptions beams{
      .max_tokens = 7, .first_stream = 3, .beam = {.beams = 3, .nbest = 2, .coverage_penalty = 0.25F}};
  translate(2, beams, 4);
  translate(3, beams, 6);
  std::vector<std::int32_t> tokens(32);
  const auto count = translator.source_tokens(sources[0], tokens);
  tape.status(count);
  tape.raw(first(tokens, *count));
  return tape.bytes();
}

const Passage kPassages[] = {{.text = "the cat"}, {.text = "one", .second = "two", .pair = true}, {.text = "abc abc"}};

std::vector<unsigned char> embedded(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  AlignedBytes memory(*Embedder::workspace_bytes(running.plan, kText));
  auto embedder = *Embedder::create(*running.session, memory.span(), kText);
  for (int i = 0; i < 2; ++i) tape.status(Status{});
  tape.number(embedder.pools());
  const EmbedOptions options{.special = {.parse = true, .add = true}, .truncate = true};
  const auto done = embedder.embed(kPassages, options);
  tape.status(done);
  tape.number(*done);
  tape.number(embedder.count());
  for (std::size_t i = 0; i < *done; ++i) {
    tape.list(embedder.tokens(i));
    for (std::size_t row = 0; row < embedder.rows(i); ++row) tape.list(embedder.vector(i, row));
  }
  tape.status(embedder.embed(std::span<const Passage>{}, options));
  return tape.bytes();
}

std::vector<unsigned char> classified(const std::vector<std::byte>& file, const Limits& limits) {
  Tape tape;
  Running running(file, limits);
  AlignedBytes memory(*Classifier::workspace_bytes(running.plan, kText));
  auto classifier = *Classifier::create(*running.session, memory.span(), kText);
  for (int i = 0; i < 2; ++i) tape.status(Status{});
  tape.number(classifier.labels_tokens());
  tape.number(classifier.labels());
  tape.text(classifier.label(1));
  const auto done = classifier.classify(kPassages);
  tape.status(done);
  for (std::size_t i = 0; i < *done; ++i) {
    tape.list(classifier.tokens(i));
    for (std::size_t row = 0; row < classifier.rows(i); ++row) {
      const auto probabilities = classifier.probabilities(i, row);
      tape.status(probabilities);
      tape.list(*probabilities);
      tape.list(classifier.embedder().vector(i, row));
      const auto best = classifier.best(i, row);
      tape.status(best);
      tape.number(best->label);
      tape.value(best->probability);
    }
  }
  return tape.bytes();
}

TEST(CTasks, ATokenizerEncodesAndDecodes) {
  for (const auto& file : {testing::text_decoder(), testing::text_translator([](fb::ModelT& model) {
                             model.target_tokenizer = testing::letters(model.vocabulary - 3);
                           })})
    EXPECT_EQ(tape_of(tokenizer_program, file, {}), tokenized(file));
}

TEST(CTasks, ASamplerDraws) { EXPECT_EQ(tape_of(sampler_program, {}, {}), sampled()); }

TEST(CTasks, ABeamSearchByHand) {
  const Limits limits{.context = 32, .outputs = 3, .sequences = 3};
  EXPECT_EQ(tape_of(beam_program, testing::text_decoder(), limits_of(limits)),
            searched(testing::text_decoder(), limits));
}

TEST(CTasks, AGeneratorGenerates) {
  const Limits limits{.context = 48, .sequences = 3};
  EXPECT_EQ(tape_of(generator_program, testing::text_decoder(), limits_of(limits)),
            generated(testing::text_decoder(), limits));
}

TEST(CTasks, AChatTalks) {
  const Limits limits{.context = 96};
  for (const bool own_system : {false, true})
    EXPECT_EQ(tape_of(chat_program, chat_model(), limits_of(limits), own_system),
              chatted(chat_model(), limits, own_system));
}

TEST(CTasks, ATranslatorTranslates) {
  const Limits limits{.context = 24, .source = 24, .sequences = 6};
  EXPECT_EQ(tape_of(translator_program, testing::text_translator(), limits_of(limits)),
            translated(testing::text_translator(), limits));
}

TEST(CTasks, AnEmbedderEmbeds) {
  const Limits limits{.source_rows = 40, .sequences = 3};
  EXPECT_EQ(tape_of(embedder_program, testing::text_encoder(), limits_of(limits)),
            embedded(testing::text_encoder(), limits));
}

TEST(CTasks, AClassifierLabels) {
  const Limits limits{.source_rows = 40, .sequences = 3};
  const auto file = testing::text_encoder([](fb::ModelT& model) { model.labels = {"zero", "one", "two"}; });
  EXPECT_EQ(tape_of(classifier_program, file, limits_of(limits)), classified(file, limits));
}

TEST(CTasks, NothingTakesTheHeap) {
  const Limits limits{.context = 48, .sequences = 3};
  const AlignedBytes file(testing::text_decoder());
  AlignedBytes memory(std::size_t{4} << 20);
  std::vector<unsigned char> bytes(std::size_t{1} << 18);
  tape out{bytes.data(), bytes.size(), 0};
  setting s{file.span().data(),
            file.span().size(),
            limits_of(limits),
            {reinterpret_cast<unsigned char*>(memory.span().data()), memory.span().size()},
            &out};
  const long before = testing::allocations();
  generator_program(&s);
  EXPECT_EQ(testing::allocations(), before);
}

}  // namespace
}  // namespace kinglet
