// Every operator, tokenizer, task and search, and attention weights captured.
#include "board.h"
#include "firmware.h"
#include "kinglet/chat.h"
#include "kinglet/classifier.h"
#include "kinglet/embedder.h"
#include "kinglet/generator.h"
#include "kinglet/translator.h"

using namespace kinglet;

namespace {

constexpr std::uint32_t kBeams = 4;

const TextSink kSink{[](void*, std::string_view part) {
                       cortex_m::write(part);
                       return true;
                     },
                     nullptr};

Status converse(Session& session, firmware::Memory& memory, std::string_view text) {
  constexpr GeneratorOptions kOptions{.rolling = true, .beams = true};
  auto bytes = Generator::workspace_bytes(session.plan(), firmware::kText, kOptions);
  if (!bytes.ok()) return bytes.status();
  auto generator = Generator::create(session, memory.take(*bytes), firmware::kText, kOptions);
  if (!generator.ok()) return generator.status();
  auto chat = Chat::create(*generator, session.plan().model, memory.take(firmware::kText), {});
  if (!chat.ok()) return chat.status();
  auto said = chat->say(text, {.sampler = {.temperature = 0.8f, .top_k = 40, .top_p = 0.9f, .min_p = 0.05f}}, kSink);
  if (!said.ok()) return said.status();
  if (auto made = generator->generate({.beam = {.beams = kBeams}}, kSink); !made.ok()) return made.status();
  char out[firmware::kText];
  return generator->text(0, out).status();
}

Status translate(Session& session, firmware::Memory& memory, std::string_view text) {
  constexpr TranslatorOptions kOptions{.beams = true, .coverage = true};
  auto bytes = Translator::workspace_bytes(session.plan(), firmware::kText, kOptions);
  if (!bytes.ok()) return bytes.status();
  auto translator = Translator::create(session, memory.take(*bytes), firmware::kText, kOptions);
  if (!translator.ok()) return translator.status();
  char out[firmware::kText];
  auto made = translator->translate(text, {.beam = {.beams = kBeams}}, out);
  if (made.ok()) cortex_m::write(made->text);
  return made.status();
}

Status classify(Session& session, firmware::Memory& memory, std::string_view text) {
  auto bytes = Classifier::workspace_bytes(session.plan(), firmware::kText);
  if (!bytes.ok()) return bytes.status();
  auto classifier = Classifier::create(session, memory.take(*bytes), firmware::kText);
  if (!classifier.ok()) return classifier.status();
  if (auto s = classifier->classify(text); !s.ok()) return s;
  auto best = classifier->best(0);
  if (best.ok()) cortex_m::write(classifier->label(best->label));
  return best.status();
}

Status run() {
  firmware::Memory memory;
  auto session = firmware::open_session(memory, {.context = 256, .source = 128, .rows = 16, .sequences = kBeams});
  if (!session.ok()) return session.status();
  const Model& model = (*session)->plan().model;
  if (auto s = model.verify_checksums(); !s.ok()) return s;
  const auto maps = memory.take(16384);
  const AttentionCapture capture{.attention = 0,
                                 .sequence = 0,
                                 .rows = 16,
                                 .columns = 64,
                                 .weights = {reinterpret_cast<float*>(maps.data()), maps.size() / sizeof(float)}};
  if (auto s = (*session)->capture({&capture, 1}); !s.ok()) return s;
  char text[firmware::kText];
  const std::string_view given = cortex_m::argument(text);
  if (!model.has_encoder()) return converse(**session, memory, given);
  return model.has_decoder() ? translate(**session, memory, given) : classify(**session, memory, given);
}

}  // namespace

int main() {
  const Status status = run();
  cortex_m::write(status.message());
  return static_cast<int>(status.code());
}
