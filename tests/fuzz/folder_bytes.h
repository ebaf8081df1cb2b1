// A folder in one input, [which name][u16 bytes][bytes] for each of its files: for readers that look which files there are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/json_bytes.h"

namespace kinglet::fuzz {

struct PackedFile {
  std::uint8_t name = 0;  // of a list that a harness and its seeds share
  std::string bytes;
};

inline std::string pack(std::span<const PackedFile> files) {
  std::string all;
  for (const PackedFile& file : files) {
    all += static_cast<char>(file.name);
    all += static_cast<char>(file.bytes.size() & 0xffU);
    all += static_cast<char>(file.bytes.size() >> 8U & 0xffU);
    all += file.bytes;
  }
  return all;
}

// Of a file that is cut off, what there is; any name becomes one of the list.
inline std::vector<PackedFile> unpack(std::string_view all, std::size_t names) {
  std::vector<PackedFile> files;
  while (all.size() >= 3) {
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(all[at]); };
    const std::size_t size = byte(1) + std::size_t{byte(2)} * 256;
    files.push_back({static_cast<std::uint8_t>(byte(0) % names), std::string(all.substr(3, size))});
    all.remove_prefix(3 + files.back().bytes.size());
  }
  return files;
}

// One file is another one: changed, left out, or of another name.
inline std::string changed_folder(std::string_view all, std::span<const char* const> names, std::uint32_t seed) {
  constexpr std::size_t kMost = 0xffff;
  std::vector<PackedFile> files = unpack(all, names.size());
  if (files.empty()) return {};
  Inputs inputs(seed);
  const std::uint32_t which = inputs.below(static_cast<std::uint32_t>(files.size()));
  PackedFile& file = files[which];
  if (inputs.one_in(16)) {
    files.erase(files.begin() + which);
    return pack(files);
  }
  if (inputs.one_in(16)) {
    file.name = static_cast<std::uint8_t>(inputs.below(static_cast<std::uint32_t>(names.size())));
    return pack(files);
  }
  std::string made;
  if (std::string_view(names[file.name]).ends_with(".json") && !inputs.one_in(8)) made = changed_json(file.bytes, seed);
  if (made.empty()) {
    made = file.bytes;
    const std::size_t size = made.size();
    made.resize(std::min(kMost, size + 64));
    made.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(made.data()), std::min(size, kMost), made.size()));
  }
  if (made.size() <= kMost) file.bytes = std::move(made);
  return pack(files);
}

}  // namespace kinglet::fuzz
