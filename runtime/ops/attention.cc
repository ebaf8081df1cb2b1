// Attention: scaled dot-product attention (Vaswani et al. 2017, 3.2) over int8 keys and values, with grouped heads (Ainslie et al.
// 2023), rotary or relative positions, windows and soft caps. Keys live in a state (decoder), in a state that an encoder filled
// (cross-attention), or in scratch for the length of the call (encoder).
#include "model/rules.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

bool has_key(const fb::Attention& op) { return op.key()->value() >= 0; }

bool verify_positions(const fb::Attention& op, Checker& check) {
  if (op.angles() != -1) {
    const fb::Value* angles = check.f32_input(op.angles());
    if (angles == nullptr) return false;
    const std::uint32_t width = angles->width();
    if (!has_key(op) || width % 2 != 0 || width > op.head_dim() || angles->extent() != fb::Extent::Rows)
      return check.fail("rotary angles do not fit the heads they turn");
  }
  if (op.bias() == -1) return true;
  const fb::Weight* bias = check.weight(op.bias());
  if (bias == nullptr) return false;
  if (bias->type() != fb::WeightType::Float32 || bias->rows() != op.heads() || bias->columns() % 2 != 1)
    return check.fail("a relative position bias has the wrong type or shape");
  return true;
}

bool verify_keys(const fb::Attention& op, Checker& check) {
  if (!has_key(op)) {  // cross-attention
    const fb::State* state = check.state(op.state());
    if (state == nullptr) return false;
    if (check.encode() || state->extent() != fb::StateExtent::Source || op.mask() != fb::Mask::Full ||
        op.window() != 0 || state->heads() != op.kv_heads() || state->head_dim() != op.head_dim() ||
        value_dim(*state) != op.head_dim() || op.value()->value() >= 0)
      return check.fail("a cross-attention does not fit the state it reads");
    return true;
  }
  for (const fb::Slice* slice : {op.key(), op.value()}) {
    const fb::Value* rows = check.columns(slice, op.kv_heads() * op.head_dim());
    if (rows == nullptr) return false;
    if (rows->extent() != fb::Extent::Rows) return check.fail("keys and values have not one row per token");
  }
  if (op.state() == -1) return check.encode() ? true : check.fail("a decoder's self-attention has no state");
  if (check.encode() || op.mask() != fb::Mask::Causal)
    return check.fail("an attention with a state of its own is not a causal one of the decoder");
  return check.fills(op.state(), fb::StateExtent::Context, op.kv_heads(), op.head_dim());
}

// Where a call's keys and values live: the state of a sequence, or scratch.
struct Caches {
  const Frame& frame;
  const fb::Attention& op;
  std::byte* scratch;  // nullptr: the state

  kernels::KeyValueHead head(std::uint32_t span, std::uint32_t head) const {
    if (scratch == nullptr) return frame.head(op.state(), frame.call.spans[span], head);
    std::uint64_t before = 0;  // slots of the spans before this one
    for (std::uint32_t s = 0; s < span; ++s) before += round_up(frame.call.spans[s].rows, kLanes);
    const std::uint64_t capacity = round_up(frame.call.spans[span].rows, kLanes);
    std::byte* base = scratch + op.kv_heads() * head_layout(before, op.head_dim(), op.head_dim()).bytes;
    return head_at(base + head * head_layout(capacity, op.head_dim(), op.head_dim()).bytes, capacity, op.head_dim(),
                   op.head_dim());
  }
};

constexpr std::uint32_t kStoredTogether = kLanes;  // rows: whole lines of the cache are written

bool store_rows(const fb::Attention& op, const Frame& frame, const Caches& caches, std::uint32_t head,
                std::uint32_t row, std::uint32_t count) {
  const std::size_t column = std::size_t{head} * op.head_dim();
  const FloatRows angles = op.angles() < 0 ? FloatRows{} : frame.floats(op.angles());
  return frame.kernels->store({.key = frame.columns(op.key(), row) + column,
                               .value = frame.columns(op.value(), row) + column,
                               .head_dim = op.head_dim(),
                               .value_dim = op.head_dim(),
                               .angles = op.angles() < 0 ? nullptr : angles.row(row),
                               .n = op.angles() < 0 ? 0 : frame.value(op.angles()).width() / 2,
                               .head = caches.head(frame.call.span_of[row], head),
                               .slot = frame.call.positions[row],
                               .rows = count,
                               .key_stride = frame.floats(op.key()->value()).stride,
                               .value_stride = frame.floats(op.value()->value()).stride,
                               .angles_stride = angles.stride});
}

