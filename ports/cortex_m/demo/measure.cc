// How many instructions a model takes for a token, in QEMU with -icount shift=0, where an instruction is a nanosecond: a decoder-only model
// continues its start token by 64 tokens, an encoder-decoder translates the text it is given, alone and without searching.
#include "board.h"
#include "demo.h"
#include "instructions.h"
#include "kinglet/generator.h"
#include "kinglet/translator.h"

using namespace kinglet;

namespace {

constexpr std::uint32_t kTokens = 64;

void report(std::uint64_t ticks, std::uint32_t tokens) {
  demo::say("tokens: ", tokens, "");
  demo::say("instructions per token: ", cortex_m::instructions(ticks) / tokens, "");
}

void generate(Session& session) {
  auto bytes = Generator::workspace_bytes(session.plan(), 0);
  if (!bytes.ok()) demo::fail(bytes.status());
  auto generator = Generator::create(session, demo::take(*bytes), 0);
  if (!generator.ok()) demo::fail(generator.status());
  constexpr std::int32_t kStart = 1;
  if (auto s = generator->add({&kStart, 1}); !s.ok()) demo::fail(s);
  cortex_m::start_clock();
  auto made = generator->generate({.max_tokens = kTokens, .ignore_stop_tokens = true}, {});
  const std::uint64_t ticks = cortex_m::ticks();
  if (!made.ok()) demo::fail(made.status());
  report(ticks, made->tokens);
}

void translate(Session& session, std::string_view source) {
  auto bytes = Translator::workspace_bytes(session.plan(), source.size());
  if (!bytes.ok()) demo::fail(bytes.status());
  auto translator = Translator::create(session, demo::take(*bytes), source.size());
  if (!translator.ok()) demo::fail(translator.status());
  char out[512];
  cortex_m::start_clock();
  auto made = translator->translate(source, {}, out);
  const std::uint64_t ticks = cortex_m::ticks();
  if (!made.ok()) demo::fail(made.status());
  cortex_m::write(made->text);
  cortex_m::write("\n");
  report(ticks, made->tokens + 1);  // the one that ends it
}

}  // namespace

int main() {
  char text[256];
  const std::string_view source = cortex_m::argument(text);
  auto model = Model::open(demo::model_file());
  if (!model.ok()) demo::fail(model.status());
  if (model->has_encoder()) translate(demo::open_session({.context = 48, .source = 48}), source);
  else generate(demo::open_session({.context = 256, .rows = 1}));
  return 0;
}
