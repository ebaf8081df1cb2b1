// An encoder-only Transformer: tokens in, a vector out.
#include "board.h"
#include "firmware.h"

using namespace kinglet;

namespace {

Status run() {
  firmware::Memory memory;
  auto session = firmware::open_session(memory, {.source = 128});
  if (!session.ok()) return session.status();
  const auto tokens = memory.take(128 * sizeof(std::int32_t));  // where the board's input writes them
  const Chunk chunk{.sequence = 0, .tokens = {reinterpret_cast<const std::int32_t*>(tokens.data()), 128}, .types = {}};
  if (auto s = (*session)->encode({&chunk, 1}); !s.ok()) return s;
  const auto vector = (*session)->output(0);
  cortex_m::write({reinterpret_cast<const char*>(vector.data()), vector.size_bytes()});
  return {};
}

}  // namespace

int main() { return static_cast<int>(run().code()); }
