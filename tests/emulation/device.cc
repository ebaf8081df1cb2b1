// The comparisons on a Cortex-M without an operating system, where unaligned access is a fault, and what is promised there besides: a model is
// refused at any address but a multiple of 64, runs in exactly the memory its plan names, and needs a stack that is measured.
#include "board.h"
#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "tests/emulation/same_bits.h"

extern "C" const std::byte tiny_decoder[], tiny_decoder_end[];

namespace kinglet::emulation {
namespace {

constexpr std::size_t kMostStack = 4096;  // of any entry point
constexpr std::size_t kArena = std::size_t{64} << 10;
alignas(64) std::byte arena[kArena + 64];
alignas(64) std::byte copy[(std::size_t{48} << 10) + 64];

const Console console{[](const char* text, std::size_t length) { cortex_m::write({text, length}); }};

// Runs `call` on a clean stack and says how much of it that took.
template <class Call>
bool measured(const char* name, const Call& call) {
  cortex_m::paint_stack();
  const std::size_t before = cortex_m::stack_now();
  const bool ok = call();
  const std::size_t used = cortex_m::stack_used() - before;
  console << "stack of " << name << ": " << std::uint64_t{used} << " bytes\n";
  return ok && used <= kMostStack;
}

// Every address but one is refused, by a Status and without a fault.
bool every_address() {
  const auto size = static_cast<std::size_t>(tiny_decoder_end - tiny_decoder);
  if (size > sizeof copy - 64) return false;
  for (std::size_t offset = 0; offset < 64; ++offset) {
    std::memcpy(copy + offset, tiny_decoder, size);
    const auto model = Model::open({copy + offset, size});
    if (model.ok() != (offset == 0) || (offset != 0 && model.status().code() != Code::kBadArgument)) return false;
  }
  return true;
}

bool exact_arena() {
  Result<Model> model = Status{};
  Result<Plan> plan = Status{};
  Result<Session*> session = Status{};
  bool ok = measured("Model::open", [&] { return (model = Model::open({tiny_decoder, tiny_decoder_end})).ok(); });
  ok = measured("Model::verify_checksums", [&] { return model->verify_checksums().ok(); }) && ok;
  ok = measured("Plan::make", [&] { return (plan = Plan::make(*model, {.context = 40, .rows = 8})).ok(); }) && ok;
  if (!ok || plan->arena_bytes > kArena) return false;
  std::memset(arena, 0x55, sizeof arena);
  ok = !Session::create(*plan, {arena, plan->arena_bytes - 1}).ok();
  ok = measured("Session::create",
                [&] {
                  return (session = Session::create(*plan, {arena, plan->arena_bytes})).ok();
                }) &&
       ok;
  if (!ok) return false;
  constexpr std::int32_t kTokens[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const Chunk prompt{.sequence = 0, .tokens = kTokens, .types = {}};
  const Chunk next{.sequence = 0, .tokens = {kTokens, 1}, .types = {}};
  ok = measured("Session::step, 8 rows", [&] { return (*session)->step({&prompt, 1}).ok(); });
  ok = measured("Session::step, 1 row", [&] { return (*session)->step({&next, 1}).ok(); }) && ok;
  for (std::size_t i = plan->arena_bytes; i < sizeof arena; ++i) ok = ok && arena[i] == std::byte{0x55};
  return ok;
}

}  // namespace
}  // namespace kinglet::emulation

int main() {
  using namespace kinglet::emulation;
  bool ok = run_all(console, 1, nullptr, {});
  const auto check = [&ok](const char* name, bool (*holds)()) {
    const bool good = holds();
    console << name << (good ? ": ok\n" : ": FAILED\n");
    ok = ok && good;
  };
  check("a model at every address", every_address);
  check("an arena to the byte", exact_arena);
  return ok ? 0 : 1;
}
