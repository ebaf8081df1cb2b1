#include "demo.h"

#include "kinglet/model.h"

extern "C" const std::byte model[], model_end[];

namespace kinglet::demo {
namespace {

constexpr std::size_t kMemory = std::size_t{464} << 10;
alignas(64) std::byte memory[kMemory];
std::size_t used = 0;

}  // namespace

std::span<const std::byte> model_file() { return {model, static_cast<std::size_t>(model_end - model)}; }

std::span<std::byte> take(std::size_t bytes) {
  const std::size_t rounded = (bytes + 63) / 64 * 64;
  if (rounded > kMemory - used) return {};
  used += rounded;
  return {memory + used - rounded, bytes};
}

std::size_t taken() { return used; }

void say(std::string_view text, std::uint64_t number, std::string_view unit) {
  char digits[20];
  std::size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  cortex_m::write(text);
  cortex_m::write({digits + first, sizeof digits - first});
  cortex_m::write(unit);
  cortex_m::write("\n");
}

void fail(Status status) {
  cortex_m::write("failed: ");
  say(status.message(), status.subject(), "");
  cortex_m::leave(1);
}

Session& open_session(const Limits& limits) {
  auto opened = Model::open(model_file());
  if (!opened.ok()) fail(opened.status());
  auto plan = Plan::make(*opened, limits);
  if (!plan.ok()) fail(plan.status());
  auto session = Session::create(*plan, take(plan->arena_bytes));
  if (!session.ok()) fail(session.status());
  say("arena: ", plan->arena_bytes, " bytes");
  return **session;
}

void say_memory() {
  say("all memory: ", taken(), " bytes");
  say("stack: ", cortex_m::stack_used(), " bytes");
}

}  // namespace kinglet::demo
