// CacheKeyValue: keeps an encoder's keys and values, made once per source, for the cross-attention of every later step.
#include "model/rules.h"
#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::CacheKeyValue& op, Checker& check) {
  if (!check.encode()) return check.fail("only an encoder fills the memory of a cross-attention");
  const fb::State* state = check.state(op.state());
  if (state == nullptr) return false;
  const std::uint32_t heads = state->heads();
  const auto rows = [&](const fb::Slice* slice, std::uint32_t width) -> bool {
    const fb::Value* found = check.columns(slice, width);
    if (found == nullptr) return false;
    if (found->extent() != fb::Extent::Rows) return check.fail("keys and values have not one row per token");
    return true;
  };
  if (!rows(op.key(), heads * state->head_dim())) return false;
  if (!rows(op.value(), heads * value_dim(*state))) return false;
  return check.fills(op.state(), fb::StateExtent::Source, heads, state->head_dim());
}

std::uint64_t scratch_bytes(const fb::CacheKeyValue&, const fb::Function&, const Shapes&) { return 0; }

Status run(const fb::CacheKeyValue& op, const Frame& frame) {
  const fb::State& state = frame.state(op.state());
  const std::uint32_t rows = frame.call.rows;
  const std::size_t count = std::size_t{rows} * state.heads();
  bool finite = true;
  for_ranges(
      frame, count, std::uint64_t{count} * state.head_dim() / 2,
      [&](std::uint32_t, std::size_t begin, std::size_t end) {
        for_runs(frame.call, begin, end, kLanes, [&](std::uint32_t head, std::uint32_t row, std::uint32_t together) {
          const bool ok =
              frame.kernels->store({.key = frame.columns(op.key(), row) + std::size_t{head} * state.head_dim(),
                                    .value = frame.columns(op.value(), row) + std::size_t{head} * value_dim(state),
                                    .head_dim = state.head_dim(),
                                    .value_dim = value_dim(state),
                                    .angles = nullptr,
                                    .n = 0,
                                    .head = frame.head(op.state(), frame.call.spans[frame.call.span_of[row]], head),
                                    .slot = frame.call.positions[row],
                                    .rows = together,
                                    .key_stride = frame.floats(op.key()->value()).stride,
                                    .value_stride = frame.floats(op.value()->value()).stride});
          if (!ok) __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
        });
      });
  return finite ? Status{} : not_finite();
}

}  // namespace kinglet::ops
