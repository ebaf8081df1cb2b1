// Frame: what an operator's `run` sees of one call. Pointers into the arena and the file; it owns nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/align.h"
#include "base/function_ref.h"
#include "kernels/kernels.h"
#include "kinglet/attention.h"
#include "kinglet/chunk.h"
#include "kinglet/model.h"
#include "kinglet/parallel.h"
#include "kinglet/provider.h"
#include "kinglet/status.h"
#include "model_generated.h"

namespace kinglet {

// The most rows a function can be called with, and what its operators' scratch depends on.
struct Shapes {
  std::uint32_t rows = 0;
  std::uint32_t outputs = 0;
  std::uint32_t sequences = 0;
  std::uint32_t sources = 0;
  std::uint32_t context = 0;  // slots of a sequence in a Context state, a multiple of 16
  std::uint32_t source = 0;   // slots of a source in a Source state, a multiple of 16
  std::uint32_t grids = 0;    // of a call of `encode`
  std::uint32_t threads = 1;

  std::uint32_t of(const fb::Value& value) const;
};

// Places of a value's grid; 0 where it has none.
inline std::uint32_t places(const fb::Value& value) {
  return value.grid() == nullptr ? 0 : value.grid()->height() * value.grid()->width();
}

// One sequence's part of a call.
struct Span {
  std::uint32_t sequence;  // which of the session's sequences
  std::uint32_t memory;    // which of its sources
  std::uint32_t first_row;
  std::uint32_t rows;
  std::uint32_t position;  // of the first row
};

// The rows of this call, sequence after sequence.
struct Call {
  const std::int32_t* tokens;           // [rows]
  const std::uint8_t* types;            // [rows]
  const std::uint32_t* positions;       // [rows]
  const std::uint32_t* span_of;         // [rows], index into spans
  const std::uint32_t* output_rows;     // [outputs]
  const Span* spans;                    // [sequences]
  const Chunk* chunks;                  // [sequences]; of a sequential function nothing
  const std::uint32_t* source_lengths;  // [limits.sequences], by Span::sequence
  std::uint32_t rows;
  std::uint32_t outputs;
  std::uint32_t sequences;
};

struct FloatRows {
  float* data;
  std::size_t stride;
  float* row(std::size_t r) const { return data + r * stride; }
};

// Where the parts of a quantized value lie; `bytes` is its size in the arena.
struct QuantizedLayout {
  std::uint64_t stride, low, scale, sum, low_sum, bytes;
};
QuantizedLayout quantized_layout(std::uint64_t rows, std::uint64_t width, bool q16);
kernels::QuantizedRows quantized_at(std::byte* base, std::uint64_t rows, std::uint64_t width, bool q16);
std::uint64_t value_bytes(const fb::Value& value, const Shapes& shapes);

// Where the parts of one head's keys and values lie.
struct HeadLayout {
  std::uint64_t values, key_scale, value_scale, bytes;
};
HeadLayout head_layout(std::uint64_t capacity, std::uint64_t head_dim, std::uint64_t value_dim);
kernels::KeyValueHead head_at(std::byte* base, std::uint64_t capacity, std::uint64_t head_dim, std::uint64_t value_dim);

// States of keys and values (extent Context or Source), and states of one f32 row (Sequence, Memory).
inline bool is_row(const fb::State& state) {
  return state.extent() == fb::StateExtent::Sequence || state.extent() == fb::StateExtent::Memory;
}
inline std::uint32_t value_dim(const fb::State& state) {
  return state.value_dim() != 0 ? state.value_dim() : state.head_dim();
}
inline std::uint32_t row_width(const fb::State& state) { return state.heads() * state.head_dim(); }
std::uint64_t state_bytes(const fb::State& state, const Shapes& shapes);

// The largest number of some columns and the lowest column that has it, as in kernels::Top, but of one size on every machine.
struct Best {
  float value;
  std::uint32_t column;
  std::uint32_t finite;
};

// What greedy decoding wants instead of a function's output rows: of each the best column.
struct Picking {
  Best* best = nullptr;  // [outputs]; nullptr: it wants the rows
  std::span<const std::int32_t> never[2] = {};
};

struct Frame {
  const Model* model;
  const fb::Function* function;
  const kernels::Kernels* kernels;
  Parallel parallel;
  Shapes shapes;
  Call call;
  std::byte* working;                  // activations and scratch of this function
  const std::uint64_t* value_offsets;  // [values]
  std::byte* scratch;                  // of this operator
  std::byte* states;
  const std::uint64_t* state_offsets;  // [states]
  bool cold;                           // the model's weights do not fit the caches
  const std::uint32_t* pages;          // [sequences, shapes.context / 16]: of each sequence in the Context states
  std::span<const AttentionCapture> captures = {};
  std::span<const std::int32_t> allowed = {};  // columns of the function's output, ascending; empty: all
  Picking picking = {};
  Provider provider = {};
  std::uint32_t attention = 0;  // index of the operator that runs, among those that can be captured

