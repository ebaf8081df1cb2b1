#include "describe.h"

#include "ops/ops.h"
#include "text.h"

namespace kinglet::host {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

std::string shape(const fb::Value& value, std::uint32_t width) {
  return lower(fb::EnumNameKind(value.kind())) + " [" + lower(fb::EnumNameExtent(value.extent())) + ", " +
         std::to_string(width) + "]";
}

class Describer {
 public:
  Describer(const fb::Model& root, const fb::Function& function) : root_(root), function_(function) {}

  Described result;

  void operator()(const fb::Embed& op) {
    weight(op.tokens());
    weight(op.positions());
    weight(op.types());
    if (op.scale() != 1) detail("scale " + number(op.scale()));
    emit(op.output());
  }
  void operator()(const fb::RotaryAngles& op) {
    weight(op.frequencies());
    result.outputs.push_back(value(op.output()));
  }
  void operator()(const fb::Norm& op) {
    slice(op.input(), op.width());
    detail(lower(fb::EnumNameNormKind(op.kind())));
    if (op.group() != op.width()) detail("groups of " + std::to_string(op.group()));
    weight(op.gain());
    weight(op.bias());
    residual(op.residual());
    emit(op.output());
  }
  void operator()(const fb::Linear& op) {
    result.inputs.push_back(value(op.input()));
    weight(op.weight());
    weight(op.bias());
    activation(op.activation());
    if (op.up() >= 0) detail("gated");
    weight(op.up());
    weight(op.up_bias());
    residual(op.residual());
    emit(op.output());
  }
  void operator()(const fb::Attention& op) {
    slice(op.query(), op.heads() * op.head_dim());
    if (op.key()->value() >= 0) slice(op.key(), op.kv_heads() * op.head_dim());
    if (op.value()->value() >= 0) slice(op.value(), op.kv_heads() * op.head_dim());
    detail(std::to_string(op.heads()) + " heads of " + std::to_string(op.head_dim()));
    if (op.kv_heads() != op.heads()) detail(std::to_string(op.kv_heads()) + " key/value heads");
    detail(op.key()->value() < 0 ? "cross" : lower(fb::EnumNameMask(op.mask())));
    if (op.window() != 0) detail("window " + std::to_string(op.window()));
    if (op.angles() >= 0) detail("rotary " + value(op.angles()));
    weight(op.bias());
    state(op.state());
    emit(op.output());
  }
  void operator()(const fb::CacheKeyValue& op) {
    if (op.state() < 0) return;
    const fb::State& kept = state_at(op.state());
    slice(op.key(), kept.heads() * kept.head_dim());
    slice(op.value(), kept.heads() * value_dim(kept));
    state(op.state());
  }
  void operator()(const fb::Gate& op) {
    slice(op.gate(), op.width());
    slice(op.up(), op.width());
    activation(op.activation());
    emit(op.output());
  }
  void operator()(const fb::Activate& op) {
    slice(op.input(), op.width());
    activation(op.activation());
    emit(op.output());
  }
  void operator()(const fb::Add& op) {
    result.inputs = {value(op.left()), value(op.right())};
    activation(op.activation());
    emit(op.output());
  }
  void operator()(const fb::Select& op) {
    result.inputs = {value(op.input())};
    emit(op.output());
  }
  void operator()(const fb::PoolRows& op) {
    result.inputs = {value(op.input())};
    detail(lower(fb::EnumNamePooling(op.pooling())) + (op.row() == 0 ? "" : " after " + std::to_string(op.row())));
    emit(op.output());
  }
  void operator()(const fb::Recurrent& op) {
    const std::uint32_t hidden = state_at(op.state()).head_dim();
    slice(op.input(), (op.cell() == fb::Cell::Lstm ? 4 : 3) * hidden);
    detail(lower(fb::EnumNameCell(op.cell())) + " of " + std::to_string(hidden));
    if (op.reverse()) detail("backward");
    if (op.wide()) detail("16-bit state");
    for (const int w : {op.weight(), op.bias(), op.candidate(), op.candidate_bias()}) weight(w);
    state(op.state());
    state(op.initial());
    emit(op.output());
  }
  void operator()(const fb::Recall& op) {
    state(op.state());
    state(op.initial());
    emit(op.output());
  }
  void operator()(const fb::Keep& op) {
    slice(op.input(), row_width(state_at(op.state())));
    state(op.state());
  }
  void operator()(const fb::Concat& op) {
    for (const fb::Part* part : *op.parts()) {
      const fb::Slice columns(part->value(), part->first());
      slice(&columns, part->width());
    }
    emit(op.output());
  }
  void operator()(const fb::Align& op) {
    slice(op.query(), state_at(op.state()).head_dim());
    detail(lower(fb::EnumNameScore(op.score())));
    if (op.place() != fb::Place::Everywhere)
      detail(lower(fb::EnumNamePlace(op.place())) + " window " + std::to_string(op.window()));
    if (op.centre() >= 0) detail("centre " + value(op.centre()));
    if (op.hard()) detail("hard");
    weight(op.v());
    state(op.state());
    emit(op.output());
  }
  void operator()(const fb::Conv2d& op) {
    grid(op.input());
    window(op.kernel(), op.stride(), op.padding());
    if (op.dilation()->height() != 1 || op.dilation()->width() != 1) detail("dilation " + size_text(*op.dilation()));
    if (op.groups() != 1) detail(std::to_string(op.groups()) + " groups");
    if (op.wide()) detail("16-bit windows");
    ranges(op.ranges());
    activation(op.activation());
    residual(op.residual());
    for (const int w : {op.weight(), op.bias()}) weight(w);
    emit(op.output());
  }
  void operator()(const fb::DepthwiseConv2d& op) {
    grid(op.input());
    window(op.kernel(), op.stride(), op.padding());
    if (op.dilation()->height() != 1 || op.dilation()->width() != 1) detail("dilation " + size_text(*op.dilation()));
    ranges(op.ranges());
    activation(op.activation());
    for (const int w : {op.weight(), op.bias()}) weight(w);
    emit(op.output());
  }
  void operator()(const fb::Pool2d& op) {
    grid(op.input());
    detail(lower(fb::EnumNamePoolKind(op.kind())));
    if (op.adaptive()) detail("adaptive");
    else window(op.kernel(), op.stride(), op.padding());
    emit(op.output());
  }
  void operator()(const fb::Regions& op) {
    grid(op.input());
    for (const int w : {op.before(), op.positions()}) weight(w);
    emit(op.output());
  }

