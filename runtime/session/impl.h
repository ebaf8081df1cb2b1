// The session itself, at the beginning of the arena.
#pragma once

#include <cstring>

#include "kinglet/session.h"
#include "ops/frame.h"
#include "session/sequences.h"

namespace kinglet {

struct Session::Impl final : Session {
  Plan plan;
  Observer observer;
  bool has_source_states = false;
  bool recurrent = false;  // its sequences keep rows that every call changes
  Sequences sequences;
  std::int32_t* tokens = nullptr;  // [rows]
  std::uint8_t* types = nullptr;
  std::uint32_t* positions = nullptr;
  std::uint32_t* span_of = nullptr;
  std::uint32_t* output_rows = nullptr;  // [outputs]
  Span* spans = nullptr;                 // [sequences]
  std::uint64_t* scratches[2] = {};      // step, encode: [operators]
  Frame frames[2] = {};                  // step, encode
  const Frame* last = nullptr;           // whose output can be read
  FloatRows results = {};                // of a sequential function: its output rows of the last call
  Best* best = nullptr;                  // [outputs]
  std::uint32_t result_count = 0;

  Status check(std::span<const Chunk> chunks, bool encode) const;
  Status check_tokens(const Chunk& chunk, std::size_t index, bool encode) const;
  Status check_grid(const Chunk& chunk, std::size_t index) const;
  bool reads_grids(bool encode) const { return encode && plan.model.root().input() != nullptr; }
  // Rows that a chunk gives a call.
  std::uint32_t rows_of(const Chunk& chunk, bool encode) const {
    return reads_grids(encode) ? plan.model.root().source() : static_cast<std::uint32_t>(chunk.tokens.size());
  }
  void set_rows(std::span<const Chunk> chunks, bool encode, Call& call);
  void reserve(std::span<const Chunk> chunks, bool encode);
  void settle(std::span<const Chunk> chunks, bool encode, bool done);
  void undo(std::uint32_t sequence, std::uint32_t rows);
  Status check_captures(std::span<const Chunk> chunks, bool encode) const;
  Status run_rows(std::span<const Chunk> chunks);
  Status call(std::span<const Chunk> chunks, bool encode);

  // Calls f(state index) for each state of extent Sequence.
  template <class F>
  void for_rows(const F& f) const {
    if (!recurrent) return;
    const auto& states = *plan.model.root().states();
    for (std::uint32_t i = 0; i < states.size(); ++i) {
      if (states.Get(i)->extent() == fb::StateExtent::Sequence) f(static_cast<int>(i));
    }
  }
  void copy_row(int state, const float* from, float* to) const {
    std::memcpy(to, from, row_width(frames[0].state(state)) * sizeof(float));
  }
};

}  // namespace kinglet
