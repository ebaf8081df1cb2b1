// Generator, Chat, Translator, Embedder and Classifier, called with everything (sweep.h).
#include <cstring>
#include <string>

#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/translator.h"
#include "model_generated.h"
#include "tests/bundle.h"
#include "tests/runtime/api/sweep.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::List;
using testing::Running;
using testing::Text;

constexpr std::size_t kText = 64;

bool ignore(void*, std::string_view) { return true; }

class GeneratorSweep : public testing::Sweep {
 protected:
  static std::vector<std::byte> model() {
    return testing::text_decoder([](fb::ModelT& made) {
      made.chat = std::make_unique<fb::ChatTemplateT>();
      made.chat->user_before = "u ";
    });
  }

  void restore() override {
    running_.session = *Session::create(running_.plan, running_.arena.span());
    generator_ = *Generator::create(*running_.session, memory_.span(), kText, {.beams = true});
    chat_ = *Chat::create(generator_, running_.model, turns_.span(), "sys");
    ASSERT_TRUE(generator_.add("a cat").ok());
  }
  static void check(const Status& status) { ASSERT_TRUE(status.ok()) << status.message(); }
  std::string answer() {
    restore();
    testing::Kept kept;
    check(generator_.generate({.max_tokens = 5, .ignore_stop_tokens = true}, kept.sink()).status());
    return kept.text;
  }
  // With a search over two hypotheses behind it.
  void search() {
    restore();
    check(generator_.generate({.max_tokens = 3, .beam = {.beams = 2, .nbest = 2}}, {}).status());
  }

  Running running_{model(), {.context = 24, .rows = 8, .sequences = 2}};
  AlignedBytes memory_{*Generator::workspace_bytes(running_.plan, kText, {.beams = true})};
  AlignedBytes turns_{Chat::rendered_bytes(running_.model, kText)};
  Generator generator_;
  Chat chat_;
};

TEST_F(GeneratorSweep, Generator) {
  const std::string before = answer();
  sweep("Generator::workspace_bytes", [&](std::size_t text_bytes, bool rolling, bool beams) {
    const auto bytes = Generator::workspace_bytes(running_.plan, text_bytes, {.rolling = rolling, .beams = beams});
    EXPECT_TRUE(!bytes.ok() || *bytes > text_bytes);
    return bytes;
  });
  sweep("Generator::create", [&](std::span<std::byte> memory, std::size_t text_bytes, bool rolling, bool beams) {
    return Generator::create(*running_.session, memory, text_bytes, {.rolling = rolling, .beams = beams}).status();
  });
  sweep("Generator::clear", [&] { return generator_.clear(); });
  sweep("Generator::add", [&](std::string_view text, bool parse, bool add) {
    return generator_.add(text, {.parse = parse, .add = add});
  });
  sweep("Generator::add", [&](std::span<const std::int32_t> tokens) { return generator_.add(tokens); });
  sweep("Generator::truncate", [&](std::size_t count) {
    check(generator_.truncate(count));
    EXPECT_LE(generator_.tokens().size(), count);
    return generator_.generate({.max_tokens = 1}, {}).status().code() == Code::kNotFinite
               ? Status{Code::kNotFinite, "x"}
               : Status{};
  });
  sweep("Generator::names_special", [&](std::string_view text) {
    const auto named = generator_.names_special(text);
    EXPECT_TRUE(!named.ok() || *named == text.starts_with("<s>"));
    return named;
  });
  sweep("Generator::tokens", [&] { return generator_.tokens(); });
  EXPECT_EQ(answer(), before);
}

// Tokens of the context itself, which is behind what it was.
TEST_F(GeneratorSweep, TheContextIntoItself) {
  restore();
  const std::span<const std::int32_t> all = generator_.tokens();  // of "<s>a cat"
  const std::vector<std::int32_t> copy(all.begin(), all.end());
  check(generator_.truncate(2));
  check(generator_.add(all));
  ASSERT_EQ(generator_.tokens().size(), 2 + copy.size());
  EXPECT_TRUE(std::equal(copy.begin(), copy.end(), generator_.tokens().begin() + 2));
}