  const fb::Value& value(int index) const { return *function->values()->Get(static_cast<std::uint32_t>(index)); }
  std::uint32_t rows_of(int index) const;
  FloatRows floats(int index) const;
  kernels::QuantizedRows quantized(int index) const;
  const float* columns(const fb::Slice* slice, std::size_t row) const {
    return floats(slice->value()).row(row) + slice->first();
  }

  const fb::Weight& weight(int index) const { return *model->root().weights()->Get(static_cast<std::uint32_t>(index)); }
  const float* vector(int index) const;  // nullptr for -1
  const std::int8_t* tiles(int index) const;
  const float* scales(int index) const;

  // One head of a state, as a sequence of the call sees it.
  kernels::KeyValueHead head(int index, const Span& span, std::uint32_t head) const;

  // Where the weights go that one row and head of the running operator gives; nullptr: nobody wants to see them.
  float* captured(const Span& span, std::uint32_t row, std::uint32_t head) const {
    return captures.empty() ? nullptr : find_capture(span, row, head);
  }
  float* find_capture(const Span& span, std::uint32_t row, std::uint32_t head) const;

  // All heads of one page of a Context state.
  void copy_page(int index, std::uint32_t from, std::uint32_t to) const;

  // A Sequence state's row of a sequence, or a Memory state's of a source; nullptr for -1.
  const fb::State& state(int index) const { return *model->root().states()->Get(static_cast<std::uint32_t>(index)); }
  float* kept_row(int index, std::uint32_t sequence_or_memory) const;
  float* kept_row(int index, const Span& span) const {
    if (index < 0) return nullptr;
    return kept_row(index, state(index).extent() == fb::StateExtent::Sequence ? span.sequence : span.memory);
  }
  // Where a Sequence state's row is put aside for the length of a call.
  float* spare_row(int index, std::uint32_t sequence) const { return kept_row(index, shapes.sequences + sequence); }

  // What a sequence begins with: the row that `state` kept; at its first position the one that `initial` left, and zeros beyond
  // that. [row width]
  void recall(int state, int initial, const Span& span, float* out) const;
};

// The items [begin, end) of heads x rows, row after row of a head: fn(head, row, count) for at most `most` rows of one span each.
template <class Fn>
void for_runs(const Call& call, std::size_t begin, std::size_t end, std::uint32_t most, const Fn& fn) {
  for (std::size_t i = begin; i < end;) {
    const auto row = static_cast<std::uint32_t>(i % call.rows);
    const Span& span = call.spans[call.span_of[row]];
    std::uint32_t count = span.first_row + span.rows - row;
    if (count > most) count = most;
    if (count > end - i) count = static_cast<std::uint32_t>(end - i);
    fn(static_cast<std::uint32_t>(i / call.rows), row, count);
    i += count;
  }
}

// Splits [0, count) into at most shapes.threads runs of consecutive items and calls fn(task, begin, end) for each, on the
// session's threads. `work`: about how many nanoseconds one fast core takes; little work stays on the calling thread.
using DoRange = FunctionRef<void(std::uint32_t task, std::size_t begin, std::size_t end)>;
void for_ranges(const Frame& frame, std::size_t count, std::uint64_t work, const DoRange& fn);

}  // namespace kinglet
