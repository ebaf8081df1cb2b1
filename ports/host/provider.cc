#include "provider.h"

#include "failure.h"
#include "file.h"
#ifdef KINGLET_HAS_XNNPACK
#include "xnnpack/engine.h"
#endif

namespace kinglet::host {

#ifdef KINGLET_HAS_XNNPACK

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

#else

struct OtherEngine::State {};

OtherEngine::OtherEngine(const std::string& name) {
  if (name == "xnnpack") throw Failure("--provider xnnpack: this program was built where XNNPACK is not installed");
  if (name != "none") throw Misuse("--provider " + name + ": there is none of that name: none or xnnpack");
}

Result<Session*> OtherEngine::create(const Plan& plan, std::span<std::byte> arena, SessionOptions options,
                                     pthreadpool_t) {
  return Session::create(plan, arena, options);
}

#endif

OtherEngine::~OtherEngine() = default;

}  // namespace kinglet::host