// Rows of one sequence from `row`, and heads of one group from `head`, that attend together.
struct Together {
  std::uint32_t row, rows;
  std::uint32_t head, heads;
};

bool attend(const fb::Attention& op, const Frame& frame, const Caches& caches, const Together& part, std::byte* scratch,
            const FloatRows& target) {
  const std::uint32_t span_index = frame.call.span_of[part.row];
  const Span& span = frame.call.spans[span_index];
  const FloatRows angles = op.angles() < 0 ? FloatRows{} : frame.floats(op.angles());
  const std::size_t bias_width = op.bias() < 0 ? 1 : frame.weight(op.bias()).columns();
  kernels::AttendQuery queries[kernels::kAttendQueries];
  std::uint32_t count = 0;
  for (std::uint32_t row = part.row; row < part.row + part.rows; ++row) {
    const std::uint32_t position = frame.call.positions[row];
    std::uint32_t end = position + 1;
    if (!has_key(op)) end = frame.call.source_lengths[span.sequence];
    else if (op.mask() == fb::Mask::Full) end = span.rows;
    const std::uint32_t begin = op.window() != 0 && position + 1 > op.window() ? position + 1 - op.window() : 0;
    for (std::uint32_t head = part.head; head < part.head + part.heads; ++head) {
      const std::size_t column = std::size_t{head} * op.head_dim();
      queries[count++] = {.x = frame.columns(op.query(), row) + column,
                          .angles = op.angles() < 0 ? nullptr : angles.row(row),
                          .bias = op.bias() < 0 ? nullptr : frame.vector(op.bias()) + head * bias_width,
                          .begin = begin,
                          .end = end,
                          .position = position,
                          .out = target.row(row) + column,
                          .weights = frame.captured(span, row, head)};
    }
  }
  return frame.kernels->attend({.queries = queries,
                                .count = count,
                                .head_dim = op.head_dim(),
                                .value_dim = op.head_dim(),
                                .n = op.angles() < 0 ? 0 : frame.value(op.angles()).width() / 2,
                                .head = caches.head(span_index, part.head / (op.heads() / op.kv_heads())),
                                .scale = op.scale(),
                                .cap = op.cap(),
                                .reach = bias_width / 2,
                                .scratch = scratch});
}

// Heads of a group that attend together, and rows that do with them.
constexpr std::uint32_t kQueries = static_cast<std::uint32_t>(kernels::kAttendQueries);
std::uint32_t heads_together(const fb::Attention& op) {
  const std::uint32_t group = op.heads() / op.kv_heads();
  return group < kQueries ? group : kQueries;
}
std::uint32_t rows_together(const fb::Attention& op) { return kQueries / heads_together(op); }

// The rows [row, row + count) of all heads of a group; a head's come one after the other, so that its keys stay in the cache.
bool attend_group(const fb::Attention& op, const Frame& frame, const Caches& caches, std::uint32_t kv_head,
                  std::uint32_t row, std::uint32_t count, std::byte* scratch, const FloatRows& target) {
  const std::uint32_t group = op.heads() / op.kv_heads();
  bool finite = true;
  for (std::uint32_t first = 0; first < group; first += heads_together(op)) {
    const std::uint32_t left = group - first;
    const std::uint32_t heads = left < heads_together(op) ? left : heads_together(op);
    finite = attend(op, frame, caches, {row, count, kv_head * group + first, heads}, scratch, target) && finite;
  }
  return finite;
}

// About how many nanoseconds it takes: 30 for a query of a head, and one for 32 numbers of a key.
std::uint64_t attend_time(const fb::Attention& op, std::uint32_t rows, std::uint32_t slots) {
  return std::uint64_t{rows} * op.heads() * (30 + std::uint64_t{op.head_dim()} * slots / 32);
}

// Scratch in order: all f32 rows where none are kept, keys and values where no state holds them, one attend scratch per thread.
struct Scratch {
  std::uint64_t caches, attend, attend_bytes, bytes;
};

