// See blocks.h.
#include "converter/architectures/blocks.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "converter/error.h"

namespace kinglet::converter {

std::string numbered(const std::string& prefix, std::uint32_t i) { return prefix + std::to_string(i) + "."; }

std::string find_prefix(const Builder& b, std::initializer_list<std::string_view> prefixes, std::string_view name) {
  for (const auto prefix : prefixes) {
    if (b.has(std::string(prefix) + std::string(name))) return std::string(prefix);
  }
  return std::string(*prefixes.begin());
}

std::string find_name(const Builder& b, std::initializer_list<std::string> names) {
  for (const auto& name : names) {
    if (b.has(name)) return name;
  }
  return *names.begin();
}

void rewrite(Builder& b, WeightRef weight, std::uint32_t rows, std::uint32_t columns,
             std::function<std::vector<float>(const std::vector<float>&)> form) {
  if (weight.index < 0) return;
  WeightSource& source = b.edit(weight);
  source.load = [from = source, form = std::move(form)](std::span<float> out) {
    std::ranges::copy(form(from.floats()), out.begin());
  };
  source.load_rows = nullptr;
  source.row_scale.clear();
  source.column_scale.clear();
  source.rows = rows;
  source.columns = columns;
  fb::WeightT& stored = *b.model().weights[static_cast<std::size_t>(weight.index)];
  stored.rows = rows;
  stored.columns = columns;
}

WeightRef keep_float(Builder& b, WeightRef table) {
  if (table.index >= 0) {
    fb::WeightT& stored = *b.model().weights[static_cast<std::size_t>(table.index)];
    stored.type = fb::WeightType::Float32;
    stored.layout = fb::Layout::Plain;
  }
  return table;
}

WeightRef sinusoid_table(Builder& b, std::uint32_t count, std::uint32_t width,
                         std::function<void(std::uint32_t position, std::span<float> row)> fill) {
  constexpr std::uint64_t kMost = 1U << 28;  // floats
  if (std::uint64_t{count} * width > kMost) {
    throw Error("a table of " + std::to_string(count) + " positions of " + std::to_string(width) +
                " columns is too large; choose a smaller --context");
  }
  WeightSource source{.name = "positions", .rows = count, .columns = width};
  source.load = [width, fill = std::move(fill)](std::span<float> out) {
    for (std::size_t p = 0; p * width < out.size(); ++p)
      fill(static_cast<std::uint32_t>(p), out.subspan(p * width, width));
  };
  return b.source(std::move(source), fb::WeightType::Float32);
}

std::function<void(std::uint32_t position, std::span<float> row)> fairseq_sinusoid(std::uint32_t first) {
  return [first](std::uint32_t position, std::span<float> row) {
    const std::size_t half = row.size() / 2;
    const auto step = static_cast<float>(std::log(10000.0) / static_cast<double>(half - 1));
    row.back() = 0;
    for (std::size_t i = 0; i < half; ++i) {
      const float angle = static_cast<float>(first + position) * std::exp(static_cast<float>(i) * -step);
      row[i] = std::sin(angle);
      row[half + i] = std::cos(angle);
    }
  };
}

NormSpec layer_norm(Builder& b, const std::string& prefix, std::uint32_t width, float epsilon) {
  if (!b.has(prefix + ".gamma")) return b.layer_norm(prefix, width, epsilon);
  return {.kind = fb::NormKind::Layer,
          .gain = b.vector(prefix + ".gamma", width),
          .bias = b.vector(prefix + ".beta", width),
          .epsilon = epsilon};
}

Projection projection(Builder& b, const std::string& name, std::uint32_t rows, std::uint32_t columns, bool bias) {
  Projection p{b.matrix(name + ".weight", rows, columns)};
  if (bias) p.bias = b.vector(name + ".bias", rows);
  return p;
}

Projection projections(Builder& b, const std::vector<std::string>& names, const std::vector<std::uint32_t>& rows,
                       std::uint32_t columns, bool bias) {
  std::vector<std::string> weights;
  std::vector<std::string> biases;
  for (const auto& name : names) {
    weights.push_back(name + ".weight");
    biases.push_back(name + ".bias");
  }
  Projection p{b.stacked(weights, rows, columns)};
  if (bias) p.bias = b.stacked_vector(biases, rows);
  return p;
}

Projection projection_rows(Builder& b, const std::string& name, std::uint32_t total, std::uint32_t first,
                           std::uint32_t rows, std::uint32_t columns, bool bias) {
  Projection p{b.matrix_rows(name + ".weight", total, first, rows, columns)};
  if (bias) p.bias = b.vector_part(name + ".bias", total, first, rows);
  return p;
}

Rows linear(Builder& b, Rows x, const Projection& p, LinearSpec spec) {
  spec.bias = p.bias;
  return b.linear(x, p.weight, spec);
}

Rows gated(Builder& b, Rows x, const Projection& gate, const Projection& up, fb::Activation activation) {
  return linear(b, x, gate, {.activation = activation, .up = up.weight, .up_bias = up.bias});
}

std::uint32_t positions(const ConvertOptions& options, std::uint32_t usual, std::uint32_t most,
                        const std::string& why) {
  const bool runtime = most > rules::kPositions;
  most = std::min(most, rules::kPositions);
  if (options.context > most) {
    throw Error("--context " + std::to_string(options.context) + " is more than " + std::to_string(most) +
                " positions: " + (runtime ? "the runtime takes no more" : why));
  }
  return options.context != 0 ? options.context : std::min(usual, most);
}

std::uint32_t head_width(const Config& config, std::string_view width_key, std::string_view heads_key) {
  const std::uint32_t width = config.count(width_key, kMostWidth);
  const std::uint32_t heads = config.count(heads_key, kMostHeads);
  if (width % heads != 0)
    config.reject(heads_key, "expected a divisor of " + std::string(width_key) + ", which is " + std::to_string(width));
  if (width / heads > kMostHeadWidth)
    config.reject(heads_key, "a head would be wider than " + std::to_string(kMostHeadWidth));
  return width / heads;
}

namespace {

// What a checkpoint says about its tokens: in generation_config.json, else in config.json, else in that of its decoder alone.
class Said {
 public:
  explicit Said(const Builder& b) : side_(side_file(b.checkpoint(), "generation_config.json")) {
    const Config whole(b.config());
    if (side_) places_.emplace_back(*side_, "generation_config.json");
    places_.push_back(whole);
    if (whole.has("decoder") && whole.at("decoder").is_object()) places_.push_back(whole.object("decoder"));
  }

