#include "tests/runtime/session/tiny_model.h"

#include <cstring>
#include <new>

#include "model/checksum.h"
#include "model/rules.h"
#include "tests/runtime/session/tiny_parts.h"

namespace kinglet::testing {
namespace {

constexpr std::size_t kAlign = 64;

std::uint64_t padded(std::uint64_t n, std::uint64_t to) { return (n + to - 1) / to * to; }

}  // namespace

TinyModel::TinyModel(unsigned seed) : random_(seed) {
  model_.version = rules::kVersion;
  model_.name = "tiny";
  model_.architecture = "test";
}

std::uint64_t TinyModel::append(std::span<const std::byte> bytes) {
  const std::uint64_t offset = segment_.size();
  segment_.insert(segment_.end(), bytes.begin(), bytes.end());
  segment_.resize(padded(segment_.size(), kAlign));
  return offset;
}

int TinyModel::tiles(std::uint32_t rows, std::uint32_t columns) {
  std::vector<std::int8_t> packed(padded(rows, 16) * padded(columns, 4));
  std::uniform_int_distribution<int> any(-127, 127);
  const std::uint64_t k4 = padded(columns, 4) / 4;
  for (std::uint32_t n = 0; n < rows; ++n) {
    for (std::uint32_t k = 0; k < columns; ++k)
      packed[(n / 16 * k4 + k / 4) * 64 + n % 16 * 4 + k % 4] = static_cast<std::int8_t>(any(random_));
  }
  std::vector<float> scales(padded(rows, 16), 0.0F);
  std::uniform_real_distribution<float> scale(0.6F, 1.4F);
  for (std::uint32_t n = 0; n < rows; ++n)
    scales[n] = scale(random_) / (73.0F * std::sqrt(static_cast<float>(columns)));
  auto weight = std::make_unique<fb::WeightT>();
  weight->type = fb::WeightType::Int8;
  weight->layout = fb::Layout::Tile16x4;
  weight->rows = rows;
  weight->columns = columns;
  const auto data_bytes = std::as_bytes(std::span(packed));
  const auto scale_bytes = std::as_bytes(std::span(scales));
  weight->checksum = checksum(scale_bytes, checksum(data_bytes, 0));
  weight->data = std::make_unique<fb::Region>(append(data_bytes), data_bytes.size());
  weight->scales = std::make_unique<fb::Region>(append(scale_bytes), scale_bytes.size());
  model_.weights.push_back(std::move(weight));
  return static_cast<int>(model_.weights.size()) - 1;
}

int TinyModel::floats(std::uint32_t rows, std::uint32_t columns, float mean, float deviation) {
  std::vector<float> values(padded(std::uint64_t{rows} * columns, 16), 0.0F);
  std::normal_distribution<float> any(mean, deviation);
  for (std::uint64_t i = 0; i < std::uint64_t{rows} * columns; ++i) values[i] = any(random_);
  auto weight = std::make_unique<fb::WeightT>();
  weight->type = fb::WeightType::Float32;
  weight->rows = rows;
  weight->columns = columns;
  const auto bytes = std::as_bytes(std::span(values));
  weight->checksum = checksum(bytes, 0);
  weight->data = std::make_unique<fb::Region>(append(bytes), bytes.size());
  model_.weights.push_back(std::move(weight));
  return static_cast<int>(model_.weights.size()) - 1;
}

int TinyModel::state(fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim, std::uint32_t value_dim) {
  auto state = std::make_unique<fb::StateT>();
  state->extent = extent;
  state->heads = heads;
  state->head_dim = head_dim;
  state->value_dim = value_dim;
  model_.states.push_back(std::move(state));
  return static_cast<int>(model_.states.size()) - 1;
}

void TinyModel::begin(bool encode) {
  auto& function = encode ? model_.encode : model_.step;
  function = std::make_unique<fb::FunctionT>();
  function_ = function.get();
}

int TinyModel::value(std::uint32_t width, fb::Kind kind, fb::Extent extent) {
  auto value = std::make_unique<fb::ValueT>();
  value->width = width;
  value->kind = kind;
  value->extent = extent;
  function_->values.push_back(std::move(value));
  return static_cast<int>(function_->values.size()) - 1;
}

void TinyModel::end(int output) {
  function_->output = output;
  for (auto& value : function_->values) value->last_use = static_cast<std::uint32_t>(function_->operators.size());
}

std::vector<std::byte> TinyModel::file() {
  model_.segment_bytes = segment_.size();
  std::vector<std::byte> bytes;
  for (int pass = 0; pass < 2; ++pass) {  // the first tells how long the program is
    flatbuffers::FlatBufferBuilder builder;
    builder.FinishSizePrefixed(fb::Model::Pack(builder, &model_), fb::ModelIdentifier());
    const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
    bytes.assign(begin, begin + builder.GetSize());
    if (model_.segment == 0) model_.segment = padded(bytes.size() + 16, kAlign);
  }
  bytes.resize(model_.segment);
  bytes.insert(bytes.end(), segment_.begin(), segment_.end());
  return bytes;
}

namespace {

// silu(x W^T) * (x U^T) of a quantized x as two operators, or as one.
int gate(TinyModel& m, int x, std::uint32_t width, std::uint32_t hidden) {
  const int both = m.value(2 * hidden, fb::Kind::F32);
  m.add(linear(x, m.tiles(2 * hidden, width), both, -1));
  fb::GateT gate;
  gate.gate = slice(both, 0);
  gate.up = slice(both, hidden);
  gate.width = hidden;
  gate.activation = fb::Activation::Silu;
  const int gated = m.value(hidden, fb::Kind::Q16);
  gate.output = emit(-1, gated);
  m.add(std::move(gate));
  return gated;
}

int gated_linear(TinyModel& m, int x, std::uint32_t width, std::uint32_t hidden) {
  const int weight = m.tiles(hidden, width), bias = m.floats(1, hidden, 0.0F, 0.1F);
  const int gated = m.value(hidden, fb::Kind::Q16);
  auto op = linear(x, weight, -1, gated, bias);
  op.activation = fb::Activation::Silu;
  op.up = m.tiles(hidden, width);
  op.up_bias = m.floats(1, hidden, 0.5F, 0.1F);
  m.add(std::move(op));
  return gated;
}

struct Decoder {
  std::uint32_t context, window, heads, kv_heads;
};

// No two weights are made in one expression: their order, and with it what is drawn, would be the compiler's.
std::vector<std::byte> decoder(const Decoder& shape) {
  constexpr std::uint32_t kWidth = 40, kDim = 12, kHidden = 72, kVocabulary = 53;
  const std::uint32_t heads = shape.heads, kv_heads = shape.kv_heads;
  TinyModel m(1);
  m.model().task = fb::Task::Generate;
  m.model().context = shape.context;
  m.model().vocabulary = kVocabulary;
  const int table = m.tiles(kVocabulary, kWidth);
  m.begin(false);
  int x = m.value(kWidth, fb::Kind::F32);
  fb::EmbedT embed;
  embed.output = emit(x, -1);
  embed.tokens = table;
  embed.scale = 3.0F;
  m.add(std::move(embed));
  fb::RotaryAnglesT rotary;
  rotary.frequencies = m.floats(1, 5, 0.4F, 0.2F);
  rotary.output = m.value(10, fb::Kind::F32);
  const int angles = rotary.output;
  m.add(std::move(rotary));
  for (const std::uint32_t layer : {0U, 1U}) {
    const int h = m.value(kWidth, fb::Kind::Q8);
    m.add(norm(x, kWidth, -1, h, m.floats(1, kWidth, 1.0F, 0.2F)));
    const int qkv = m.value((heads + 2 * kv_heads) * kDim, fb::Kind::F32);
    const int bias = m.floats(1, (heads + 2 * kv_heads) * kDim, 0.0F, 0.3F);
    m.add(linear(h, m.tiles((heads + 2 * kv_heads) * kDim, kWidth), qkv, -1, bias));
    const int attended = m.value(heads * kDim, fb::Kind::Q8);
    auto self = attention(qkv, heads, kv_heads, kDim, attended, m.state(fb::StateExtent::Context, kv_heads, kDim),
                          fb::Mask::Causal);
    self.angles = angles;
    self.window = layer == 0 ? shape.window : 0;
    self.cap = layer == 0 ? 0.0F : 5.0F;
    m.add(std::move(self));
    const int after = m.value(kWidth, fb::Kind::F32);
    m.add(linear(attended, m.tiles(kWidth, heads * kDim), after, -1, -1, x));
    const int h2 = m.value(kWidth, fb::Kind::Q8);
    m.add(norm(after, kWidth, -1, h2, m.floats(1, kWidth, 1.0F, 0.2F)));
    const int gated = layer == 0 ? gate(m, h2, kWidth, kHidden) : gated_linear(m, h2, kWidth, kHidden);
    x = m.value(kWidth, fb::Kind::F32);
    m.add(linear(gated, m.tiles(kWidth, kHidden), x, -1, -1, after));
  }
  const int chosen = m.value(kWidth, fb::Kind::F32, fb::Extent::Outputs);
  fb::SelectT select;
  select.input = x;
  select.output = emit(chosen, -1);
  m.add(std::move(select));
  const int last = m.value(kWidth, fb::Kind::Q8, fb::Extent::Outputs);
  m.add(norm(chosen, kWidth, -1, last, m.floats(1, kWidth, 1.0F, 0.2F)));
  const int logits = m.value(kVocabulary, fb::Kind::F32, fb::Extent::Outputs);
  auto head = linear(last, table, logits, -1);
  head.activation = fb::Activation::SoftCap;
  head.cap = 20.0F;
  m.add(std::move(head));
  m.end(logits);
  return m.file();
}

}  // namespace

std::vector<std::byte> tiny_decoder() { return decoder({.context = 96, .window = 7, .heads = 4, .kv_heads = 2}); }

std::vector<std::byte> tiny_long_decoder() {
  return decoder({.context = 640, .window = 260, .heads = 11, .kv_heads = 1});
}

std::vector<std::byte> tiny_encoder() {
  constexpr std::uint32_t kWidth = 24, kHeads = 3, kDim = 8, kVocabulary = 31, kSource = 48;
  TinyModel m(2);
  m.model().task = fb::Task::Embed;
  m.model().source = kSource;
  m.model().source_vocabulary = kVocabulary;
  m.model().types = 2;
  m.begin(true);
  const int sum = m.value(kWidth, fb::Kind::F32);
  fb::EmbedT embed;
  embed.output = emit(sum, -1);
  embed.tokens = m.tiles(kVocabulary, kWidth);
  embed.positions = m.tiles(kSource, kWidth);
  embed.types = m.floats(2, kWidth, 0.0F, 0.1F);
  m.add(std::move(embed));
  const int x = m.value(kWidth, fb::Kind::F32);
  const int qx = m.value(kWidth, fb::Kind::Q8);
  const int bias = m.floats(1, kWidth, 0.0F, 0.2F);
  m.add(norm(sum, kWidth, x, qx, m.floats(1, kWidth, 1.0F, 0.2F), bias, fb::NormKind::Layer));
  const int qkv = m.value(3 * kHeads * kDim, fb::Kind::F32);
  m.add(linear(qx, m.tiles(3 * kHeads * kDim, kWidth), qkv, -1));
  const int attended = m.value(kHeads * kDim, fb::Kind::Q8);
  auto self = attention(qkv, kHeads, kHeads, kDim, attended, -1, fb::Mask::Full);
  self.bias = m.floats(kHeads, 2 * 5 + 1, 0.0F, 1.0F);
  m.add(std::move(self));
  const int after = m.value(kWidth, fb::Kind::F32);
  m.add(linear(attended, m.tiles(kWidth, kHeads * kDim), after, -1, -1, x));
  const int pooled = m.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
  fb::PoolRowsT pool;
  pool.input = after;
  pool.output = emit(pooled, -1);
  m.add(std::move(pool));
  const int unit = m.value(kWidth, fb::Kind::F32, fb::Extent::Sequences);
  m.add(norm(pooled, kWidth, unit, -1, -1, -1, fb::NormKind::L2));
  m.end(unit);
  return m.file();
}

std::vector<std::byte> tiny_encoder_decoder() {
  constexpr std::uint32_t kWidth = 20, kHeads = 2, kDim = 10, kVocabulary = 37;
  TinyModel m(3);
  m.model().task = fb::Task::Translate;
  m.model().source = 40;
  m.model().context = 40;
  m.model().source_vocabulary = m.model().vocabulary = kVocabulary;
  const int table = m.tiles(kVocabulary, kWidth);
  const auto embed_into = [&](int x, int quantized) {
    fb::EmbedT embed;
    embed.output = emit(x, quantized);
    embed.tokens = table;
    embed.positions = m.tiles(40, kWidth);
    m.add(std::move(embed));
  };
  const int memory = m.state(fb::StateExtent::Source, kHeads, kDim);
  m.begin(true);
  const int source = m.value(kWidth, fb::Kind::F32);
  const int source_q = m.value(kWidth, fb::Kind::Q8);
  embed_into(source, source_q);
  const int hidden = m.value(kWidth, fb::Kind::F32);
  const int hidden_bias = m.floats(1, kWidth, 0.0F, 0.3F);
  auto relu = linear(source_q, m.tiles(kWidth, kWidth), hidden, -1, hidden_bias);
  relu.activation = fb::Activation::Relu;
  m.add(std::move(relu));
  const int sum_q = m.value(kWidth, fb::Kind::Q8);
  fb::AddT sum;
  sum.left = source;
  sum.right = hidden;
  sum.output = emit(-1, sum_q);
  m.add(std::move(sum));
  const int kv = m.value(2 * kHeads * kDim, fb::Kind::F32);
  m.add(linear(sum_q, m.tiles(2 * kHeads * kDim, kWidth), kv, -1));
  fb::CacheKeyValueT keep;
  keep.key = slice(kv, 0);
  keep.value = slice(kv, kHeads * kDim);
  keep.state = memory;
  m.add(std::move(keep));
  m.end(-1);

  m.begin(false);
  const int x = m.value(kWidth, fb::Kind::F32);
  const int x_q = m.value(kWidth, fb::Kind::Q8);
  embed_into(x, x_q);
  const int qkv = m.value(3 * kHeads * kDim, fb::Kind::F32);
  m.add(linear(x_q, m.tiles(3 * kHeads * kDim, kWidth), qkv, -1));
  const int attended = m.value(kHeads * kDim, fb::Kind::Q8);
  m.add(attention(qkv, kHeads, kHeads, kDim, attended, m.state(fb::StateExtent::Context, kHeads, kDim),
                  fb::Mask::Causal));
  const int after = m.value(kWidth, fb::Kind::F32);
  m.add(linear(attended, m.tiles(kWidth, kHeads * kDim), after, -1, -1, x));
  const int normed = m.value(kWidth, fb::Kind::F32);
  const int normed_q = m.value(kWidth, fb::Kind::Q8);
  const int bias = m.floats(1, kWidth, 0.0F, 0.2F);
  m.add(norm(after, kWidth, normed, normed_q, m.floats(1, kWidth, 1.0F, 0.2F), bias, fb::NormKind::Layer));
  const int q = m.value(kHeads * kDim, fb::Kind::F32);
  m.add(linear(normed_q, m.tiles(kHeads * kDim, kWidth), q, -1));
  const int crossed = m.value(kHeads * kDim, fb::Kind::F32);
  fb::AttentionT cross = attention(q, kHeads, kHeads, kDim, -1, memory, fb::Mask::Full);
  cross.key = slice(-1);
  cross.value = slice(-1);
  cross.output = emit(crossed, -1);
  m.add(std::move(cross));
  const int bent = m.value(kHeads * kDim, fb::Kind::Q16);
  fb::ActivateT activate;
  activate.input = slice(crossed);
  activate.width = kHeads * kDim;
  activate.activation = fb::Activation::Tanh;
  activate.output = emit(-1, bent);
  m.add(std::move(activate));
  const int out = m.value(kWidth, fb::Kind::F32);
  m.add(linear(bent, m.tiles(kWidth, kHeads * kDim), out, -1, -1, normed));
  const int last = m.value(kWidth, fb::Kind::Q8, fb::Extent::Outputs);
  fb::SelectT select;
  select.input = out;
  select.output = emit(-1, last);
  m.add(std::move(select));
  const int logits = m.value(kVocabulary, fb::Kind::F32, fb::Extent::Outputs);
  m.add(linear(last, table, logits, -1));
  m.end(logits);
  return m.file();
}

std::vector<std::byte> tiny_recurrent() {
  constexpr std::uint32_t kWidth = 12, kHidden = 9, kDecoder = 18, kUnits = 10, kVocabulary = 37;
  TinyModel m(4);
  m.model().task = fb::Task::Translate;
  m.model().source = m.model().context = 40;
  m.model().source_vocabulary = m.model().vocabulary = kVocabulary;
  const int table = m.tiles(kVocabulary, kWidth);
  const auto embed_into = [&](int x, int quantized) {
    fb::EmbedT embed;
    embed.output = emit(x, quantized);
    embed.tokens = table;
    embed.scale = 2.0F;
    m.add(std::move(embed));
  };
  const auto concat = [&](std::vector<fb::Part> parts, fb::Emit to, fb::Extent extent) {
    fb::ConcatT op;
    op.parts = std::move(parts);
    op.output = std::make_unique<fb::Emit>(to);
    op.extent = extent;
    m.add(std::move(op));
  };
  const auto recall = [&](int state, int initial, std::uint32_t width) {
    fb::RecallT op;
    op.state = state;
    op.initial = initial;
    const int made = m.value(width, fb::Kind::F32, fb::Extent::Sequences);
    op.output = emit(made, -1);
    m.add(std::move(op));
    return made;
  };
  const auto keep = [&](int value, int state) {
    fb::KeepT op;
    op.input = slice(value);
    op.state = state;
    m.add(std::move(op));
  };

  m.begin(true);
  const int source = m.value(kWidth, fb::Kind::Q8);
  embed_into(-1, source);
  const int gates = m.value(8 * kHidden, fb::Kind::F32);
  const int gates_bias = m.floats(1, 8 * kHidden, 0.0F, 0.3F);
  m.add(linear(source, m.tiles(8 * kHidden, kWidth), gates, -1, gates_bias));
  int ways[2], ends[2];
  for (const std::uint32_t way : {0U, 1U}) {
    fb::RecurrentT lstm;
    lstm.input = slice(gates, way * 4 * kHidden);
    lstm.weight = m.tiles(4 * kHidden, kHidden);
    lstm.bias = m.floats(1, 4 * kHidden, 0.0F, 0.3F);
    lstm.state = ends[way] = m.state(fb::StateExtent::Memory, 2, kHidden);
    lstm.reverse = way == 1;
    lstm.wide = way == 1;
    ways[way] = m.value(kHidden, fb::Kind::F32);
    lstm.output = emit(ways[way], -1);
    m.add(std::move(lstm));
  }
  const int memory = m.value(2 * kHidden, fb::Kind::F32);
  const int memory_q = m.value(2 * kHidden, fb::Kind::Q8);
  concat({{ways[0], 0, kHidden}, {ways[1], 0, kHidden}}, {memory, memory_q}, fb::Extent::Rows);
  const int first = recall(-1, ends[0], 2 * kHidden), second = recall(-1, ends[1], 2 * kHidden);
  const int ended = m.value(2 * kHidden, fb::Kind::F32, fb::Extent::Sequences);
  concat({{first, 0, kHidden}, {second, 0, kHidden}}, {ended, -1}, fb::Extent::Sequences);
  const int initial = m.state(fb::StateExtent::Memory, 1, kDecoder);
  keep(ended, initial);
  const int keys = m.value(kUnits, fb::Kind::F32);
  m.add(linear(memory_q, m.tiles(kUnits, 2 * kHidden), keys, -1));
  fb::CacheKeyValueT cache;
  cache.key = slice(keys);
  cache.value = slice(memory);
  cache.state = m.state(fb::StateExtent::Source, 1, kUnits, 2 * kHidden);
  const int seen = cache.state;
  m.add(std::move(cache));
  m.end(-1);

  m.begin(false);
  const int hidden = m.state(fb::StateExtent::Sequence, 1, kDecoder);
  const int fed = m.state(fb::StateExtent::Sequence, 1, kDecoder);
  const int x = m.value(kWidth, fb::Kind::F32);
  embed_into(x, -1);
  const int before = recall(fed, -1, kDecoder);
  const int last = recall(hidden, initial, kDecoder);
  const int joined = m.value(kWidth + 2 * kDecoder, fb::Kind::Q8);
  concat({{x, 0, kWidth}, {before, 0, kDecoder}, {last, 0, kDecoder}}, {-1, joined}, fb::Extent::Rows);
  const int all_gates = m.value(3 * kDecoder, fb::Kind::F32);
  m.add(linear(joined, m.tiles(3 * kDecoder, kWidth + 2 * kDecoder), all_gates, -1));
  fb::RecurrentT gru;
  gru.cell = fb::Cell::GruOriginal;
  gru.input = slice(all_gates);
  gru.weight = m.tiles(2 * kDecoder, kDecoder);
  gru.candidate = m.tiles(kDecoder, kDecoder);
  gru.candidate_bias = m.floats(1, kDecoder, 0.0F, 0.3F);
  gru.state = hidden;
  gru.initial = initial;
  const int h = m.value(kDecoder, fb::Kind::F32), h_q = m.value(kDecoder, fb::Kind::Q8);
  gru.output = emit(h, h_q);
  m.add(std::move(gru));
  const int query = m.value(kUnits, fb::Kind::F32);
  m.add(linear(h_q, m.tiles(kUnits, kDecoder), query, -1));
  const int centre = m.value(1, fb::Kind::F32);
  auto where = linear(h_q, m.tiles(1, kDecoder), centre, -1);
  where.activation = fb::Activation::Sigmoid;
  m.add(std::move(where));
  fb::AlignT align;
  align.query = slice(query);
  align.state = seen;
  align.score = fb::Score::Additive;
  align.v = m.floats(1, kUnits, 0.0F, 1.0F);
  align.place = fb::Place::Predicted;
  align.window = 5;
  align.centre = centre;
  const int context = m.value(2 * kHidden, fb::Kind::F32);
  align.output = emit(context, -1);
  m.add(std::move(align));
  const int both = m.value(kDecoder + 2 * kHidden, fb::Kind::Q16);
  concat({{h, 0, kDecoder}, {context, 0, 2 * kHidden}}, {-1, both}, fb::Extent::Rows);
  const int combined = m.value(kDecoder, fb::Kind::F32);
  auto combine = linear(both, m.tiles(kDecoder, kDecoder + 2 * kHidden), combined, -1);
  combine.activation = fb::Activation::Tanh;
  m.add(std::move(combine));
  keep(combined, fed);
  const int chosen = m.value(kDecoder, fb::Kind::Q8, fb::Extent::Outputs);
  fb::SelectT select;
  select.input = combined;
  select.output = emit(-1, chosen);
  m.add(std::move(select));
  const int logits = m.value(kVocabulary, fb::Kind::F32, fb::Extent::Outputs);
  m.add(linear(chosen, m.tiles(kVocabulary, kDecoder), logits, -1));
  m.end(logits);
  m.model().step->sequential = true;
  return m.file();
}

}  // namespace kinglet::testing
