// Tables: the part of the arena that is neither state nor activation: the session object, what it knows of each sequence, the
// rows of the current call, and the offsets that the layout found.
#pragma once

#include <cstdint>

#include "kinglet/plan.h"
#include "ops/frame.h"

namespace kinglet {

inline constexpr std::uint64_t kSessionBytes = 1024;  // room for the session object

// Offsets from the beginning of the arena, and the whole size.
struct Tables {
  std::uint64_t lengths, source_lengths, memories;  // u32 [sequences]
  std::uint64_t pages, page_uses, free_pages;       // u32 [sequences, context / 16]
  std::uint64_t memory_uses;                        // u32 [sources]
  std::uint64_t before;                             // u32 [sequences, 3 + context / 16]
  std::uint64_t tokens, types, positions, span_of;  // [rows of the larger function]
  std::uint64_t output_rows, spans;                 // [outputs], [sequences]
  std::uint64_t encode_values, encode_scratches;    // u64 [values], [operators]
  std::uint64_t step_values, step_scratches;
  std::uint64_t states;   // u64 [states]
  std::uint64_t best;     // of [outputs] output rows, and as many again of a sequential function
  std::uint64_t results;  // f32 [outputs, width] of a sequential function
  std::uint64_t bytes;
};

Tables tables_of(const Model& model, const Limits& limits);

// Of one run over the operators of a function; a sequential one runs with a row of each sequence at a time.
Shapes shapes_of(const fb::Model& root, const Limits& limits, bool encode);
inline bool is_sequential(const fb::Model& root) { return root.step() != nullptr && root.step()->sequential(); }

}  // namespace kinglet
