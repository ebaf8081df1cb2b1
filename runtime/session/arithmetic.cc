#include "session/arithmetic.h"

#include <bit>

namespace kinglet {
namespace {

enum Fault : std::uint32_t { kNone, kDenormals, kRounding };

// Through volatile, so that it is computed when it runs, by whoever runs it; bits, because a processor that takes denormals for zero
// compares them so, too.
std::uint32_t product_bits(float a, float b) {
  const volatile float left = a, right = b;
  const volatile float product = left * right;
  return std::bit_cast<std::uint32_t>(static_cast<float>(product));
}

std::uint32_t sum_bits(float a, float b) {
  const volatile float left = a, right = b;
  const volatile float sum = left + right;
  return std::bit_cast<std::uint32_t>(static_cast<float>(sum));
}

std::uint32_t fault() {
  constexpr float kDenormal = 0x1p-140f;
  const bool made = product_bits(0x1p-100f, 0x1p-40f) == std::bit_cast<std::uint32_t>(kDenormal);
  const bool read = product_bits(kDenormal, 0x1p+100f) == std::bit_cast<std::uint32_t>(0x1p-40f);
  if (!made || !read) return kDenormals;
  // Between 1 and its neighbours, to the even one: upwards, downwards and towards zero each go wrong somewhere.
  constexpr std::uint32_t kOne = std::bit_cast<std::uint32_t>(1.0f);
  const bool nearest = sum_bits(1.0f, 0x1p-24f) == kOne && sum_bits(1.0f, -0x1p-25f) == kOne &&
                       sum_bits(-1.0f, -0x1p-24f) == std::bit_cast<std::uint32_t>(-1.0f);
  return nearest ? kNone : kRounding;
}

}  // namespace

Status check_arithmetic(const Parallel& parallel, std::uint32_t threads) {
  std::uint32_t found = fault();
  if (parallel.run != nullptr && threads > 1 && found == kNone) {
    const auto check = [](void* arg, std::uint32_t) {
      const std::uint32_t here = fault();
      if (here != kNone) __atomic_store_n(static_cast<std::uint32_t*>(arg), here, __ATOMIC_RELAXED);
    };
    parallel.run(parallel.context, threads, check, &found);
  }
  switch (static_cast<Fault>(found)) {
    case kNone: return {};
    case kDenormals:
      return {Code::kUnsupported, "this thread's processor takes denormal floats for zero: switch flushing off"};
    case kRounding:
      return {Code::kUnsupported,
              "this thread's processor does not round floats to the nearest: set its rounding mode"};
  }
  return {};
}

}  // namespace kinglet
