#include "converter/passes/int8_session.h"

#include <cstdlib>
#include <string>

#include "converter/error.h"
#include "converter/reference/parallel.h"

namespace kinglet::converter {
namespace {

void check(const Status& status, const char* doing) {
  if (status.ok()) return;
  throw Error(std::string("the int8 model failed in ") + doing + ": " + status.message() + " (" +
              std::to_string(status.subject()) +
              "); the checkpoint's values are beyond what int8 holds, or the file is damaged");
}

void parallel_run(void* context, std::uint32_t count, void (*fn)(void* arg, std::uint32_t index), void* arg) {
  parallel_for(*static_cast<const unsigned*>(context), count,
               [&](std::size_t i) { fn(arg, static_cast<std::uint32_t>(i)); });
}

}  // namespace

Int8Session::Int8Session(const Model& model, const Limits& limits, const Observer& observer)
    : threads_(limits.threads),
      arena_(nullptr, &std::free) {
  const auto plan = Plan::make(model, limits);
  check(plan.status(), "planning");
  const std::size_t bytes = (plan->arena_bytes + 63) / 64 * 64;
  arena_.reset(static_cast<std::byte*>(std::aligned_alloc(64, bytes)));
  if (!arena_)
    throw Error("no memory for an arena of " + std::to_string(plan->arena_bytes) +
                " bytes: convert with a smaller --context");
  SessionOptions options;
  options.parallel = {&parallel_run, &threads_};
  options.observer = observer;
  const auto session = Session::create(*plan, {arena_.get(), bytes}, options);
  check(session.status(), "creating a session");
  session_ = *session;
}

void Int8Session::encode(const Chunk& chunk) { check(session_->encode({&chunk, 1}), "encode"); }

void Int8Session::step(const Chunk& chunk) { check(session_->step({&chunk, 1}), "step"); }

}  // namespace kinglet::converter