TEST_F(GeneratorSweep, Generate) {
  const std::string before = answer();
  sweep("Generator::generate", [&](std::uint32_t most, List stops, Text stop, bool ignored, bool sink) {
    return generator_
        .generate(
            {.max_tokens = most, .stop = {&stop.text, 1}, .stop_tokens = stops.tokens, .ignore_stop_tokens = ignored},
            {.write = sink ? nullptr : ignore})
        .status();
  });
  sweep("Generator::generate with any sampler",
        [&](float temperature, std::uint32_t top_k, float top_p, float min_p, List suppressed) {
          return generator_
              .generate({.sampler = {.temperature = temperature,
                                     .top_k = top_k,
                                     .top_p = top_p,
                                     .min_p = min_p,
                                     .suppressed = suppressed.tokens},
                         .max_tokens = 2},
                        {})
              .status();
        });
  sweep("Generator::generate by any search", [&](std::uint32_t beams, std::uint32_t nbest, std::uint32_t most,
                                                 float length, float coverage) {
    return generator_
        .generate({.max_tokens = most,
                   .beam = {.beams = beams, .nbest = nbest, .length_penalty = length, .coverage_penalty = coverage}},
                  {})
        .status();
  });
  sweep("Generator::results", [&] {
    search();
    return generator_.results();
  });
  sweep("Generator::result", [&](std::uint32_t index, bool searched) {
    if (!searched) search();
    EXPECT_EQ(generator_.result(index).score != 0, !searched && index < 2);
    return generator_.result(index).tokens;
  });
  sweep("Generator::text", [&](std::uint32_t index, std::span<char> out) {
    search();
    return generator_.text(index, out);
  });
  EXPECT_EQ(answer(), before);
}

TEST_F(GeneratorSweep, Chat) {
  const std::string before = answer();
  sweep("Chat::has_template", [&] { return Chat::has_template(running_.model); });
  sweep("Chat::rendered_bytes", [&](std::size_t text_bytes) {
    EXPECT_GE(Chat::rendered_bytes(running_.model, text_bytes), text_bytes);
    return Chat::rendered_bytes(running_.model, text_bytes);
  });
  sweep("Chat::create", [&](std::span<std::byte> workspace, std::string_view system) {
    auto chat = Chat::create(generator_, running_.model, workspace, system);
    return chat.ok() ? chat->say("a", {.max_tokens = 1}, {}).status() : chat.status();
  });
  sweep("Chat::say", [&](std::string_view message, std::uint32_t most, Text stop) {
    return chat_.say(message, {.max_tokens = most, .stop = {&stop.text, 1}}, {.write = ignore}).status();
  });
  sweep("Chat::clear", [&] { return chat_.clear(); });
  EXPECT_EQ(answer(), before);
}

class TranslatorSweep : public testing::Sweep {
 protected:
  void restore() override {
    running_.session = *Session::create(running_.plan, running_.arena.span());
    translator_ = *Translator::create(*running_.session, memory_.span(), kText, kOptions);
    sees_.session = *Session::create(sees_.plan, sees_.arena.span());
    captioner_ = *Translator::create(*sees_.session, captions_.span(), 0);
  }
  std::string answer() {
    restore();
    char out[256];
    const auto made = translator_.translate("a cat", {.max_tokens = 5}, out);
    EXPECT_TRUE(made.ok()) << made.status().message();
    return std::string(made->text);
  }

  // A model that reads pictures, with words.
  static std::vector<std::byte> captioner() {
    const AlignedBytes file = testing::released_model("captioner-attend");
    return testing::changed(file.span(), [](fb::ModelT& model) {
      model.target_tokenizer = testing::letters(model.vocabulary);
      model.generation = std::make_unique<fb::GenerationT>();
      model.generation->start = {testing::kStart};
      model.generation->stop = {testing::kEnd};
    });
  }

  static constexpr TranslatorOptions kOptions{.beams = true, .coverage = true};
  Running running_{testing::text_translator(), {.context = 12, .source = 12, .sequences = 4}};
  AlignedBytes memory_{*Translator::workspace_bytes(running_.plan, kText, kOptions)};
  Translator translator_;
  Running sees_{captioner(), {.context = 6, .sequences = 2}};
  AlignedBytes captions_{*Translator::workspace_bytes(sees_.plan, 0)};
  Translator captioner_;
};

