// Align: attention of a recurrent decoder over its source (Bahdanau et al. 2015, 3.1; Luong et al. 2015, 3.1 and 3.2).
#include "model/rules.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {
namespace {

// Source rows [begin, end) and the centre of a local attention.
struct Window {
  std::uint32_t begin, end;
  float centre;
};

Window window_of(const fb::Align& op, std::uint32_t length, std::uint32_t position, float share) {
  Window w{0, length, 0.0F};
  if (op.place() == fb::Place::Everywhere) return w;
  if (op.place() == fb::Place::Monotonic) {
    w.centre = static_cast<float>(position < length ? position : length - 1);
  } else {
    w.centre = static_cast<float>(length) * (share < 1.0F ? (share > 0.0F ? share : 0.0F) : 1.0F);
  }
  // Exact: all of it is below 2^18, and where a fraction is lost it does not matter.
  const float low = w.centre - static_cast<float>(op.window());
  const float high = w.centre + static_cast<float>(op.window());
  if (low > 0.0F) {
    w.begin = static_cast<std::uint32_t>(low);
    if (static_cast<float>(w.begin) < low) ++w.begin;
  }
  if (high < static_cast<float>(length)) w.end = static_cast<std::uint32_t>(high) + 1;
  if (w.end > length) w.end = length;
  if (w.begin >= w.end) w.begin = w.end - 1;
  return w;
}

std::uint64_t thread_scratch(std::uint32_t width) {
  return round_up(kernels::attend_scratch_bytes(1, width), kAlignment);
}

}  // namespace

bool verify(const fb::Align& op, Checker& check) {
  const fb::State* state = check.state(op.state());
  if (state == nullptr) return false;
  if (check.encode() || state->extent() != fb::StateExtent::Source || state->heads() != 1)
    return check.fail("an alignment does not fit the state it reads");
  const fb::Value* query = check.columns(op.query(), state->head_dim());
  if (query == nullptr) return false;
  if (query->extent() != fb::Extent::Rows) return check.fail("queries have not one row per token");
  if (op.score() > fb::Score::MAX)
    return check.fail(Code::kUnsupported, "an attention score this version does not know");
  if (op.place() > fb::Place::MAX)
    return check.fail(Code::kUnsupported, "a local attention this version does not know");
  if ((op.v() == -1) != (op.score() == fb::Score::Dot)) return check.fail("an additive score needs its vector v");
  if (!check.vector(op.v(), state->head_dim())) return false;
  const bool local = op.place() != fb::Place::Everywhere;
  if (local != (op.window() != 0) || op.window() > rules::kPositions)
    return check.fail("a local attention's window is out of range");
  if ((op.place() == fb::Place::Predicted) != (op.centre() != -1))
    return check.fail("a local attention does not know where to look");
  if (op.centre() != -1) {
    const fb::Value* centre = check.f32_input(op.centre());
    if (centre == nullptr) return false;
    if (centre->width() != 1 || centre->extent() != fb::Extent::Rows)
      return check.fail("a local attention's centre has the wrong shape");
  }
  return check.emits(op.output(), value_dim(*state), fb::Extent::Rows);
}

std::uint64_t scratch_bytes(const fb::Align& op, const fb::Function& function, const Shapes& shapes) {
  const std::uint32_t width = made_value(op.output(), function).width();
  const std::uint32_t query = function.values()->Get(static_cast<std::uint32_t>(op.query()->value()))->width();
  return emit_target_scratch(op.output(), width, shapes.rows) + shapes.threads * thread_scratch(query);
}

Status run(const fb::Align& op, const Frame& frame) {
  const fb::State& state = frame.state(op.state());
  const std::uint32_t width = value_dim(state);
  const std::uint32_t rows = frame.call.rows;
  const FloatRows target = emit_target(frame, op.output(), width);
  std::byte* scratch = frame.scratch + emit_target_scratch(op.output(), width, frame.shapes.rows);
  const std::uint64_t scratch_bytes = thread_scratch(frame.value(op.query()->value()).width());
  const float window = static_cast<float>(op.window());
  bool finite = true;
  for_ranges(frame, rows, std::uint64_t{rows} * frame.shapes.source * (state.head_dim() + width) / 32,
             [&](std::uint32_t task, std::size_t begin, std::size_t end) {
               for (std::size_t r = begin; r < end; ++r) {
                 const Span& span = frame.call.spans[frame.call.span_of[r]];
                 const std::uint32_t length = frame.call.source_lengths[span.sequence];
                 const float share = op.centre() < 0 ? 0.0F : *frame.floats(op.centre()).row(r);
                 const Window w = window_of(op, length, frame.call.positions[r], share);
                 const kernels::AttendQuery query{.x = frame.columns(op.query(), r),
                                                  .angles = nullptr,
                                                  .bias = nullptr,
                                                  .begin = w.begin,
                                                  .end = w.end,
                                                  .position = 0,
                                                  .out = target.row(r),
                                                  .weights = frame.captured(span, static_cast<std::uint32_t>(r), 0)};
                 const bool ok = frame.kernels->align(
                     {.attend = {.queries = &query,
                                 .count = 1,
                                 .head_dim = state.head_dim(),
                                 .value_dim = width,
                                 .n = 0,
                                 .head = frame.head(op.state(), span, 0),
                                 .scale = op.scale(),
                                 .cap = 0.0F,
                                 .reach = 0,
                                 .scratch = scratch + task * scratch_bytes},
                      .v = frame.vector(op.v()),
                      .centre = w.centre,
                      .spread = op.place() == fb::Place::Predicted ? 2.0F / (window * window) : 0.0F,
                      .hard = op.hard()});
                 if (!ok) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
               }
             });
  if (!finite) return not_finite();
  return emit_quantized(frame, op.output(), target, rows, width);
}

}  // namespace kinglet::ops
