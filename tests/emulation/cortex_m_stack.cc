// The stack that each entry point with texts takes, measured by painting it: searches, samples, tokenizers of every kind. A model's operators
// and tokenizer's rules lie one above the other as in any other model, so that its size does not matter.
#include "board.h"
#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/generator.h"
#include "kinglet/translator.h"
#include "model_generated.h"
#include "tests/emulation/same_bits.h"

// text_models.S
extern "C" const std::byte text_decoder[], text_decoder_end[];
extern "C" const std::byte text_encoder[], text_encoder_end[];
extern "C" const std::byte text_translator[], text_translator_end[];

namespace kinglet::emulation {
namespace {

constexpr std::size_t kMostStack = 4096;
constexpr std::size_t kText = 64;  // bytes
constexpr std::uint32_t kBeams = 2;
constexpr std::size_t kMemory = std::size_t{160} << 10;
alignas(64) std::byte memory[kMemory];
std::size_t used = 0;
bool good = true;

const Console console{[](const char* text, std::size_t length) { cortex_m::write({text, length}); }};

std::span<std::byte> take(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  if (rounded > kMemory - used) return {};
  used += rounded;
  return {memory + used - rounded, bytes};
}

// Runs `call`, which has to succeed, on a clean stack.
template <class Call>
void measured(const char* name, const Call& call) {
  cortex_m::paint_stack();
  const std::size_t before = cortex_m::stack_now();
  const Status status = call();
  const std::size_t stack = cortex_m::stack_used() - before;
  console << "stack of " << name << ": " << std::uint64_t{stack} << " bytes";
  if (!status.ok()) console << ", failed: " << status.message();
  if (stack > kMostStack) console << ", too much";
  console << "\n";
  good = good && status.ok() && stack <= kMostStack;
}

// A session in memory from its beginning; what was there is gone.
Session* session_of(std::span<const std::byte> file, const Limits& limits) {
  used = 0;
  auto model = Model::open(file);
  if (!model.ok()) return nullptr;
  auto plan = Plan::make(*model, limits);
  if (!plan.ok()) return nullptr;
  auto session = Session::create(*plan, take(plan->arena_bytes));
  return session.ok() ? *session : nullptr;
}

const TextSink kNowhere{[](void*, std::string_view) { return true; }, nullptr};
// Accents that are composed already and that are not, a syllable, a digit, a token by name.
constexpr std::string_view kPrompt = "the caf\xC3\xA9 e\xCC\x81 \xED\x95\x9C 12 </s>.";

void generate() {
  Session* session = session_of({text_decoder, text_decoder_end}, {.context = 64, .rows = 8, .sequences = kBeams});
  constexpr GeneratorOptions kOptions{.rolling = true, .beams = true};
  Result<Generator> generator = Status{};
  std::size_t bytes = 0;
  measured("Generator::workspace_bytes", [&] {
    auto needed = Generator::workspace_bytes(session->plan(), 2 * kText, kOptions);
    bytes = *needed;
    return needed.status();
  });
  const auto workspace = take(bytes);
  measured("Generator::create",
           [&] { return (generator = Generator::create(*session, workspace, 2 * kText, kOptions)).status(); });
  measured("Generator::add", [&] { return generator->add(kPrompt, {.parse = true, .add = true}); });
  measured("Generator::generate, greedy",
           [&] { return generator->generate({.max_tokens = 6, .ignore_stop_tokens = true}, kNowhere).status(); });
  const SamplerOptions sampler{
      .temperature = 0.9f, .top_k = 20, .top_p = 0.9f, .min_p = 0.01f, .repetition_penalty = 1.1f, .seed = 1};
  measured("Generator::generate, sampled", [&] {
    return generator->generate({.sampler = sampler, .max_tokens = 80, .ignore_stop_tokens = true}, kNowhere).status();
  });
  measured("Generator::clear", [&] { return generator->clear(); });
  measured("Generator::add, without special tokens", [&] { return generator->add(kPrompt, {}); });
  measured("Generator::generate, beams", [&] {
    return generator->generate({.max_tokens = 6, .beam = {.beams = kBeams, .nbest = kBeams}}, kNowhere).status();
  });
  const auto out = take(512);
  measured("Generator::text", [&] {
    return generator->text(0, {reinterpret_cast<char*>(out.data()), out.size()}).status();
  });
  const auto turns = take(512);
  Result<Chat> chat = Status{};
  measured("Chat::create",
           [&] { return (chat = Chat::create(*generator, session->plan().model, turns, {})).status(); });
  measured("Chat::say", [&] { return chat->say("a caf\xC3\xA9", {.max_tokens = 4}, kNowhere).status(); });
}

void translate() {
  Session* session = session_of({text_translator, text_translator_end},
                                {.context = 32, .source = 32, .rows = 8, .source_rows = 32, .sequences = kBeams});
  constexpr TranslatorOptions kOptions{.beams = true, .coverage = true};
  Result<Translator> translator = Status{};
  std::size_t bytes = 0;
  measured("Translator::workspace_bytes", [&] {
    auto needed = Translator::workspace_bytes(session->plan(), kText, kOptions);
    bytes = *needed;
    return needed.status();
  });
  const auto workspace = take(bytes);
  measured("Translator::create",
           [&] { return (translator = Translator::create(*session, workspace, kText, kOptions)).status(); });
  const auto memory_of_text = take(1024);
  const std::span<char> out{reinterpret_cast<char*>(memory_of_text.data()), memory_of_text.size()};
  constexpr std::string_view kSource = "the caf\xC3\xA9 \xED\x95\x9C";
  measured("Translator::translate, greedy",
           [&] { return translator->translate(kSource, {.max_tokens = 8}, out).status(); });
  measured("Translator::translate, sampled", [&] {
    return translator->translate(kSource, {.sampler = {.temperature = 1, .top_p = 0.9f}, .max_tokens = 8}, out)
        .status();
  });
  measured("Translator::translate, beams and coverage", [&] {
    return translator->translate(kSource, {.max_tokens = 8, .beam = {.beams = kBeams, .coverage_penalty = 0.2f}}, out)
        .status();
  });
}

void embed() {
  Session* session = session_of({text_encoder, text_encoder_end}, {.source = 32, .source_rows = 32});
  Result<Embedder> embedder = Status{};
  Result<Classifier> classifier = Status{};
  auto bytes = Classifier::workspace_bytes(session->plan(), kText);  // no less than Embedder's
  const auto workspace = take(*bytes);
  measured("Embedder::create", [&] { return (embedder = Embedder::create(*session, workspace, kText)).status(); });
  measured("Embedder::embed", [&] { return embedder->embed(kPrompt, {.truncate = true}); });
  measured("Embedder::embed, pairs", [&] {
    const Passage pair{.text = "caf\xC3\xA9", .second = "the e\xCC\x81", .pair = true};
    return embedder->embed({&pair, 1}).status();
  });
  measured("Classifier::create",
           [&] { return (classifier = Classifier::create(*session, workspace, kText)).status(); });
  measured("Classifier::classify", [&] { return classifier->classify(kPrompt, {.truncate = true}); });
  measured("Classifier::best", [&] { return classifier->best(0).status(); });
}

// Tokenizers by themselves: byte-level BPE, Unigram, WordPiece.
void tokenize() {
  const struct {
    const char *open, *encode, *decode;
    std::span<const std::byte> file;
  } kinds[] = {
      {"Model::open, BPE", "Tokenizer::encode, BPE", "Tokenizer::decode, BPE", {text_decoder, text_decoder_end}},
      {"Model::open, Unigram",
       "Tokenizer::encode, Unigram",
       "Tokenizer::decode, Unigram",
       {text_translator, text_translator_end}},
      {"Model::open, WordPiece",
       "Tokenizer::encode, WordPiece",
       "Tokenizer::decode, WordPiece",
       {text_encoder, text_encoder_end}},
  };
  for (const auto& kind : kinds) {
    used = 0;
    Result<Model> model = Status{};
    measured(kind.open, [&] { return (model = Model::open(kind.file)).status(); });
    auto tokenizer = Tokenizer::open(*model->root().tokenizer());
    const auto scratch = take(tokenizer->scratch_bytes(kText));
    const auto ids = take(2 * kText * sizeof(std::int32_t));
    const auto text = take(1024);
    const std::span<std::int32_t> tokens{reinterpret_cast<std::int32_t*>(ids.data()), 2 * kText};
    std::size_t made = 0;
    measured(kind.encode, [&] {
      auto encoded = tokenizer->encode(kPrompt, {.parse = true, .add = true}, scratch, tokens);
      made = *encoded;
      return encoded.status();
    });
    measured(kind.decode, [&] {
      return tokenizer->decode(tokens.first(made), {reinterpret_cast<char*>(text.data()), text.size()}).status();
    });
  }
}

}  // namespace
}  // namespace kinglet::emulation

int main() {
  using namespace kinglet::emulation;
  generate();
  translate();
  embed();
  tokenize();
  return good ? 0 : 1;
}