TEST_F(TranslatorSweep, Create) {
  const std::string before = answer();
  sweep("Translator::workspace_bytes", [&](std::size_t text_bytes, bool beams, bool coverage) {
    const auto bytes = Translator::workspace_bytes(running_.plan, text_bytes, {.beams = beams, .coverage = coverage});
    EXPECT_TRUE(!bytes.ok() || *bytes > text_bytes);
    return bytes;
  });
  sweep("Translator::create", [&](std::span<std::byte> memory, std::size_t text_bytes, bool beams, bool coverage) {
    return Translator::create(*running_.session, memory, text_bytes, {.beams = beams, .coverage = coverage}).status();
  });
  sweep("Translator::source_tokens",
        [&](Text source, std::span<std::int32_t> out) { return translator_.source_tokens(source.text, out); });
  EXPECT_EQ(answer(), before);
}

TEST_F(TranslatorSweep, Translate) {
  const std::string before = answer();
  sweep("Translator::translate",
        [&](std::string_view source, std::span<char> out, std::uint32_t most, std::string_view language) {
          if (language == "a cat") language = {};
          const auto made = translator_.translate(source, {.max_tokens = most, .language = language}, out);
          return made.ok() ? Result<std::string_view>(made->text) : Result<std::string_view>(made.status());
        });
  std::vector<Translation> results;
  sweep("Translator::translate", [&](std::uint32_t sources, std::uint32_t count, std::uint32_t beams,
                                     std::uint32_t nbest, float length, float coverage) {
    const std::vector<std::string_view> texts(sources % 8, "ab");
    results.assign(count % 8, {});
    char out[512];
    return translator_.translate(
        texts,
        {.max_tokens = 2,
         .beam = {.beams = beams - 1, .nbest = nbest, .length_penalty = length, .coverage_penalty = coverage}},
        out, results);
  });
  sweep("Translator::translate", [&](std::span<const std::uint8_t> bytes, std::span<const float> features,
                                     std::span<char> out, std::uint32_t most) {
    const fb::Input& input = *sees_.model.root().input();
    const std::size_t size = std::size_t{input.grid()->height()} * input.grid()->width() * input.channels();
    if (bytes.size() == kRoom) bytes = bytes.first(size);
    if (features.size() == kRoom / sizeof(float)) features = {};
    const Grid grid{.bytes = bytes, .features = features};
    Translation result;
    return captioner_.translate({&grid, 1}, {.max_tokens = most}, out, {&result, 1});
  });
  sweep("Translator::tokens", [&](std::size_t index) { return translator_.tokens(index); });
  EXPECT_EQ(answer(), before);
}

template <class Task>
class VectorsSweep : public testing::Sweep {
 protected:
  void restore() override {
    running_.session = *Session::create(running_.plan, running_.arena.span());
    task_ = *Task::create(*running_.session, memory_.span(), kText);
    const Passage passages[] = {{.text = "a cat"}, {.text = "ab", .second = "c", .pair = true}};
    if constexpr (std::is_same_v<Task, Embedder>) judge(task_.embed(passages));
    else judge(task_.classify(passages));
  }
  // What each call of a text is told.
  template <class Call>
  auto with_texts(const Call& call) {
    return [&call](std::string_view text, std::string_view second, bool pair, bool truncate, bool grid) {
      const std::uint8_t pixel = 0;
      Passage passage{.text = text, .second = second, .pair = pair};
      if (grid) passage.grid = {.bytes = {&pixel, 1}};
      return call(std::span<const Passage>(&passage, 1), EmbedOptions{.truncate = truncate});
    };
  }

  Running running_{testing::text_encoder(), {.source = 16, .source_rows = 40, .sequences = 2}};
  AlignedBytes memory_{*Task::workspace_bytes(running_.plan, kText)};
  Task task_;
};
using EmbedderSweep = VectorsSweep<Embedder>;
using ClassifierSweep = VectorsSweep<Classifier>;

