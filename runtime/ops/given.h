// What the caller gave instead of tokens, as the floats that a convolution reads.
#pragma once

#include "ops/frame.h"

namespace kinglet::ops {

// Pixels given as bytes: a channel's number is gain * byte + shift.
class GivenBytes {
 public:
  GivenBytes() = default;
  GivenBytes(const fb::Input& input, const Frame& frame);

  // All channels of `count` pixels side by side as floats.
  void floats(const std::uint8_t* from, std::size_t count, float* out) const;

  // `count` channels from `first` on of one pixel.
  void floats(const std::uint8_t* from, std::size_t first, std::size_t count, float* out) const {
    for (std::size_t c = 0; c < count; ++c)
      out[c] = gain_[first + c] * static_cast<float>(from[first + c]) + shift_[first + c];
  }

 private:
  static constexpr std::size_t kFew = 4, kAtOnce = 16;  // channels that pictures have; bytes that become a vector

  std::size_t channels_ = 0;
  const float* gain_ = nullptr;
  const float* shift_ = nullptr;
  float gains_[kAtOnce * kFew];  // of sixteen pixels, where they have few channels
  float shifts_[kAtOnce * kFew];
};

}  // namespace kinglet::ops
