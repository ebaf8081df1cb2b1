// Linear: activation(x W^T + bias) + residual, an exact integer matmul; gated, activation(x W^T + bias) * (x U^T + up_bias).
//
// Few rows are split over output channels, so that the threads together read the weights once. Of many rows each thread takes
// some, a block after the other, and quantizes what it made before it goes on: most layers' results are in its second cache then.
#include "model/rules.h"
#include "ops/activation.h"
#include "ops/emit.h"
#include "ops/multiply.h"
#include "ops/ops.h"
#include "ops/scores.h"

namespace kinglet::ops {

bool verify(const fb::Linear& op, Checker& check) {
  const fb::Value* input = check.input(op.input());
  if (input == nullptr) return false;
  if (input->kind() == fb::Kind::F32) return check.fail("a linear layer reads rows that are not quantized");
  const fb::Weight* weight = check.weight(op.weight());
  if (weight == nullptr) return false;
  if (weight->type() != fb::WeightType::Int8) return check.fail("a linear layer's weight is not int8");
  if (weight->columns() != input->width() || weight->columns() > rules::kInner)
    return check.fail("a linear layer's weight does not fit its input");
  if (!check.vector(op.bias(), weight->rows())) return false;
  if (op.up() == -1 && op.up_bias() != -1) return check.fail("a linear layer has the bias of a second weight only");
  if (op.up() != -1) {
    const fb::Weight* up = check.weight(op.up());
    if (up == nullptr) return false;
    if (up->type() != fb::WeightType::Int8 || up->rows() != weight->rows() || up->columns() != weight->columns())
      return check.fail("the two weights of a gated linear layer differ in shape or type");
    if (!check.vector(op.up_bias(), up->rows())) return false;
    if (op.residual() != -1) return check.fail("a gated linear layer has a residual");
  }
  if (!check.activation(op.activation(), op.cap())) return false;
  if (op.residual() != -1) {
    const fb::Value* residual = check.f32_input(op.residual());
    if (residual == nullptr) return false;
    if (residual->width() != weight->rows() || !same_rows(*residual, *input))
      return check.fail("a residual has not the shape of what it is added to");
  }
  return check.emits_like(op.output(), weight->rows(), *input);
}

namespace {

// Rows that each thread has scratch for: a block, or its share of `most` rows. Together they hold all of a call with few rows.
std::uint32_t thread_rows(std::uint64_t weight_bytes, std::uint32_t most, const Shapes& shapes) {
  return smaller(block_rows(weight_bytes), (most + shapes.threads - 1) / shapes.threads);
}

bool many_rows(std::uint32_t rows, std::uint32_t threads) {
  constexpr std::uint32_t kEnough = 32;  // for a thread to read all weights by itself; less than any block
  return threads == 1 || rows >= threads * kEnough;
}

}  // namespace

std::uint64_t scratch_bytes(const fb::Linear& op, const fb::Function& function, const Shapes& shapes) {
  if (op.output()->rows() >= 0) return picking_bytes(op, function, shapes);
  const fb::Value& value = made_value(op.output(), function);
  const std::uint64_t inner = function.values()->Get(static_cast<std::uint32_t>(op.input()))->width();
  const std::uint64_t rows =
      shapes.threads * std::uint64_t{thread_rows(inner * value.width(), shapes.of(value), shapes)};
  return rows * round_up(value.width(), kLanes) * sizeof(float);
}

namespace {

// Columns of `args` that a thread makes by itself. Gated, in chunks of which the second cache holds all rows: first what is
// gated, then the gate times that.
void multiply_tiles(const Frame& frame, const fb::Linear& op, const kernels::MatmulArgs& args) {
  if (op.up() < 0) return frame.kernels->matmul(args);
  constexpr std::size_t kChunkTiles = (std::size_t{256} << 10) / (kLanes * sizeof(float));
  constexpr std::size_t kGroup = 12;  // tiles: several of any set's register blocks
  const std::size_t fit = kChunkTiles / args.rows / kGroup * kGroup;
  const std::size_t chunk = fit < kGroup ? kGroup : fit;
  kernels::MatmulArgs part = args;
  part.factor_stride = args.y_stride;
  for (std::size_t done = 0; done < args.tiles; done += chunk) {
    part.first_tile = args.first_tile + done;
    part.tiles = args.tiles - done < chunk ? args.tiles - done : chunk;
    set_weight(frame, op.up(), op.up_bias(), part);
    part.activation = kernels::Activation::kNone;
    part.factor = nullptr;
    frame.kernels->matmul(part);
    set_weight(frame, op.weight(), op.bias(), part);
    part.activation = args.activation;
    part.factor = args.y;
    frame.kernels->matmul(part);
  }
}

// Bytes of all weights that a row is multiplied with.
std::uint64_t weight_bytes(const Frame& frame, const fb::Linear& op) {
  const fb::Weight& weight = frame.weight(op.weight());
  return std::uint64_t{weight.rows()} * weight.columns() * (op.up() < 0 ? 1 : 2);
}

// Rows in blocks, each quantized as soon as it is made.
Status multiply_blocks(const fb::Linear& op, const Frame& frame, kernels::MatmulArgs& all) {
  const fb::Weight& weight = frame.weight(op.weight());
  const std::uint64_t size = std::uint64_t{weight.rows()} * weight.columns();  // as in scratch_bytes
  const std::uint32_t most = block_rows(size);
  const bool keep = op.output()->rows() >= 0;
  const std::uint32_t spare =
      thread_rows(size, frame.shapes.of(made_value(op.output(), *frame.function)), frame.shapes);
  const bool quantize = op.output()->quantized() >= 0;
  const kernels::QuantizedRows quantized =
      quantize ? frame.quantized(op.output()->quantized()) : kernels::QuantizedRows{};
  all.tiles = static_cast<std::size_t>(round_up(weight.rows(), kLanes) / kLanes);
  bool finite = true;  // only ever set to false, by any thread, read when all are done
  const std::uint64_t work = multiply_time(weight_bytes(frame, op), all.rows);
  for_ranges(frame, all.rows, work, [&](std::uint32_t task, std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    const std::size_t blocks = (count + most - 1) / most;
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t first = begin + share_of(count, b, blocks);
      kernels::MatmulArgs part = all;
      part.rows = begin + share_of(count, b + 1, blocks) - first;
      part.x = all.x.from(first);
      part.y = all.y + (keep ? first : std::size_t{task} * spare) * all.y_stride;
      if (all.residual != nullptr) part.residual = all.residual + first * all.residual_stride;
      multiply_tiles(frame, op, part);
      if (quantize &&
          !frame.kernels->quantize({part.y, part.y_stride, part.rows, weight.rows(), quantized.from(first)}))
        __atomic_store_n(&finite, false, __ATOMIC_RELAXED);
    }
  });
  return finite ? Status{} : not_finite();
}

}  // namespace

