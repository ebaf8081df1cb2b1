// WAV files for tests, right ones and those whose header says what is not so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kinglet::testing {

struct Wave {
  std::uint32_t rate = 16000;
  std::uint16_t channels = 1;
  std::vector<std::int16_t> samples = {};  // [frames, channels]

  std::string bytes() const;
  std::string write(const std::string& name) const;  // into the temporary folder; its path
};

std::string write_temporary(const std::string& name, const std::string& bytes);  // its path

}  // namespace kinglet::testing
