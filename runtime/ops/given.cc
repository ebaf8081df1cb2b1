#include "ops/given.h"

namespace kinglet::ops {
namespace {

// Nothing overlaps and the count is known, so that compilers make vectors of it.
template <std::size_t kCount>
void convert(const std::uint8_t* __restrict from, const float* __restrict gains, const float* __restrict shifts,
             float* __restrict out) {
  for (std::size_t i = 0; i < kCount; ++i) out[i] = gains[i] * static_cast<float>(from[i]) + shifts[i];
}

}  // namespace

GivenBytes::GivenBytes(const fb::Input& input, const Frame& frame)
    : channels_(input.channels()),
      gain_(frame.vector(input.gain())),
      shift_(frame.vector(input.shift())) {
  if (gain_ == nullptr || channels_ > kFew) return;
  for (std::size_t i = 0; i < kAtOnce * channels_; ++i) {
    gains_[i] = gain_[i % channels_];
    shifts_[i] = shift_[i % channels_];
  }
}

void GivenBytes::floats(const std::uint8_t* from, std::size_t count, float* out) const {
  if (channels_ <= kFew) {
    for (; count >= kAtOnce; count -= kAtOnce) {
      for (std::size_t c = 0; c < channels_; ++c, from += kAtOnce, out += kAtOnce)
        convert<kAtOnce>(from, gains_ + c * kAtOnce, shifts_ + c * kAtOnce, out);
    }
  }
  for (; count > 0; --count, from += channels_, out += channels_) floats(from, 0, channels_, out);
}

}  // namespace kinglet::ops
