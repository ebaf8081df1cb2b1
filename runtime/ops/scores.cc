#include "ops/scores.h"

#include "ops/emit.h"
#include "ops/multiply.h"

namespace kinglet::ops {
namespace {

constexpr float kNever = -__builtin_inff();

// Only the columns that are allowed: their tiles are multiplied, all other columns are minus infinity.
void multiply_allowed(const Frame& frame, const fb::Linear& op, const kernels::MatmulArgs& args) {
  const std::span<const std::int32_t> allowed = frame.allowed;
  const auto tile = [&](std::size_t i) { return static_cast<std::size_t>(allowed[i]) / std::size_t{kLanes}; };
  const std::size_t count = allowed.size();
  const std::uint64_t size = std::uint64_t{count} * kLanes * frame.weight(op.weight()).columns();  // at most
  for_ranges(frame, count, multiply_time(size, args.rows), [&](std::uint32_t, std::size_t i, std::size_t end) {
    while (i < end && i > 0 && tile(i) == tile(i - 1)) ++i;  // a tile belongs to whoever has its first column
    while (i < end) {
      kernels::MatmulArgs part = args;
      part.first_tile = tile(i);
      std::size_t last = part.first_tile;
      for (; i < count && (tile(i) == last || (i < end && tile(i) == last + 1)); ++i) last = tile(i);
      part.tiles = last + 1 - part.first_tile;
      frame.kernels->matmul(part);
    }
  });
  const std::uint32_t width = frame.weight(op.weight()).rows();
  for (std::size_t r = 0; r < args.rows; ++r) {
    float* row = args.y + r * args.y_stride;
    std::uint32_t next = 0;
    for (const std::int32_t column : allowed) {
      for (; next < static_cast<std::uint32_t>(column); ++next) row[next] = kNever;
      ++next;
    }
    for (; next < width; ++next) row[next] = kNever;
  }
}

// The better one; of equals the one with the lower column, `a`.
Best better(const Best& a, const Best& b) {
  const Best& best = b.value > a.value ? b : a;
  return {best.value, best.column, a.finite & b.finite};
}

// The best of `before` and of columns [first, first + count), which lie at `x`.
Best pick(const Frame& frame, float* x, std::uint32_t first, std::uint32_t count, const Best& before) {
  for (const std::span<const std::int32_t> never : frame.picking.never) {
    for (const std::int32_t token : never) {
      const auto column = static_cast<std::uint32_t>(token);
      if (column >= first && column - first < count) x[column - first] = kNever;
    }
  }
  const kernels::Top top = frame.kernels->top(x, count);
  return better(before, {top.value, first + static_cast<std::uint32_t>(top.index), top.finite});
}

// Each thread finds the best of its own columns, some of them at a time, always in the same place: they never leave its cache.
void multiply_and_pick(const Frame& frame, std::uint32_t width, const kernels::MatmulArgs& args, Best* best) {
  constexpr std::size_t kTiles = 256;  // at a time
  const std::uint64_t work = multiply_time(std::uint64_t{width} * args.k, args.rows);
  for_tiles(frame, width, work, args, [&](std::uint32_t task, const kernels::MatmulArgs& part) {
    kernels::MatmulArgs some = part;
    some.first_tile = 0;
    some.y = args.y + part.first_tile * kLanes;
    for (std::size_t done = 0; done < part.tiles; done += kTiles) {
      const auto first = static_cast<std::uint32_t>((part.first_tile + done) * kLanes);
      some.tiles = part.tiles - done < kTiles ? part.tiles - done : kTiles;
      some.w = args.w + first * args.k;
      some.w_scale = args.w_scale + first;
      some.bias = args.bias == nullptr ? nullptr : args.bias + first;
      frame.kernels->matmul(some);
      const auto made = static_cast<std::uint32_t>(some.tiles * kLanes);
      const std::uint32_t count = made < width - first ? made : width - first;
      for (std::size_t r = 0; r < args.rows; ++r) {
        Best& mine = best[task * args.rows + r];
        mine = pick(frame, some.y + r * args.y_stride, first, count, mine);
      }
    }
  });
}

}  // namespace

const fb::Linear* scores_of(const fb::Function& function) {
  const fb::Linear* linear = function.operators()->Get(function.operators()->size() - 1)->body_as_Linear();
  if (linear == nullptr || linear->output()->rows() != function.output()) return nullptr;
  const bool alone = linear->output()->quantized() < 0 && linear->residual() < 0 && linear->up() < 0;
  return alone ? linear : nullptr;
}

std::uint64_t picking_bytes(const fb::Linear& op, const fb::Function& function, const Shapes& shapes) {
  const bool scores =
      op.output()->rows() == function.output() && made_value(op.output(), function).extent() == fb::Extent::Outputs;
  return scores ? std::uint64_t{shapes.threads} * shapes.outputs * sizeof(Best) : 0;
}

Status run_scores(const fb::Linear& op, const Frame& frame, const kernels::MatmulArgs& args) {
  const std::uint32_t width = frame.weight(op.weight()).rows();
  const bool restricted = !frame.allowed.empty();
  if (restricted) multiply_allowed(frame, op, args);
  if (frame.picking.best == nullptr) return {};
  Best* parts = reinterpret_cast<Best*>(frame.scratch);  // [threads, rows]
  for (std::size_t i = 0; i < frame.shapes.threads * args.rows; ++i) parts[i] = {kNever, width, 1};
  if (!restricted) multiply_and_pick(frame, width, args, parts);
  for (std::size_t r = 0; r < args.rows; ++r) {
    Best best = parts[r];
    if (restricted) best = pick(frame, args.y + r * args.y_stride, 0, width, best);
    for (std::size_t task = 1; task < frame.shapes.threads; ++task) best = better(best, parts[task * args.rows + r]);
    if (best.finite == 0) return not_finite();
    frame.picking.best[r] = best;
  }
  return {};
}

}  // namespace kinglet::ops
