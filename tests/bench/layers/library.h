// A library that multiplies int8 matrices, measured on the layers of layers.h. Each is a program of its own, built where the library is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/bench/layers.h"

namespace kinglet::bench {

class LibraryLayer {
 public:
  virtual ~LibraryLayer() = default;
  virtual void run(std::size_t copy) = 0;  // one call, with that copy of the weights
};

// Of the library that the program is linked with; null where it cannot.
std::unique_ptr<LibraryLayer> make_layer(const LayerShape& shape, std::size_t copies);

inline std::vector<std::int8_t> some_bytes(std::size_t count) {
  std::vector<std::int8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::int8_t>(i * 7 % 251);
  return bytes;
}

}  // namespace kinglet::bench
