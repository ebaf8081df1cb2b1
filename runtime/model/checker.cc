#include "model/checker.h"

#include "model/rules.h"

namespace kinglet {
namespace {

bool good_grid(const fb::Size* size) {
  return size != nullptr && size->height() != 0 && size->width() != 0 &&
         std::uint64_t{size->height()} * size->width() <= rules::kGrid;
}

}  // namespace

std::uint32_t Checker::vocabulary() const { return encode_ ? root().source_vocabulary() : root().vocabulary(); }

std::uint32_t Checker::positions() const { return encode_ ? root().source() : root().context(); }

Checker::Failed Checker::fail(Code code, Message message) {
  failure_ = {code, message, op_};
  return {};
}

const fb::Value* Checker::input(int value) {
  if (value < 0 || static_cast<std::uint32_t>(value) >= next_value_)
    return fail("an operator reads a value that no earlier one made");
  const fb::Value* found = function_.values()->Get(static_cast<std::uint32_t>(value));
  if (found->last_use() < op_) return fail("an operator reads a value after its last use");
  return found;
}

const fb::Value* Checker::f32_input(int value) {
  const fb::Value* found = input(value);
  if (found != nullptr && found->kind() != fb::Kind::F32)
    return fail("an operator that needs f32 rows reads quantized ones");
  return found;
}

const fb::Value* Checker::columns(const fb::Slice* slice, std::uint32_t width) {
  const fb::Value* found = f32_input(slice->value());
  if (found == nullptr) return nullptr;
  if (width == 0 || width > found->width() || slice->first() > found->width() - width)
    return fail("an operator reads columns that its input does not have");
  return found;
}

bool Checker::emits(const fb::Emit* emit, std::uint32_t width, fb::Extent extent) {
  if (emit->rows() < 0 && emit->quantized() < 0) return fail("an operator leaves its result nowhere");
  if (emit->rows() >= 0 && !makes(emit->rows(), width, extent, false)) return false;
  if (emit->quantized() >= 0) return makes(emit->quantized(), width, extent, true);
  return true;
}

bool Checker::makes(int value, std::uint32_t width, fb::Extent extent, bool quantized) {
  if (value < 0 || static_cast<std::uint32_t>(value) != next_value_ || next_value_ >= function_.values()->size())
    return fail("values are not numbered in the order in which operators make them");
  const fb::Value* made = function_.values()->Get(next_value_);
  ++next_value_;
  if (made->width() != width || width == 0 || width > rules::kWidth)
    return fail("a value is not as wide as the result it holds");
  if (made->extent() != extent) return fail("a value has not the rows of the result it holds");
  const bool is_quantized = made->kind() == fb::Kind::Q8 || made->kind() == fb::Kind::Q16;
  if (quantized != is_quantized || (!is_quantized && made->kind() != fb::Kind::F32))
    return fail("a value is of the wrong kind");
  if (made->last_use() < op_) return fail("a value is given up before it is made");
  if (extent == fb::Extent::Grid && !good_grid(made->grid())) return fail("a grid's size is out of range");
  return true;
}

bool Checker::emits_like(const fb::Emit* emit, std::uint32_t width, const fb::Value& like) {
  if (like.extent() == fb::Extent::Grid) return emits_grid(emit, width, *like.grid());
  return emits(emit, width, like.extent());
}

bool Checker::emits_grid(const fb::Emit* emit, std::uint32_t width, const fb::Size& grid) {
  if (!emits(emit, width, fb::Extent::Grid)) return false;
  for (const int value : {emit->rows(), emit->quantized()}) {
    if (value < 0) continue;
    const fb::Size& made = *function_.values()->Get(static_cast<std::uint32_t>(value))->grid();
    if (made.height() != grid.height() || made.width() != grid.width())
      return fail("a value's grid has not the size of the result it holds");
  }
  return true;
}

const fb::Size* Checker::grid_made(const fb::Emit* emit) {
  const int value = emit->rows() >= 0 ? emit->rows() : emit->quantized();
  if (value < 0 || static_cast<std::uint32_t>(value) >= function_.values()->size())
    return fail("an operator leaves its result nowhere");
  const fb::Size* grid = function_.values()->Get(static_cast<std::uint32_t>(value))->grid();
  if (!good_grid(grid)) return fail("a grid's size is out of range");
  return grid;
}

const fb::Weight* Checker::weight(int index) {
  if (index < 0 || static_cast<std::uint32_t>(index) >= root().weights()->size())
    return fail("an operator names a weight that is not there");
  return root().weights()->Get(static_cast<std::uint32_t>(index));
}

bool Checker::vector(int index, std::uint32_t width) {
  if (index == -1) return true;
  const fb::Weight* found = weight(index);
  if (found == nullptr) return false;
  if (found->type() != fb::WeightType::Float32 || found->rows() != 1 || found->columns() != width)
    return fail("a bias or gain has the wrong type or shape");
  return true;
}

bool Checker::table(int index, std::uint32_t min_rows, std::uint32_t width) {
  const fb::Weight* found = weight(index);
  if (found == nullptr) return false;
  if (found->columns() != width || found->rows() < min_rows) return fail("an embedding table is too small");
  return true;
}

const fb::State* Checker::state(int index) {
  if (index < 0 || static_cast<std::uint32_t>(index) >= root().states()->size())
    return fail("an operator names a state that is not there");
  return root().states()->Get(static_cast<std::uint32_t>(index));
}

bool Checker::remembers(int index, std::uint32_t heads, std::uint32_t head_dim) {
  if (index == -1) return true;
  const fb::State* found = state(index);
  if (found == nullptr) return false;
  if (static_cast<std::uint32_t>(index) >= next_state_)
    return fail("an operator reads a state that no earlier one filled");
  if (found->extent() != fb::StateExtent::Memory || (found->heads() != heads && found->heads() != 1) ||
      found->head_dim() != head_dim)
    return fail("a state has not the shape of what is begun with it");
  return true;
}

bool Checker::fills(int index, fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim) {
  const fb::State* found = state(index);
  if (found == nullptr) return false;
  if (static_cast<std::uint32_t>(index) != next_state_)
    return fail("states are not numbered in the order in which operators fill them");
  ++next_state_;
  if (found->extent() != extent || found->heads() != heads || found->head_dim() != head_dim)
    return fail("a state has not the shape of what fills it");
  return true;
}

bool Checker::activation(fb::Activation activation, float cap) {
  if (activation > fb::Activation::MAX) return fail(Code::kUnsupported, "an activation this version does not know");
  // Written so that NaN fails.
  if (activation == fb::Activation::SoftCap && !(cap > 0.0F && cap < 1e30F))
    return fail("a soft cap is not a positive number");
  return true;
}

Status Checker::finish() const {
  if (next_value_ != function_.values()->size())
    return {Code::kBadFile, "a function has values that no operator makes", next_value_};
  const int output = function_.output();
  if (output == -1) {
    if (encode_ && !function_.sequential()) return {};
    return {Code::kBadFile, "the step function has no output"};
  }
  if (output < 0 || static_cast<std::uint32_t>(output) >= next_value_)
    return {Code::kBadFile, "a function's output is no value of it"};
  const fb::Value* value = function_.values()->Get(static_cast<std::uint32_t>(output));
  if (value->kind() != fb::Kind::F32) return {Code::kBadFile, "a function's output is not f32"};
  if (function_.sequential() && (encode_ || value->extent() != fb::Extent::Outputs))
    return {Code::kBadFile, "a sequential function's output is not of the rows that are asked for"};
  if (value->last_use() < function_.operators()->size())
    return {Code::kBadFile, "a function's output is given up before the end"};
  return {};
}

}  // namespace kinglet
