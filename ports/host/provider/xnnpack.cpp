#include "xnnpack/engine.h"

#include "failure.h"
#include "file.h"
#include "provider.h"

namespace kinglet::host {

static_assert(OtherEngine::kReadsBehind >= xnnpack::kReadsBehind);

struct OtherEngine::State {
  std::unique_ptr<Arena> block;
  std::unique_ptr<xnnpack::Engine> engine;
};

OtherEngine::OtherEngine(const std::string& name) {
  if (name == "none") return;
  if (name != "xnnpack") throw Misuse("--provider " + name + ": there is none of that name: none or xnnpack");
  state_ = std::make_unique<State>();
}

Result<Session*> OtherEngine::create(const Plan& plan, std::span<std::byte> arena, SessionOptions options,
                                     pthreadpool_t pool) {
  if (state_ == nullptr) return Session::create(plan, arena, options);
  xnnpack::Engine measuring(pool, {});
  options.provider = measuring.provider();
  if (const auto session = Session::create(plan, arena, options); !session.ok()) return session;
  if (measuring.operators() == 0) {
    options.provider = {};
    return Session::create(plan, arena, options);
  }
  state_->block = std::make_unique<Arena>(measuring.bytes());
  state_->engine = std::make_unique<xnnpack::Engine>(pool, xnnpack::Options{}, state_->block->bytes());
  options.provider = state_->engine->provider();
  return Session::create(plan, arena, options);
}

OtherEngine::~OtherEngine() = default;

}  // namespace kinglet::host
