// Continues the text it is given: a decoder-only model in flash.
#include "demo.h"
#include "kinglet/generator.h"

using namespace kinglet;

int main() {
  char text[256];
  const std::string_view prompt = cortex_m::argument(text);
  Session& session = demo::open_session({.context = 256, .rows = 16});
  auto bytes = Generator::workspace_bytes(session.plan(), sizeof text);
  if (!bytes.ok()) demo::fail(bytes.status());
  auto generator = Generator::create(session, demo::take(*bytes), sizeof text);
  if (!generator.ok()) demo::fail(generator.status());
  if (auto status = generator->add(prompt); !status.ok()) demo::fail(status);
  const TextSink sink{[](void*, std::string_view part) {
                        cortex_m::write(part);
                        return true;
                      },
                      nullptr};
  auto made = generator->generate({.max_tokens = 100}, sink);
  if (!made.ok()) demo::fail(made.status());
  cortex_m::write("\n");
  demo::say_memory();
  return 0;
}
