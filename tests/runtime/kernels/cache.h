// The keys and values of one head, for tests.
#pragma once

#include <cmath>

#include "tests/runtime/kernels/kernels_test_util.h"

namespace kinglet::kernels::test {

// A cache of one head; unwritten memory holds garbage, NaN scales among it.
struct Cache {
  Cache(Random& random, std::size_t slots, std::size_t dim)
      : capacity(padded(slots, 16)),
        head_dim(dim),
        keys(capacity * padded(dim, 4)),
        values(padded(dim, 16) * capacity),
        key_scale(capacity),
        value_scale(capacity) {
    scramble(random);
  }

  void scramble(Random& random) {
    fill_bytes(random, keys);
    fill_bytes(random, values);
    for (auto* scales : {&key_scale, &value_scale}) {
      for (float& s : *scales) s = float_of(static_cast<std::uint32_t>(random()));
      for (std::size_t i = 0; i < capacity; i += 3) (*scales)[i] = below(random, 2) == 0 ? NAN : INFINITY;
    }
  }

  KeyValueHead view() { return {keys.data(), values.data(), key_scale.data(), value_scale.data(), capacity}; }

  std::size_t capacity, head_dim;
  Buffer<std::int8_t> keys, values;
  Buffer<float> key_scale, value_scale;
};

}  // namespace kinglet::kernels::test
