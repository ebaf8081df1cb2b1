// A decoder-only Transformer and its tokenizer: text in, text out, always the best token.
#include "board.h"
#include "firmware.h"
#include "kinglet/generator.h"

using namespace kinglet;

namespace {

Status run() {
  firmware::Memory memory;
  auto session = firmware::open_session(memory, {.context = 256, .rows = 1});
  if (!session.ok()) return session.status();
  auto bytes = Generator::workspace_bytes((*session)->plan(), firmware::kText);
  if (!bytes.ok()) return bytes.status();
  auto generator = Generator::create(**session, memory.take(*bytes), firmware::kText);
  if (!generator.ok()) return generator.status();
  char text[firmware::kText];
  if (auto s = generator->add(cortex_m::argument(text)); !s.ok()) return s;
  const TextSink sink{[](void*, std::string_view part) {
                        cortex_m::write(part);
                        return true;
                      },
                      nullptr};
  return generator->generate({.max_tokens = 100}, sink).status();
}

}  // namespace

int main() { return static_cast<int>(run().code()); }
