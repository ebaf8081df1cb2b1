// Built where XNNPACK is not installed.
#include "failure.h"
#include "provider.h"

namespace kinglet::host {

struct OtherEngine::State {};

OtherEngine::OtherEngine(const std::string& name) {
  if (name != "none") throw Failure("--provider " + name + ": this program was built where XNNPACK is not installed");
}

Result<Session*> OtherEngine::create(const Plan& plan, std::span<std::byte> arena, SessionOptions options,
                                     pthreadpool_t) {
  return Session::create(plan, arena, options);
}

OtherEngine::~OtherEngine() = default;

}  // namespace kinglet::host
