// Plan: how much memory a session of a model needs under given limits, to the byte, before any of it is allocated.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kinglet/model.h"

namespace kinglet {

// What one session is made for. 0 takes the default.
struct Limits {
  std::uint32_t context = 0;      // positions a sequence may have; default: the model's, at most 2048
  std::uint32_t source = 0;       // rows of one encoded sequence; default: the model's, at most 512
  std::uint32_t rows = 0;         // rows of one call of `step`, over all its sequences; default: min(context, 128)
  std::uint32_t source_rows = 0;  // rows of one call of `encode`, over all its sequences; default: source
  std::uint32_t outputs = 0;      // output rows of one call, where they are chosen (Want); default: sequences
  std::uint32_t sequences = 1;    // sequences alive at once
  std::uint32_t sources = 0;      // encoded sources alive at once, which sequences may share; default: sequences
  std::uint32_t threads = 1;      // how many threads may work on one call
};

// As `make` gave it: a session believes each number.
struct Plan {
  Model model;
  Limits limits;                    // with the defaults filled in
  std::uint64_t tables_bytes = 0;   // session object, row tables, offsets
  std::uint64_t states_bytes = 0;   // caches of all sequences
  std::uint64_t working_bytes = 0;  // activations and scratch: the larger of the two functions
  std::size_t arena_bytes = 0;      // all of it, in this order

  static Result<Plan> make(const Model& model, const Limits& limits = {});
};

}  // namespace kinglet