Status run(const fb::Linear& op, const Frame& frame) {
  const std::uint32_t width = frame.weight(op.weight()).rows();
  const std::uint32_t rows = frame.rows_of(op.input());
  if (rows == 0) return {};  // no output was asked for
  const FloatRows target = emit_target(frame, op.output(), width);
  const FloatRows residual = op.residual() < 0 ? FloatRows{nullptr, 0} : frame.floats(op.residual());
  kernels::MatmulArgs args{};
  args.x = frame.quantized(op.input());
  args.rows = rows;
  args.activation = kernel_activation(op.activation());
  args.cap = kernel_cap(op.activation(), op.cap());
  args.residual = residual.data;
  args.residual_stride = residual.stride;
  args.y = target.data;
  args.y_stride = target.stride;
  set_weight(frame, op.weight(), op.bias(), args);
  if (makes_part_of_scores(op, frame)) return run_scores(op, frame, args);
  if (many_rows(rows, frame.shapes.threads)) return multiply_blocks(op, frame, args);
  for_tiles(frame, width, multiply_time(weight_bytes(frame, op), rows), args,
            [&](std::uint32_t, const kernels::MatmulArgs& part) { multiply_tiles(frame, op, part); });
  return emit_quantized(frame, op.output(), target, rows, width);
}

}  // namespace kinglet::ops
