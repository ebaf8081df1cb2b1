#include "tests/faults/faults.h"

namespace kinglet::faults {
namespace {

Fault armed_with;
std::atomic<std::uint64_t>* seen = nullptr;
std::atomic<bool> armed{false};

}  // namespace

void arm(const Fault& fault, std::atomic<std::uint64_t>& count) {
  armed_with = fault;
  seen = &count;
  armed = true;
}

void disarm() { armed = false; }

int ask(Kind kind) noexcept {
  if (!armed || (armed_with.kinds & bit(kind)) == 0) return 0;
  const std::uint64_t number = ++*seen;
  const bool now = number == armed_with.at || (armed_with.lasting && armed_with.at != 0 && number > armed_with.at);
  if (!now) return 0;
  if (armed_with.act != nullptr) {
    armed = false;
    armed_with.act();
    armed = true;
  }
  return armed_with.error;
}

}  // namespace kinglet::faults
