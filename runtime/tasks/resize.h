// One side of a picture on its way to another length, as Pillow's Image.resize (13.0) has it: which places give a place of the result, and
// how much, in 22 bits of fixed point. The filter grows with the step where the side becomes shorter.
#pragma once

#include <cstdint>
#include <span>

#include "model_generated.h"

namespace kinglet {

class Resize {
 public:
  static constexpr int kBits = 22;  // of a weight's fraction: 8 of a byte, 2 to spare

  Resize() = default;
  Resize(std::uint32_t from, std::uint32_t to, fb::Filter filter);  // lengths above 0

  std::uint32_t most() const { return most_; }  // places that one needs at most

  struct Taps {
    std::uint32_t first, count;
  };
  // Of place `index`, quickest one behind the other; their weights go to `weights`, [most()]. `values` is as long.
  Taps taps(std::uint32_t index, std::span<std::int32_t> weights, std::span<double> values);

 private:
  std::uint32_t nearest(std::uint32_t index);

  std::uint32_t from_ = 1, to_ = 1, most_ = 1;
  double stretch_ = 1, support_ = 0;
  std::uint32_t index_ = 0;  // whose middle is `middle_`, of the nearest place
  double middle_ = 0;
  fb::Filter filter_ = fb::Filter::Nearest;
};

}  // namespace kinglet