TEST_F(EmbedderSweep, Embedder) {
  restore();
  const std::vector<float> before(task_.vector(0).begin(), task_.vector(0).end());
  sweep("Embedder::workspace_bytes", [&](std::size_t text_bytes) {
    const auto bytes = Embedder::workspace_bytes(running_.plan, text_bytes);
    EXPECT_TRUE(!bytes.ok() || *bytes > text_bytes);
    return bytes;
  });
  sweep("Embedder::create", [&](std::span<std::byte> memory, std::size_t text_bytes) {
    return Embedder::create(*running_.session, memory, text_bytes).status();
  });
  const auto embed = [&](std::span<const Passage> passages, const EmbedOptions& options) {
    return task_.embed(passages, options);
  };
  sweep("Embedder::embed", with_texts(embed));
  sweep("Embedder::embed", [&](std::string_view text, bool parse, bool add) {
    return task_.embed(text, {.special = {.parse = parse, .add = add}});
  });
  EXPECT_FALSE(task_.embed(std::span<const Passage>()).ok());
  sweep("Embedder::count", [&] { return task_.count(); });
  sweep("Embedder::rows", [&](std::size_t index) { return task_.rows(index); });
  sweep("Embedder::vector", [&](std::size_t index, std::size_t row) {
    EXPECT_EQ(task_.vector(index, row).empty(), index > 1 || row > 0);
    return task_.vector(index, row);
  });
  sweep("Embedder::tokens", [&](std::size_t index) { return task_.tokens(index); });
  sweep("Embedder::pools", [&] { return task_.pools(); });
  sweep("Embedder::session", [&] { return task_.session().outputs(); });
  sweep("Embedder::tokenizer", [&] { return task_.tokenizer().count(); });
  // Whoever else uses the session takes the rows away.
  restore();
  auto other = *Embedder::create(*running_.session, memory_.span(), kText);
  ASSERT_TRUE(running_.session->forget(0).ok());
  EXPECT_FALSE(running_.session->encode({}).ok());
  EXPECT_EQ(std::vector<float>(task_.vector(0).begin(), task_.vector(0).end()), before);
  EXPECT_TRUE(other.vector(0).empty());
}

TEST_F(ClassifierSweep, Classifier) {
  restore();
  const auto best = task_.best(0);
  sweep("Classifier::workspace_bytes", [&](std::size_t text_bytes) {
    const auto bytes = Classifier::workspace_bytes(running_.plan, text_bytes);
    EXPECT_TRUE(!bytes.ok() || *bytes > text_bytes);
    return bytes;
  });
  sweep("Classifier::create", [&](std::span<std::byte> memory, std::size_t text_bytes) {
    return Classifier::create(*running_.session, memory, text_bytes).status();
  });
  const auto classify = [&](std::span<const Passage> passages, const EmbedOptions& options) {
    return task_.classify(passages, options);
  };
  sweep("Classifier::classify", with_texts(classify));
  sweep("Classifier::classify", [&](std::string_view text, bool parse, bool add) {
    return task_.classify(text, {.special = {.parse = parse, .add = add}});
  });
  EXPECT_FALSE(task_.classify(std::span<const Passage>()).ok());
  sweep("Classifier::probabilities",
        [&](std::size_t index, std::size_t row) { return task_.probabilities(index, row); });
  sweep("Classifier::best", [&](std::size_t index, std::size_t row) {
    const auto found = task_.best(index, row);
    EXPECT_TRUE(!found.ok() || found->label < task_.labels());
    return found.status();
  });
  sweep("Classifier::rows", [&](std::size_t index) { return task_.rows(index); });
  sweep("Classifier::tokens", [&](std::size_t index) { return task_.tokens(index); });
  sweep("Classifier::labels_tokens", [&] { return task_.labels_tokens(); });
  sweep("Classifier::labels", [&] { return task_.labels(); });
  sweep("Classifier::label", [&](std::uint32_t index) { return task_.label(index); });
  sweep("Classifier::embedder", [&] { return task_.embedder().count(); });
  restore();
  EXPECT_EQ(task_.best(0)->label, best->label);
  EXPECT_EQ(task_.best(0)->probability, best->probability);
}

}  // namespace
}  // namespace kinglet