 private:
  static std::string size_text(const fb::Size& size) {
    return std::to_string(size.height()) + "x" + std::to_string(size.width());
  }
  void window(const fb::Size* kernel, const fb::Size* stride, const fb::Size* padding) {
    detail(size_text(*kernel));
    if (stride->height() != 1 || stride->width() != 1) detail("stride " + size_text(*stride));
    if (padding->height() != 0 || padding->width() != 0) detail("padding " + size_text(*padding));
  }
  void ranges(const fb::Ranges* seen) {
    const auto text = [](const fb::Range& range) { return number(range.low()) + " to " + number(range.high()); };
    if (seen != nullptr) detail("ranges " + text(seen->input()) + " in, " + text(seen->output()) + " out");
  }
  // A value, or what is given.
  void grid(int index) {
    const fb::Input* input = root_.input();
    result.inputs.push_back(index >= 0 ? value(index)
                                       : "input [" + size_text(*input->grid()) + ", " +
                                             std::to_string(input->channels()) + "]");
  }
  static std::string number(float x) {
    char text[32];
    std::snprintf(text, sizeof(text), "%g", static_cast<double>(x));
    return text;
  }
  const fb::Value& at(int index) const { return *function_.values()->Get(static_cast<std::uint32_t>(index)); }
  std::string value(int index) const { return "%" + std::to_string(index) + " " + shape(at(index), at(index).width()); }
  void detail(const std::string& text) { result.detail += (result.detail.empty() ? "" : ", ") + text; }
  void activation(fb::Activation kind) {
    if (kind != fb::Activation::None) detail(lower(fb::EnumNameActivation(kind)));
  }
  void residual(int index) {
    if (index >= 0) detail("+ " + value(index));
  }
  void slice(const fb::Slice* s, std::uint32_t width) {
    const fb::Value& whole = at(s->value());
    const std::string columns = "[" + std::to_string(s->first()) + ":" + std::to_string(s->first() + width) + "]";
    result.inputs.push_back("%" + std::to_string(s->value()) + (width == whole.width() ? "" : columns) + " " +
                            shape(whole, width));
  }
  void weight(int index) {
    if (index < 0) return;
    const fb::Weight& w = *root_.weights()->Get(static_cast<std::uint32_t>(index));
    result.weights.push_back((w.name() == nullptr ? "weight " + std::to_string(index) : printable(w.name()->str())) +
                             " " + weight_text(w));
  }
  void state(int index) {
    if (index < 0) return;
    const fb::State& s = state_at(index);
    result.states.push_back("#" + std::to_string(index) + " [" + lower(fb::EnumNameStateExtent(s.extent())) + ", " +
                            std::to_string(s.heads()) + " x " + std::to_string(s.head_dim()) +
                            (s.value_dim() != 0 ? " and " + std::to_string(s.value_dim()) : "") + "]");
  }
  const fb::State& state_at(int index) const { return *root_.states()->Get(static_cast<std::uint32_t>(index)); }
  void emit(const fb::Emit* made) {
    if (made->rows() >= 0) result.outputs.push_back(value(made->rows()));
    if (made->quantized() >= 0) result.outputs.push_back(value(made->quantized()));
  }

  const fb::Model& root_;
  const fb::Function& function_;
};

}  // namespace

std::string weight_text(const fb::Weight& weight) {
  return lower(fb::EnumNameWeightType(weight.type())) + " [" + std::to_string(weight.rows()) + ", " +
         std::to_string(weight.columns()) + "]";
}

std::string task_text(fb::Task task) {
  switch (task) {
    case fb::Task::Generate: return "generate";
    case fb::Task::Translate: return "translate";
    case fb::Task::Embed: return "embed";
    case fb::Task::Classify: return "classify";
    case fb::Task::ClassifyTokens: return "classify tokens";
    case fb::Task::FillMask: return "fill a mask";
    case fb::Task::Caption: return "caption";
    case fb::Task::Transcribe: return "transcribe";
  }
  return "";
}

std::string tokenizer_text(const fb::Tokenizer& tokenizer) {
  const std::string count = ", " + std::to_string(tokenizer.ends()->size()) + " tokens";
  switch (tokenizer.model()) {
    case fb::TokenModel::Bpe: return (tokenizer.byte_level() ? "byte-level BPE" : "BPE") + count;
    case fb::TokenModel::Unigram: return "Unigram" + count;
    case fb::TokenModel::WordPiece: return "WordPiece" + count;
  }
  return "";
}

Described describe(const fb::Model& root, const fb::Function& function, const fb::Operator& op) {
  Describer describer(root, function);
  ops::visit(
      op, [&describer](const auto& table) { return describer(table), 0; }, 0);
  describer.result.kind = fb::EnumNameBody(op.body_type());
  if (op.name() != nullptr) describer.result.name = printable(op.name()->str());
  return describer.result;
}

}  // namespace kinglet::host
