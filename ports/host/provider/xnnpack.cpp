#include "xnnpack/engine.h"

#include <cstdio>

#include "failure.h"
#include "file.h"
#include "model_generated.h"
#include "provider.h"

namespace kinglet::host {

static_assert(OtherEngine::kReadsBehind >= xnnpack::kReadsBehind);

namespace {

bool has_ranges(const fb::Function& function) {
  for (const auto* op : *function.operators()) {
    const fb::Conv2d* convolution = op->body_as_Conv2d();
    if (convolution != nullptr && convolution->ranges() != nullptr) return true;
  }
  return false;
}

std::size_t operators_of(const fb::Function* function) {
  return function == nullptr ? 0 : function->operators()->size();
}

// What was asked for need not be what happens: that depends on the model. It is said once, however often a session is made anew.
void tell(const std::string& name, std::size_t taken, const fb::Model& root) {
  static std::string said;
  const std::string all = std::to_string(operators_of(root.encode()) + operators_of(root.step()));
  const std::string line =
      "kinglet: provider " + name + ": " +
      (taken == 0 ? "it is the faster at none of the " + all + " operators, which are all Kinglet's"
                  : std::to_string(taken) + " of " + all + " operators") +
      "\n";
  if (line == said) return;
  std::fputs(line.c_str(), stderr);
  said = line;
}

void check_int8(const fb::Model& root) {
  if (!xnnpack::kHasStaticConvolutions)
    throw Failure("--provider xnnpack-int8: the installed XNNPACK has no such convolutions: use --provider xnnpack");
  if (root.encode() == nullptr || !has_ranges(*root.encode()))
    throw Failure(
        "--provider xnnpack-int8: no convolution of the model has ranges: convert it with --calibrate and "
        "pictures like those it will see (depthwise convolutions do not count)");
}

}  // namespace

struct OtherEngine::State {
  std::string name;
  xnnpack::Options options;
  std::unique_ptr<Arena> block;
  std::unique_ptr<xnnpack::Engine> engine;
};

OtherEngine::OtherEngine(const std::string& name) {
  if (name == "none") return;
  state_ = std::make_unique<State>();
  state_->name = name;
  state_->options.static_convolutions = name == "xnnpack-int8";
}

Result<Session*> OtherEngine::create(const Plan& plan, std::span<std::byte> arena, SessionOptions options,
                                     pthreadpool_t pool) {
  if (state_ == nullptr) return Session::create(plan, arena, options);
  if (state_->options.static_convolutions) check_int8(plan.model.root());
  xnnpack::Engine measuring(pool, state_->options);
  options.provider = measuring.provider();
  if (const auto session = Session::create(plan, arena, options); !session.ok()) return session;
  tell(state_->name, measuring.operators(), plan.model.root());
  if (measuring.operators() == 0) {
    options.provider = {};
    return Session::create(plan, arena, options);
  }
  state_->block = std::make_unique<Arena>(measuring.bytes());
  state_->engine = std::make_unique<xnnpack::Engine>(pool, state_->options, state_->block->bytes());
  options.provider = state_->engine->provider();
  return Session::create(plan, arena, options);
}

OtherEngine::~OtherEngine() = default;

}  // namespace kinglet::host
