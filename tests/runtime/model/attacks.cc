#include "tests/runtime/model/attacks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "model/rules.h"
#include "tests/runtime/session/tiny_parts.h"

namespace kinglet::testing {
namespace {

using File = std::vector<std::byte>;
using Change = std::function<void(fb::ModelT&)>;

constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();

// A decoder with something changed in its program.
auto decoder(Change change) {
  return [change = std::move(change)] { return text_decoder(change); };
}
auto translator(Change change) {
  return [change = std::move(change)] { return text_translator(change); };
}

template <class Table>
Table& first(fb::FunctionT& function) {
  for (auto& op : function.operators) {
    if (op->body.type == fb::BodyUnionTraits<Table>::enum_value) return *static_cast<Table*>(op->body.value);
  }
  ADD_FAILURE() << "no such operator";
  static Table none;
  return none;
}

// A decoder with other bytes somewhere.
auto patched(std::function<void(File&)> change) {
  return [change = std::move(change)] {
    File file = text_decoder();
    change(file);
    return file;
  };
}

void put(File& file, std::size_t at, std::uint32_t value) { std::memcpy(file.data() + at, &value, sizeof value); }
std::uint32_t get(const File& file, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}
std::size_t root_table(const File& file) { return 4 + get(file, 4); }

// Where the field of the root table lies, an offset in the file; `slot` as fb::Model::VT_….
std::size_t field(const File& file, flatbuffers::voffset_t slot) {
  const auto& table = *reinterpret_cast<const flatbuffers::Table*>(file.data() + root_table(file));
  return root_table(file) + table.GetOptionalFieldOffset(slot);
}

// Its float weights, or the scales of its int8 ones, or these themselves, all the same.
enum class Part { kScales, kFloats, kTiles };
auto filled(Part part, std::uint32_t bits) {
  return [=] {
    File file = text_translator();
    const fb::Model& root = *fb::GetSizePrefixedModel(file.data());
    const fb::Region* region = nullptr;
    std::vector<std::pair<std::size_t, std::size_t>> regions;
    for (const fb::Weight* weight : *root.weights()) {
      const bool whole = weight->type() == fb::WeightType::Float32;
      if (whole != (part == Part::kFloats)) continue;
      region = part == Part::kScales ? weight->scales() : weight->data();
      regions.emplace_back(root.segment() + region->offset(), region->bytes());
    }
    for (const auto& [begin, bytes] : regions) {
      for (std::size_t at = begin; at < begin + bytes; at += 4) put(file, at, bits);
    }
    return file;
  };
}

// A decoder whose generation table has one language, and `count` times: each entry is the same table with the same tokens.
File shared_tables(std::uint32_t count) {
  const File file = text_decoder();
  const fb::Model& root = *fb::GetSizePrefixedModel(file.data());
  flatbuffers::FlatBufferBuilder builder;
  const auto tokens = builder.CreateVector(std::vector<std::int32_t>(count, 1));
  const auto language = fb::CreateLanguage(builder, builder.CreateString("de"), tokens);
  const auto languages = builder.CreateVector(std::vector(count, language));
  fb::GenerationBuilder generation(builder);
  generation.add_languages(languages);
  const auto generation_at = generation.Finish();
  fb::ModelT model;
  root.UnPackTo(&model);
  const auto list = [&](const auto& tables, const auto& pack) {
    std::vector<decltype(pack(builder, tables[0].get()))> made;
    for (const auto& table : tables) made.push_back(pack(builder, table.get()));
    return builder.CreateVector(made);
  };
  const auto weights = list(model.weights, [](auto& b, const fb::WeightT* t) { return fb::Weight::Pack(b, t); });
  const auto states = list(model.states, [](auto& b, const fb::StateT* t) { return fb::State::Pack(b, t); });
  const auto step = fb::Function::Pack(builder, model.step.get());
  const std::uint64_t segment = (std::uint64_t{count} * 8 + (1U << 16)) / 64 * 64;
  fb::ModelBuilder all(builder);
  all.add_version(model.version);
  all.add_context(model.context);
  all.add_vocabulary(model.vocabulary);
  all.add_weights(weights);
  all.add_states(states);
  all.add_step(step);
  all.add_segment(segment);
  all.add_segment_bytes(model.segment_bytes);
  all.add_generation(generation_at);
  builder.FinishSizePrefixed(all.Finish(), fb::ModelIdentifier());
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  File made(begin, begin + builder.GetSize());
  made.resize(segment);
  made.insert(made.end(), file.begin() + static_cast<std::ptrdiff_t>(root.segment()), file.end());
  return made;
}

// A linear layer whose sums do not fit 32 bits.
File too_many_products() {
  constexpr std::uint32_t kColumns = rules::kInner + 4;
  TinyModel m(1);
  m.model().context = 4;
  m.model().vocabulary = 2;
  m.begin(false);
  const int x = m.value(kColumns, fb::Kind::F32), q = m.value(kColumns, fb::Kind::Q8);
  fb::EmbedT embed;
  embed.output = emit(x, q);
  embed.tokens = m.floats(2, kColumns, 0, 1);
  m.add(std::move(embed));
  const int y = m.value(2, fb::Kind::F32);
  m.add(linear(q, m.tiles(2, kColumns), y, -1));
  m.end(y);
  return m.file();
}

File grids(const std::function<void(fb::Pool2dT&, fb::ModelT&)>& change) {
  TinyModel m(1);
  m.model().source = 1;
  m.begin(true);
  m.model().input = std::make_unique<fb::InputT>();
  m.model().input->grid = std::make_unique<fb::Size>(8U, 8U);
  m.model().input->channels = 4;
  const auto grid = [&](std::uint32_t width, std::uint32_t height, std::uint32_t columns) {
    const int made = m.value(width, fb::Kind::F32, fb::Extent::Grid);
    m.model().encode->values.back()->grid = std::make_unique<fb::Size>(height, columns);
    return made;
  };
  const auto size = [](std::uint32_t side) { return std::make_unique<fb::Size>(side, side); };
  fb::Conv2dT convolution;
  const int x = grid(16, 8, 8);
  convolution.output = emit(x, -1);
  convolution.weight = m.tiles(16, 4);
  m.floats(1, 4, 1.0F, 0.1F);  // for the input's gain and shift; and two that are not of their form
  m.floats(2, 4, 1.0F, 0.1F);
  m.floats(1, 3, 1.0F, 0.1F);
  convolution.inner = 4;
  convolution.kernel = size(1);
  convolution.stride = size(1);
  convolution.padding = size(0);
  convolution.dilation = size(1);
  m.add(std::move(convolution));
  fb::Pool2dT pool;
  pool.input = x;
  pool.output = emit(grid(16, 4, 4), -1);
  pool.kernel = size(2);
  pool.stride = size(2);
  pool.padding = size(0);
  change(pool, m.model());
  m.add(std::move(pool));
  const int pooled = m.value(16, fb::Kind::F32, fb::Extent::Sequences);
  fb::PoolRowsT rows;
  rows.input = 1;
  rows.output = emit(pooled, -1);
  m.add(std::move(rows));
  m.end(pooled);
  return m.file();
}

auto pooling(std::function<void(fb::Pool2dT&, fb::ModelT&)> change) {
  return [change = std::move(change)] { return grids(change); };
}

std::vector<Attack> container_attacks() {
  return {
      {"identifier before length", patched([](File& f) { f.resize(11); })},
      {"length beyond the file", patched([](File& f) { put(f, 0, static_cast<std::uint32_t>(f.size())); })},
      {"length that wraps with its prefix", patched([](File& f) { put(f, 0, kHuge - 3); })},
      {"length of nothing", patched([](File& f) { put(f, 0, 0); })},
      {"root beyond the file", patched([](File& f) { put(f, 4, kHuge); })},
      {"root in the header", patched([](File& f) { put(f, 4, 0); })},
      {"table before the file", patched([](File& f) { put(f, root_table(f), kHuge / 2); })},
      {"table of itself", patched([](File& f) { put(f, field(f, fb::Model::VT_STEP), 0); })},
      {"list longer than the file", patched([](File& f) {
         const std::size_t at = field(f, fb::Model::VT_WEIGHTS);
         put(f, at + get(f, at), kHuge);
       })},
      {"list whose bytes wrap 32 bits", patched([](File& f) {
         const std::size_t at = field(f, fb::Model::VT_WEIGHTS);
         put(f, at + get(f, at), (1U << 30U) + 1);
       })},
      {"list of another type", patched([](File& f) {
         const std::size_t from = field(f, fb::Model::VT_STATES), to = field(f, fb::Model::VT_WEIGHTS);
         put(f, from, static_cast<std::uint32_t>(to + get(f, to) - from));
       })},
      {"tables that share a list", [] { return shared_tables(1U << 17U); }},
      {"newer version", decoder([](fb::ModelT& m) { m.version = rules::kVersion + 1; }), Code::kUnsupported},
      {"segment beyond the file",
       [] { return changed(text_decoder(), [](fb::ModelT& m) { m.segment_bytes = std::uint64_t{1} << 40U; }); }},
      {"segment that wraps 64 bits",
       decoder([](fb::ModelT& m) { m.segment_bytes = std::numeric_limits<std::uint64_t>::max() - 63; })},
      {"segment in the header",
       [] {
         File file = text_decoder();
         const std::uint64_t zero = 0;
         std::memcpy(file.data() + field(file, fb::Model::VT_SEGMENT), &zero, sizeof zero);
         return file;
       },
       Code::kOk},
  };
}

std::vector<Attack> weight_attacks() {
  const auto first_weight = [](const std::function<void(fb::WeightT&)>& change) {
    return decoder([change](fb::ModelT& m) { change(*m.weights[0]); });
  };
  const auto region = [&](std::uint64_t offset, std::uint64_t bytes) {
    return first_weight([=](fb::WeightT& w) { w.data = std::make_unique<fb::Region>(offset, bytes); });
  };
  return {
      {"rows times columns beyond 64 bits", first_weight([](fb::WeightT& w) { w.rows = w.columns = kHuge; })},
      {"rows times columns of 32 bits is nothing",
       first_weight([](fb::WeightT& w) { w.rows = w.columns = 1U << 16U; })},
      {"offset plus size wraps", region(std::numeric_limits<std::uint64_t>::max() - 63, 1U << 16U)},
      {"offset of 4 GiB", region(std::uint64_t{1} << 32U, 1U << 16U)},
      {"offset that is not aligned", region(1, 1U << 11U)},
      {"weight of no bytes", region(0, 0)},
      {"weight without scales", first_weight([](fb::WeightT& w) { w.scales.reset(); })},
      {"weight of another type", first_weight([](fb::WeightT& w) { w.type = fb::WeightType::Float32; })},
      {"weight of an unknown type", first_weight([](fb::WeightT& w) { w.type = static_cast<fb::WeightType>(9); }),
       Code::kUnsupported},
      {"shape unlike its use", first_weight([](fb::WeightT& w) { w.columns -= 4; })},
      {"weights that share their bytes", decoder([](fb::ModelT& m) {
         for (int i = 0; i < 100; ++i) m.weights.push_back(std::make_unique<fb::WeightT>(*m.weights[0]));
       })},
      {"two weights of one name", decoder([](fb::ModelT& m) { m.weights[0]->name = m.weights[1]->name = "same"; }),
       Code::kOk},
      {"wrong checksums", decoder([](fb::ModelT& m) { m.weights[0]->checksum ^= 1U; }), Code::kOk},
      {"scales of NaN", filled(Part::kScales, 0x7fc00000U), Code::kOk},
      {"scales of infinity", filled(Part::kScales, 0x7f800000U), Code::kOk},
      {"scales that are denormal", filled(Part::kScales, 1U), Code::kOk},
      {"scales below zero", filled(Part::kScales, 0xbf800000U), Code::kOk},
      {"gains of NaN", filled(Part::kFloats, 0x7fc00000U), Code::kOk},
      {"gains as large as floats are", filled(Part::kFloats, 0x7f7fffffU), Code::kOk},
      {"weights of -128", filled(Part::kTiles, 0x80808080U), Code::kOk},
      {"sums beyond 32 bits", too_many_products},
  };
}

std::vector<Attack> program_attacks() {
  const auto values = [](const std::function<void(fb::ValueT&)>& change) {
    return decoder([change](fb::ModelT& m) { change(*m.step->values[0]); });
  };
  return {
      {"operator of another type", decoder([](fb::ModelT& m) {
         auto& operators = m.step->operators;
         operators[2]->body.Set(*operators[0]->body.AsEmbed());
       })},
      {"operator of an unknown type", patched([](File& f) {
         const auto* op = fb::GetSizePrefixedModel(f.data())->step()->operators()->Get(0);
         const auto* table = reinterpret_cast<const flatbuffers::Table*>(op);
         const auto at = static_cast<std::size_t>(table->GetAddressOf(fb::Operator::VT_BODY_TYPE) -
                                                  reinterpret_cast<const std::uint8_t*>(f.data()));
         f[at] = std::byte{255};
       }),
       Code::kUnsupported},
      {"value of no width", values([](fb::ValueT& v) { v.width = 0; })},
      {"value as wide as numbers go", values([](fb::ValueT& v) { v.width = kHuge; })},
      {"value that is given up too early", values([](fb::ValueT& v) { v.last_use = 0; })},
      {"cycle of values", decoder([](fb::ModelT& m) {
         first<fb::NormT>(*m.step).input = slice(first<fb::NormT>(*m.step).output->quantized());
       })},
      {"value that is made twice", decoder([](fb::ModelT& m) {
         first<fb::NormT>(*m.step).output = emit(-1, first<fb::EmbedT>(*m.step).output->rows());
       })},
      {"value that is not there", decoder([](fb::ModelT& m) { first<fb::NormT>(*m.step).input = slice(1 << 30); })},
      {"columns beyond their value",
       decoder([](fb::ModelT& m) { first<fb::AttentionT>(*m.step).query = slice(0, kHuge - 4); })},
      {"weight that is not there", decoder([](fb::ModelT& m) { first<fb::LinearT>(*m.step).weight = -2; })},
      {"state of two attentions", decoder([](fb::ModelT& m) {
         for (auto& op : m.step->operators) {
           if (op->body.type == fb::Body::Attention) op->body.AsAttention()->state = 0;
         }
       })},
      {"state that nothing fills",
       decoder([](fb::ModelT& m) { m.states.push_back(std::make_unique<fb::StateT>(*m.states[0])); })},
      {"state of a decoder in its encoder",
       translator([](fb::ModelT& m) { first<fb::CacheKeyValueT>(*m.encode).state = 1; })},
      {"heads that divide by zero", decoder([](fb::ModelT& m) { first<fb::AttentionT>(*m.step).kv_heads = 0; })},
      {"heads whose product wraps", decoder([](fb::ModelT& m) {
         first<fb::AttentionT>(*m.step).heads = first<fb::AttentionT>(*m.step).head_dim = 1U << 16U;
       })},
      {"group of nothing", decoder([](fb::ModelT& m) { first<fb::NormT>(*m.step).group = 0; })},
      {"cap of NaN", decoder([](fb::ModelT& m) { m.step->operators.back()->body.AsLinear()->cap = std::nanf(""); })},
      {"scale of infinity", decoder([](fb::ModelT& m) { first<fb::EmbedT>(*m.step).scale = HUGE_VALF; }), Code::kOk},
      {"context beyond all memory", decoder([](fb::ModelT& m) { m.context = kHuge; })},
      {"vocabulary beyond all memory", decoder([](fb::ModelT& m) { m.vocabulary = kHuge; })},
      {"vocabulary beyond its table", decoder([](fb::ModelT& m) { m.vocabulary = rules::kVocabulary; })},
      {"operators without number", decoder([](fb::ModelT& m) {
         for (std::uint32_t i = 0; i <= rules::kOperators; ++i)
           m.step->operators.push_back(std::make_unique<fb::OperatorT>(*m.step->operators[1]));
       })},
      {"stop token beyond the vocabulary", decoder([](fb::ModelT& m) { m.generation->stop = {1 << 30}; })},
      {"suppressed token below zero", decoder([](fb::ModelT& m) { m.generation->suppressed = {-1}; })},
      {"text that never ends", decoder([](fb::ModelT& m) {
         m.generation->stop.clear();
         m.generation->suppressed = {kStart, kEnd};
       }),
       Code::kOk},
  };
}

std::vector<Attack> grid_attacks() {
  using Pool = fb::Pool2dT;
  return {
      {"grid of an honest pooling", pooling([](Pool&, fb::ModelT&) {}), Code::kOk},
      {"grid whose places wrap",
       pooling([](Pool&, fb::ModelT& m) { *m.encode->values[1]->grid = fb::Size(1U << 16U, 1U << 16U); })},
      {"grid of no height", pooling([](Pool&, fb::ModelT& m) { *m.input->grid = fb::Size(0, 8); })},
      {"input of too many channels", pooling([](Pool&, fb::ModelT& m) { m.input->channels = kHuge; })},
      {"stride of nothing", pooling([](Pool& p, fb::ModelT&) { *p.stride = fb::Size(0, 0); })},
      {"window that sees nothing", pooling([](Pool& p, fb::ModelT&) { *p.padding = fb::Size(2, 2); })},
      {"window beyond the grid", pooling([](Pool& p, fb::ModelT&) { *p.kernel = fb::Size(kHuge, kHuge); })},
  };
}

std::vector<Attack> tokenizer_attacks() {
  const auto tokens = [](const std::function<void(fb::TokenizerT&)>& change) {
    return decoder([change](fb::ModelT& m) { change(*m.tokenizer); });
  };
  return {
      {"byte token beyond the vocabulary", tokens([](fb::TokenizerT& t) { t.bytes[65] = 1 << 30; })},
      {"byte tokens of another number", tokens([](fb::TokenizerT& t) { t.bytes.resize(255); })},
      {"last byte's token beyond the vocabulary", tokens([](fb::TokenizerT& t) { t.end_bytes.assign(256, 1 << 30); })},
      {"last bytes' tokens of another number", tokens([](fb::TokenizerT& t) { t.end_bytes.assign(255, 0); })},
      {"more tokens than texts", tokens([](fb::TokenizerT& t) { t.ends.pop_back(); })},
      {"text of a token beyond all texts", tokens([](fb::TokenizerT& t) { t.ends.back() = kHuge; })},
      {"texts that run backwards", tokens([](fb::TokenizerT& t) { std::swap(t.ends[3], t.ends[4]); })},
      {"token twice in the order", tokens([](fb::TokenizerT& t) { t.order[1] = t.order[0]; })},
      {"merges beyond their list", tokens([](fb::TokenizerT& t) { t.merge_begin[1] = kHuge; })},
      {"merge into no token", tokens([](fb::TokenizerT& t) {
         t.merge_right = t.merge_rank = {1};
         t.merge_result = {kHuge};
         for (std::size_t i = 1; i < t.merge_begin.size(); ++i) t.merge_begin[i] = 1;
       })},
      {"scores of NaN", tokens([](fb::TokenizerT& t) {
         t.model = fb::TokenModel::Unigram;
         t.scores.assign(t.ends.size(), std::nanf(""));
       })},
      {"added token without text", tokens([](fb::TokenizerT& t) { t.added[0]->text.clear(); })},
      {"template of no token", tokens([](fb::TokenizerT& t) { t.before = {-7}; })},
      {"map that points outside", tokens([](fb::TokenizerT& t) {
         t.passes.push_back(std::make_unique<fb::PassT>());
         t.passes[0]->kind = fb::PassKind::Map;
         t.passes[0]->map = {255, 255, 255, 127, 0, 0, 0, 0};
       })},
      {"passes without number", tokens([](fb::TokenizerT& t) {
         for (int i = 0; i < 1000; ++i) t.passes.push_back(std::make_unique<fb::PassT>());
       })},
      {"growth beyond all memory", tokens([](fb::TokenizerT& t) { t.growth = kHuge; }), Code::kOk},
      {"words beyond all length", tokens([](fb::TokenizerT& t) { t.longest_word = kHuge; }), Code::kOk},
  };
}

}  // namespace

std::vector<Attack> attacks() {
  std::vector<Attack> all;
  for (const auto& part :
       {container_attacks(), weight_attacks(), program_attacks(), grid_attacks(), tokenizer_attacks()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace kinglet::testing