  const Config& of(std::string_view key) const {
    const auto place = std::ranges::find_if(places_, [&](const Config& config) { return config.has(key); });
    return place == places_.end() ? places_.front() : *place;
  }
  std::vector<std::int32_t> tokens(std::string_view key) const { return of(key).tokens(key); }

 private:
  std::optional<nlohmann::json> side_;
  std::vector<Config> places_;
};

}  // namespace

void set_generation(Builder& b) {
  const Said said(b);
  auto& out = b.model().generation;
  if (!out) out = std::make_unique<fb::GenerationT>();
  out->stop = said.tokens("eos_token_id");
  if (const auto padding = said.tokens("pad_token_id"); !padding.empty()) out->padding = padding.front();
  out->suppressed = said.tokens("suppress_tokens");
  // bad_words_ids is a list of sequences; those of one token are never generated.
  const Config& words = said.of("bad_words_ids");
  if (!words.has("bad_words_ids")) return;
  if (!words.at("bad_words_ids").is_array()) words.reject("bad_words_ids", "expected a list of lists of token ids");
  for (const auto& word : words.at("bad_words_ids")) {
    if (!word.is_array()) words.reject("bad_words_ids", "expected a list of lists of token ids");
    if (word.size() != 1) continue;
    const nlohmann::json one{{"bad_words_ids", word}};
    const auto ids = Config(one, words.where()).tokens("bad_words_ids");
    if (std::ranges::find(out->suppressed, ids.front()) == out->suppressed.end())
      out->suppressed.push_back(ids.front());
  }
}

void set_translation(Builder& b) {
  set_generation(b);
  const Said said(b);
  fb::GenerationT& out = *b.model().generation;
  out.start = said.tokens("decoder_start_token_id");
  if (out.start.empty()) out.start = said.tokens("bos_token_id");
  if (out.start.empty())
    throw Error(
        "config.json: decoder_start_token_id is missing, and so is bos_token_id; one of them starts the decoder");
  const std::string forced = "forced_bos_token_id";
  if (const auto token = said.of(forced).token(forced)) out.forced = *token;
}

void set_languages(Builder& b) {
  const Config config(b.config());
  if (!config.has("languages")) return;
  if (!config.at("languages").is_object())
    config.reject("languages", "expected an object of token ids by the languages' codes");
  const Config languages = config.object("languages");
  const std::string usual = config.text_or("language", "");
  if (!usual.empty() && !languages.has(usual)) config.reject("language", "it is none of `languages`");
  for (const auto& [code, tokens] : languages.json().items()) {
    auto language = std::make_unique<fb::LanguageT>();
    language->code = code;
    language->tokens = languages.tokens(code);
    auto& all = b.model().generation->languages;
    all.insert(code == usual ? all.begin() : all.end(), std::move(language));
  }
}

void set_source_suffix(Builder& b) {
  const Config config(b.config());
  const auto tokenizer = side_file(b.checkpoint(), "tokenizer.json");
  const bool template_adds =
      tokenizer && tokenizer->is_object() && Config(*tokenizer, "tokenizer.json").has("post_processor");
  auto& suffix = b.model().generation->source_suffix;
  if (config.has("source_suffix")) suffix = config.tokens("source_suffix");
  else if (!template_adds) suffix = config.tokens("eos_token_id");
}

void set_translator(Builder& b, std::uint32_t source_vocabulary, std::uint32_t target_vocabulary,
                    std::uint32_t positions) {
  fb::ModelT& model = b.model();
  model.task = fb::Task::Translate;
  model.source = model.context = positions;
  model.source_vocabulary = source_vocabulary;
  model.vocabulary = target_vocabulary;
  set_translation(b);
  set_source_suffix(b);
}

void note(Builder& b, const std::string& text) {
  auto& properties = b.model().properties;
  const auto notes = std::ranges::count_if(properties, [](const auto& p) { return p->key.starts_with("note"); });
  auto property = std::make_unique<fb::PropertyT>();
  property->key = notes == 0 ? "note" : "note " + std::to_string(notes + 1);
  property->text = text;
  properties.push_back(std::move(property));
}

void check_common(const Config& config) {
  if (config.has("quantization_config")) {
    throw Error(config.where() +
                ": the checkpoint is already quantized (quantization_config); convert the original in float32, float16 "
                "or bfloat16");
  }
  for (const char* key : {"num_experts", "num_local_experts", "n_routed_experts"}) {
    if (config.has(key) && config.at(key) != 0 && config.at(key) != 1)
      config.reject(key, "mixtures of experts are not supported");
  }
  config.only("position_embedding_type", "absolute");
}

Rows self_attention(Builder& b, Rows x, const SelfAttention& w, bool pre_norm) {
  const std::uint32_t width = x.width;
  const Rows h = pre_norm ? b.norm(x, w.norm) : x;
  const Rows qkv = linear(b, h, w.qkv);
  const Rows mixed = b.attention({.query = qkv.columns(0, width),
                                  .key = qkv.columns(width, width),
                                  .value = qkv.columns(2 * width, width),
                                  .state = w.state,
                                  .heads = w.heads,
                                  .kv_heads = w.heads,
                                  .head_dim = width / w.heads,
                                  .mask = w.mask});
  x = linear(b, mixed, w.out, {.residual = x});
  return pre_norm ? x : b.norm(x, w.norm);
}

void keep_memory(Builder& b, Rows memory, const CrossAttention& w) {
  const Rows kv = linear(b, memory, w.key_value);
  const std::uint32_t width = kv.width / 2;
  b.cache_key_value(kv.columns(0, width), kv.columns(width, width), w.state);
}

Rows cross_attention(Builder& b, Rows x, const CrossAttention& w, bool pre_norm) {
  const Rows h = pre_norm ? b.norm(x, w.norm) : x;
  const Rows query = linear(b, h, w.query);
  const Rows mixed = b.attention({.query = query,
                                  .state = w.state,
                                  .heads = w.heads,
                                  .kv_heads = w.heads,
                                  .head_dim = x.width / w.heads,
                                  .mask = fb::Mask::Full,
                                  .scale = w.scale});
  x = linear(b, mixed, w.out, {.residual = x});
  return pre_norm ? x : b.norm(x, w.norm);
}

Rows feed_forward(Builder& b, Rows x, const FeedForward& w, bool pre_norm) {
  const Rows h = pre_norm ? b.norm(x, w.norm) : x;
  const Rows up = linear(b, h, w.up, {.activation = w.activation});
  x = linear(b, up, w.down, {.residual = x});
  return pre_norm ? x : b.norm(x, w.norm);
}

bool ties_embedding(const Builder& b, const Config& config, const std::string& head, bool usual) {
  constexpr std::string_view kKey = "tie_word_embeddings";
  return config.flag_or(kKey, usual) || (!config.has(kKey) && !b.has(head));
}

void language_head(Builder& b, Rows x, const NormSpec* norm, WeightRef weight, const LinearSpec& spec) {
  b.scope("lm_head");
  Rows chosen = b.select(x);
  if (norm != nullptr) chosen = b.norm(chosen, *norm);
  b.output(b.linear(chosen, weight, spec));
}

}  // namespace kinglet::converter
