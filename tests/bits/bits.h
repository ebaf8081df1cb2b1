// The digests of models and tokenizers: one SHA-256 of all that a model computes, for every kernel set, number of threads, size of chunk and API.
// No heap and no C library, so that one program says it on a host, on emulated Arm and on a bare Cortex-M.
//
// It reads a list, a text of lines:
//     threads 1 2          chunks 0 1 3 16 (0: all)       apis c++ c
//     sets all (or best, or one's name)   cases 3 (of each model the first so many)
//     bundle NAME PATH     what write_bundles made of a model or a tokenizer; the lines above hold for those that follow
// and writes one line for each of these, ended by a line `end`:
//     size NAME BYTES-OF-THE-FILE BYTES-OF-THE-ARENA
//     digest NAME SET THREADS CHUNK API SHA-256       SET is - for a tokenizer or an input, which know no kernels
//     too-large NAME BYTES-WANTED BYTES-THERE         it does not fit this machine's memory
//     failed NAME SET THREADS CHUNK API SUBJECT MESSAGE
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/isa.h"
#include "kinglet/parallel.h"

namespace kinglet::bits {

inline constexpr std::size_t kMissing = ~std::size_t{0};

// What a machine gives.
struct Machine {
  void (*write)(std::string_view text) = nullptr;
  // Reads a whole file that fits `room`, and says how long it is; kMissing: there is none. The path ends in a zero.
  std::size_t (*read)(const char* path, std::span<std::byte> room) = nullptr;
  std::span<std::byte> memory;                            // at a multiple of 64
  void (*forget)(std::span<std::byte> memory) = nullptr;  // what lies there is worth nothing from here on
  CpuFeatures features = {};
  Parallel parallel = {};
};

// False: something failed; the lines say what.
bool run(const Machine& machine, const char* list);

// A bundle: what is asked, then the model's file or the tokenizer's tables at a multiple of 64. Numbers are little-endian 32-bit words:
//     kind, where the file begins, its bytes, cases, texts
//     a case: tokens, types, decoder tokens, floats of a grid (how many of each), then these; types are bytes, filled up to a word
//     a text: its bytes (how many), then these, filled up to a word
enum class Kind : std::uint32_t {
  kModel,
  kTokenizer,
  kInput
};  // kInput: a model of which only the input is asked, without cases

}  // namespace kinglet::bits
