// A bundle of tests/bits: the file in it, which needs no converter to be there.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/aligned.h"
#include "tests/bits/bits.h"

namespace kinglet::testing {

struct Bundle {
  bits::Kind kind;
  AlignedBytes file;
};

inline Bundle read_bundle(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::vector<char> all{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::uint32_t head[3];
  std::memcpy(head, all.data(), sizeof head);
  return {static_cast<bits::Kind>(head[0]), AlignedBytes(std::as_bytes(std::span(all)).subspan(head[1], head[2]))};
}

// A model of tests/data/compat: "whisper" hears sounds, "captioner-attend" reads pictures.
inline AlignedBytes released_model(const char* name) {
  return read_bundle(std::filesystem::path(KINGLET_SOURCE_DIR "/tests/data/compat/0.2.0") /
                     (std::string(name) + ".bundle"))
      .file;
}

}  // namespace kinglet::testing
