#include "session/runner.h"

#include <cstring>

#include "ops/ops.h"

namespace kinglet {

struct Runner {
  static void observe(const Frame& frame, const fb::Emit& made, std::uint32_t op, bool encode, std::uint32_t first_row,
                      const Observer& observer) {
    Observation seen;
    seen.first_row = first_row;
    seen.encode = encode;
    seen.op = op;
    seen.frame_ = &frame;
    seen.floats_ = made.rows();
    seen.quantized_ = made.quantized();
    const int value = made.rows() >= 0 ? made.rows() : made.quantized();
    const bool picked = frame.picking.best != nullptr && made.rows() == frame.function->output();
    if (value >= 0 && !picked) {  // where the best is picked, there are no rows to see
      seen.rows = frame.rows_of(value);
      seen.width = frame.value(value).width();
    }
    observer.after(observer.context, seen);
  }

  static Provided provided(const Frame& frame, std::uint32_t op, bool encode) {
    Provided shown;
    shown.encode = encode;
    shown.index = op;
    shown.frame_ = &frame;
    return shown;
  }

  static Status run(const Frame& frame, std::uint32_t i, bool encode) {
    if (frame.provider.run != nullptr) {
      const Status done = frame.provider.run(frame.provider.context, provided(frame, i, encode));
      if (done.code() != Code::kUnsupported) return done;
    }
    return ops::visit(
        *frame.function->operators()->Get(i), [&](const auto& table) { return ops::run(table, frame); }, Status{});
  }
};

Status prepare(const Frame& frame, bool encode) {
  if (frame.provider.prepare == nullptr) return {};
  for (std::uint32_t i = 0; i < frame.function->operators()->size(); ++i) {
    const Status done = frame.provider.prepare(frame.provider.context, Runner::provided(frame, i, encode));
    if (!done.ok() && done.code() != Code::kUnsupported) return done;
  }
  return {};
}

Status run(Frame& frame, const std::uint64_t* scratches, bool encode, const Observer& observer,
           std::uint32_t first_row) {
  frame.attention = encode || frame.model->root().encode() == nullptr ? 0 : attentions(*frame.model->root().encode());
  for (std::uint32_t i = 0; i < frame.function->operators()->size(); ++i) {
    const fb::Operator& op = *frame.function->operators()->Get(i);
    frame.scratch = frame.working + scratches[i];
    const Status done = Runner::run(frame, i, encode);
    if (!done.ok()) return {done.code(), done.message(), i};
    if (has_weights(op)) ++frame.attention;
    if (observer.after == nullptr) continue;
    Runner::observe(frame, ops::results_of(op), i, encode, first_row, observer);
  }
  return {};
}

bool selects(const Frame& frame) {
  const int output = frame.function->output();
  return output >= 0 && frame.value(output).extent() == fb::Extent::Outputs;
}

void Observation::read(std::uint32_t row, std::span<float> out) const {
  if (row >= rows || out.size() < width) return;
  if (floats_ >= 0) {
    std::memcpy(out.data(), frame_->floats(floats_).row(row), width * sizeof(float));
    return;
  }
  const kernels::QuantizedRows q = frame_->quantized(quantized_);
  for (std::uint32_t c = 0; c < width; ++c) {
    const std::size_t at = row * q.stride + c;
    float whole = static_cast<float>(q.q[at]);
    if (q.low != nullptr) whole = 256.0F * whole + static_cast<float>(q.low[at]);  // exact
    out[c] = whole * q.scale[row];
  }
}

}  // namespace kinglet