Scratch scratch_layout(const fb::Attention& op, const Shapes& shapes) {
  Scratch layout{};
  layout.caches = emit_target_scratch(op.output(), op.heads() * op.head_dim(), shapes.rows);
  layout.attend = layout.caches;
  if (op.state() < 0) {
    const std::uint64_t capacity = round_up(shapes.rows + (kLanes - 1) * std::uint64_t{shapes.sequences}, kLanes);
    layout.attend += op.kv_heads() * head_layout(capacity, op.head_dim(), op.head_dim()).bytes;
  }
  const std::uint32_t rows = shapes.rows < rows_together(op) ? shapes.rows : rows_together(op);
  layout.attend_bytes = round_up(kernels::attend_scratch_bytes(rows * heads_together(op), op.head_dim()), kAlignment);
  layout.bytes = layout.attend + shapes.threads * layout.attend_bytes;
  return layout;
}

}  // namespace

bool verify(const fb::Attention& op, Checker& check) {
  if (op.heads() == 0 || op.heads() > rules::kHeads || op.kv_heads() == 0 || op.heads() % op.kv_heads() != 0 ||
      op.head_dim() == 0 || op.head_dim() > rules::kHeadDim)
    return check.fail("an attention's heads are out of range or do not divide");
  const std::uint32_t width = op.heads() * op.head_dim();
  const fb::Value* query = check.columns(op.query(), width);
  if (query == nullptr) return false;
  if (query->extent() != fb::Extent::Rows) return check.fail("queries have not one row per token");
  if (op.mask() > fb::Mask::MAX) return check.fail(Code::kUnsupported, "an attention mask this version does not know");
  if (op.mask() == fb::Mask::Full && op.window() != 0) return check.fail("a window over a full attention");
  if (op.cap() != 0.0F && !check.activation(fb::Activation::SoftCap, op.cap())) return false;
  if (!verify_keys(op, check) || !verify_positions(op, check)) return false;
  return check.emits(op.output(), width, fb::Extent::Rows);
}

std::uint64_t scratch_bytes(const fb::Attention& op, const fb::Function&, const Shapes& shapes) {
  return scratch_layout(op, shapes).bytes;
}

Status run(const fb::Attention& op, const Frame& frame) {
  const Scratch layout = scratch_layout(op, frame.shapes);
  const Caches caches{frame, op, op.state() < 0 ? frame.scratch + layout.caches : nullptr};
  const std::uint32_t width = op.heads() * op.head_dim();
  const std::uint32_t rows = frame.call.rows;
  const FloatRows target = emit_target(frame, op.output(), width);
  bool finite = true;
  const auto check = [&finite](bool ok) {
    if (!ok) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
  };
  const std::size_t count = std::size_t{rows} * op.kv_heads();  // fewer than the floats that they are made of
  if (has_key(op)) {
    for_ranges(frame, count, std::uint64_t{count} * op.head_dim() / 2,
               [&](std::uint32_t, std::size_t begin, std::size_t end) {
                 for_runs(frame.call, begin, end, kStoredTogether,
                          [&](std::uint32_t head, std::uint32_t row, std::uint32_t together) {
                            check(store_rows(op, frame, caches, head, row, together));
                          });
               });
  }
  const std::uint32_t slots = has_key(op) ? frame.call.positions[rows - 1] + 1 : frame.shapes.source;
  const std::uint32_t together = rows_together(op);
  const std::uint32_t blocks = (rows + together - 1) / together;
  for_ranges(frame, std::size_t{op.kv_heads()} * blocks, attend_time(op, rows, slots),
             [&](std::uint32_t task, std::size_t begin, std::size_t end) {
               std::byte* scratch = frame.scratch + layout.attend + task * layout.attend_bytes;
               for (std::size_t i = begin; i < end; ++i) {
                 // Of a head the first block, the last, the second …: under a causal mask two neighbours take as long as any others.
                 const std::size_t j = i % blocks;
                 const std::size_t first = (j % 2 == 0 ? j / 2 : blocks - 1 - j / 2) * together;
                 const std::size_t last = first + together < rows ? first + together : rows;
                 const std::size_t head_rows = i / blocks * rows;
                 for_runs(frame.call, head_rows + first, head_rows + last, together,
                          [&](std::uint32_t head, std::uint32_t row, std::uint32_t run) {
                            check(attend_group(op, frame, caches, head, row, run, scratch, target));
                          });
               }
             });
  if (!finite) return not_finite();
  return emit_quantized(frame, op.output(), target, rows, width);
}

}  // namespace kinglet::ops
