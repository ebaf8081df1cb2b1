// Translates the text it is given: an encoder-decoder in flash.
#include "demo.h"
#include "kinglet/translator.h"

using namespace kinglet;

int main() {
  char text[256];
  const std::string_view source = cortex_m::argument(text);
  Session& session = demo::open_session({.context = 48, .source = 48});
  auto bytes = Translator::workspace_bytes(session.plan(), sizeof text);
  if (!bytes.ok()) demo::fail(bytes.status());
  auto translator = Translator::create(session, demo::take(*bytes), sizeof text);
  if (!translator.ok()) demo::fail(translator.status());
  char out[512];
  auto made = translator->translate(source, {}, out);
  if (!made.ok()) demo::fail(made.status());
  cortex_m::write(made->text);
  cortex_m::write("\n");
  demo::say_memory();
  return 0;
}
