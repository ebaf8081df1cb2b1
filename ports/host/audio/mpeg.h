// The frames of an MP3 file (ISO 11172-3, 13818-3): where each ends is in its head, and encoders say in the first how many there are.
#pragma once

#include <cstddef>
#include <span>

namespace kinglet::host {

struct Mpeg {
  std::size_t frames = 0;  // one behind the other from the beginning on; 0: it is no MP3 file
  std::size_t told = 0;    // by the first, that is not counted itself or is; 0: it does not say
  bool cut = false;        // the last ends behind the file
};

Mpeg read_mpeg(std::span<const std::byte> file);

}  // namespace kinglet::host
