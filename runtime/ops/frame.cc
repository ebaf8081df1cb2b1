#include "ops/frame.h"

#include <cstring>

namespace kinglet {

namespace {

std::uint32_t rows_of_extent(const fb::Value& value, std::uint32_t rows, std::uint32_t outputs, std::uint32_t sequences,
                             std::uint32_t grids) {
  switch (value.extent()) {
    case fb::Extent::Rows: return rows;
    case fb::Extent::Outputs: return outputs;
    case fb::Extent::Sequences: return sequences;
    case fb::Extent::Grid: return grids * places(value);
  }
  return 0;
}

}  // namespace

std::uint32_t Shapes::of(const fb::Value& value) const {
  return rows_of_extent(value, rows, outputs, sequences, grids);
}

std::uint32_t Frame::rows_of(int index) const {
  return rows_of_extent(value(index), call.rows, call.outputs, call.sequences, call.sequences);
}

QuantizedLayout quantized_layout(std::uint64_t rows, std::uint64_t width, bool q16) {
  QuantizedLayout layout{};
  layout.stride = round_up(width, kAlignment);
  layout.low = rows * layout.stride;
  layout.scale = layout.low + (q16 ? rows * layout.stride : 0);
  layout.sum = layout.scale + round_up(rows * sizeof(float), kAlignment);
  layout.low_sum = layout.sum + round_up(rows * sizeof(std::int32_t), kAlignment);
  layout.bytes = layout.low_sum + (q16 ? round_up(rows * sizeof(std::int32_t), kAlignment) : 0);
  return layout;
}

kernels::QuantizedRows quantized_at(std::byte* base, std::uint64_t rows, std::uint64_t width, bool q16) {
  const QuantizedLayout layout = quantized_layout(rows, width, q16);
  return {.q = reinterpret_cast<std::int8_t*>(base),
          .low = q16 ? reinterpret_cast<std::int8_t*>(base + layout.low) : nullptr,
          .scale = reinterpret_cast<float*>(base + layout.scale),
          .sum = reinterpret_cast<std::int32_t*>(base + layout.sum),
          .low_sum = q16 ? reinterpret_cast<std::int32_t*>(base + layout.low_sum) : nullptr,
          .stride = static_cast<std::size_t>(layout.stride)};
}

std::uint64_t value_bytes(const fb::Value& value, const Shapes& shapes) {
  const std::uint64_t rows = shapes.of(value);
  if (value.kind() == fb::Kind::F32) return rows * round_up(value.width(), kLanes) * sizeof(float);
  return quantized_layout(rows, value.width(), value.kind() == fb::Kind::Q16).bytes;
}

HeadLayout head_layout(std::uint64_t capacity, std::uint64_t head_dim, std::uint64_t value_dim) {
  HeadLayout layout{};
  layout.values = capacity * round_up(head_dim, 4);
  layout.key_scale = layout.values + capacity * round_up(value_dim, kLanes);
  layout.value_scale = layout.key_scale + capacity * sizeof(float);
  layout.bytes = layout.value_scale + capacity * sizeof(float);
  return layout;
}

kernels::KeyValueHead head_at(std::byte* base, std::uint64_t capacity, std::uint64_t head_dim,
                              std::uint64_t value_dim) {
  const HeadLayout layout = head_layout(capacity, head_dim, value_dim);
  return {.keys = reinterpret_cast<std::int8_t*>(base),
          .values = reinterpret_cast<std::int8_t*>(base + layout.values),
          .key_scale = reinterpret_cast<float*>(base + layout.key_scale),
          .value_scale = reinterpret_cast<float*>(base + layout.value_scale),
          .capacity = static_cast<std::size_t>(capacity)};
}

namespace {

// Slots of all sequences, or of all sources.
std::uint64_t state_slots(const fb::State& state, const Shapes& shapes) {
  if (state.extent() == fb::StateExtent::Context) return std::uint64_t{shapes.context} * shapes.sequences;
  return std::uint64_t{shapes.source} * shapes.sources;
}

std::uint64_t row_stride(const fb::State& state) { return round_up(row_width(state), kLanes); }

HeadLayout layout_of(const fb::State& state, std::uint64_t slots) {
  return head_layout(slots, state.head_dim(), value_dim(state));
}

}  // namespace

std::uint64_t state_bytes(const fb::State& state, const Shapes& shapes) {
  if (!is_row(state)) return layout_of(state, state_slots(state, shapes)).bytes * state.heads();
  // A Sequence state's rows lie there twice: as they are, and as they were before the call.
  const std::uint64_t rows =
      state.extent() == fb::StateExtent::Sequence ? 2 * std::uint64_t{shapes.sequences} : shapes.sources;
  return rows * row_stride(state) * sizeof(float);
}

FloatRows Frame::floats(int index) const {
  return {reinterpret_cast<float*>(working + value_offsets[index]),
          static_cast<std::size_t>(round_up(value(index).width(), kLanes))};
}

kernels::QuantizedRows Frame::quantized(int index) const {
  const fb::Value& v = value(index);
  return quantized_at(working + value_offsets[index], shapes.of(v), v.width(), v.kind() == fb::Kind::Q16);
}

const float* Frame::vector(int index) const {
  return index < 0 ? nullptr : reinterpret_cast<const float*>(model->data(*weight(index).data()));
}

const std::int8_t* Frame::tiles(int index) const {
  return reinterpret_cast<const std::int8_t*>(model->data(*weight(index).data()));
}

const float* Frame::scales(int index) const {
  return reinterpret_cast<const float*>(model->data(*weight(index).scales()));
}

kernels::KeyValueHead Frame::head(int index, const Span& span, std::uint32_t head) const {
  const fb::State& state = this->state(index);
  const std::uint64_t slots = state_slots(state, shapes);
  std::byte* base = states + state_offsets[index] + head * layout_of(state, slots).bytes;
  kernels::KeyValueHead all = head_at(base, slots, state.head_dim(), value_dim(state));
  if (state.extent() == fb::StateExtent::Context) {
    all.pages = pages + std::size_t{span.sequence} * (shapes.context / kLanes);
    return all;
  }
  const std::size_t first = std::size_t{span.memory} * shapes.source;  // a source's pages follow each other
  all.keys += first * round_up(state.head_dim(), 4);
  all.values += first * kLanes;
  all.key_scale += first;
  all.value_scale += first;
  return all;
}

void Frame::copy_page(int index, std::uint32_t from, std::uint32_t to) const {
  const fb::State& state = this->state(index);
  const std::uint64_t slots = state_slots(state, shapes);
  const std::uint64_t bytes = layout_of(state, slots).bytes;
  for (std::uint32_t h = 0; h < state.heads(); ++h) {
    const kernels::KeyValueHead head =
        head_at(states + state_offsets[index] + h * bytes, slots, state.head_dim(), value_dim(state));
    const auto copy = [from, to](auto* cells, std::uint64_t count) {
      std::memcpy(cells + to * count, cells + from * count, static_cast<std::size_t>(count * sizeof *cells));
    };
    copy(head.keys, kLanes * round_up(state.head_dim(), 4));
    for (std::uint32_t d = 0; d < value_dim(state); d += kLanes) copy(head.values + d * slots, kLanes * kLanes);
    copy(head.key_scale, kLanes);
    copy(head.value_scale, kLanes);
  }
}

float* Frame::find_capture(const Span& span, std::uint32_t row, std::uint32_t head) const {
  for (const AttentionCapture& c : captures) {
    if (c.attention == attention && c.sequence == span.sequence)
      return c.weights.data() + (std::size_t{head} * c.rows + call.positions[row] % c.rows) * c.columns;
  }
  return nullptr;
}

float* Frame::kept_row(int index, std::uint32_t sequence_or_memory) const {
  return reinterpret_cast<float*>(states + state_offsets[index]) + sequence_or_memory * row_stride(state(index));
}

void Frame::recall(int state, int initial, const Span& span, float* out) const {
  const bool begun = state >= 0 && span.position != 0;
  const int from = begun ? state : initial;
  const std::uint32_t width = row_width(this->state(state >= 0 ? state : initial));
  const std::uint32_t there = from < 0 ? 0 : row_width(this->state(from));
  if (there != 0) std::memmove(out, kept_row(from, span), there * sizeof(float));
  std::memset(out + there, 0, (width - there) * sizeof(float));
}

// Not inlined: on a small stack its job would lie below everything that runs without threads.
[[gnu::noinline]] static void run_threads(const Parallel& parallel, std::size_t count, std::uint32_t threads,
                                          const DoRange& fn) {
  struct Job {
    const DoRange* fn;
    std::size_t count;
    std::uint32_t threads;
  } job{&fn, count, threads};
  parallel.run(
      parallel.context, threads,
      [](void* arg, std::uint32_t task) {
        const Job& j = *static_cast<const Job*>(arg);
        (*j.fn)(task, share_of(j.count, task, j.threads), share_of(j.count, task + std::size_t{1}, j.threads));
      },
      &job);
}

void for_ranges(const Frame& frame, std::size_t count, std::uint64_t work, const DoRange& fn) {
  constexpr std::uint64_t kWorthThreads = 10000;  // several times what it takes to wake a thread
  const std::uint32_t threads = frame.shapes.threads < count ? frame.shapes.threads : static_cast<std::uint32_t>(count);
  if (threads <= 1 || frame.parallel.run == nullptr || work < kWorthThreads) return fn(0, 0, count);
  run_threads(frame.parallel, count, threads, fn);
}

}  // namespace kinglet
