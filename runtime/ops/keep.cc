// Keep: the last row of each sequence stays, for its next call or for the decoder.
#include <cstring>

#include "ops/emit.h"
#include "ops/ops.h"

namespace kinglet::ops {

bool verify(const fb::Keep& op, Checker& check) {
  const fb::State* state = check.state(op.state());
  if (state == nullptr) return false;
  const fb::Value* input = check.columns(op.input(), row_width(*state));
  if (input == nullptr) return false;
  if (input->extent() != fb::Extent::Rows && input->extent() != fb::Extent::Sequences)
    return check.fail("what is kept has a row for each token or sequence");
  return check.fills(op.state(), check.encode() ? fb::StateExtent::Memory : fb::StateExtent::Sequence, state->heads(),
                     state->head_dim());
}

std::uint64_t scratch_bytes(const fb::Keep&, const fb::Function&, const Shapes&) { return 0; }

Status run(const fb::Keep& op, const Frame& frame) {
  const bool rows = frame.value(op.input()->value()).extent() == fb::Extent::Rows;
  const std::uint32_t width = row_width(frame.state(op.state()));
  for (std::uint32_t s = 0; s < frame.call.sequences; ++s) {
    const Span& span = frame.call.spans[s];
    const float* row = frame.columns(op.input(), rows ? span.first_row + span.rows - 1 : s);
    if (!is_finite(row, width)) return not_finite();
    std::memcpy(frame.kept_row(op.state(), span), row, width * sizeof(float));
  }
  return {};
}

}  // namespace kinglet::ops
