// See translator.h.
#include "converter/architectures/translator.h"

#include <cmath>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

struct Side {
  std::string prefix;  // "model.encoder."
  std::uint32_t vocabulary, layers, heads, feed_forward, context;
  WeightRef embedding;
};

class Writer {
 public:
  Writer(Builder& b, const Translator& kind, const ConvertOptions& options)
      : b_(b),
        config_(kind.decoder != nullptr ? *kind.decoder : Config(b.config())),
        kind_(kind),
        prefix_(find_prefix(b, {kind.prefix, ""}, "decoder.layers.0.fc1.weight")),
        width_(config_.count("d_model", kMostWidth)),
        longest_(config_.count(kind.longest_key, kMostPositions)),
        activation_(config_.activation_or("activation_function", "gelu")) {
    check();
    const std::uint32_t vocabulary = config_.count("vocab_size", kMostTokens);
    decoder_ = read_side("decoder", config_.count_or("decoder_vocab_size", kMostTokens, vocabulary), options);
    const bool shared = config_.flag_or("share_encoder_decoder_embeddings", true);
    if (!kind.memory) {
      encoder_ = read_side("encoder", vocabulary, options);
      if (shared && decoder_.vocabulary != vocabulary)
        config_.reject("decoder_vocab_size", "expected vocab_size, as the two sides share their embedding");
      encoder_.embedding = embedding(encoder_, shared);
    }
    decoder_.embedding = embedding(decoder_, shared);
  }

  void encode() {
    const Rows x = kind_.memory ? kind_.memory(b_) : own_encoder();
    for (std::uint32_t i = 0; i < decoder_.layers; ++i) {
      const std::string name = numbered(decoder_.prefix + "layers.", i);
      b_.scope(name + "encoder_attn");
      cross_.push_back(cross(name, x.width));
      keep_memory(b_, x, cross_.back());
    }
  }

  void step() {
    b_.begin_step();
    Rows x = embed(decoder_);
    for (std::uint32_t i = 0; i < decoder_.layers; ++i) {
      const std::string name = numbered(decoder_.prefix + "layers.", i);
      const int state = b_.state(fb::StateExtent::Context, decoder_.heads, width_ / decoder_.heads);
      x = self_attention(b_, x, self(name, decoder_, fb::Mask::Causal, state), kind_.pre_norm);
      b_.scope(name + "encoder_attn");
      x = cross_attention(b_, x, cross_[i], kind_.pre_norm);
      x = feed_forward(b_, x, dense(name, decoder_), kind_.pre_norm);
    }
    const NormSpec last = kind_.pre_norm ? norm(decoder_.prefix + "layer_norm") : NormSpec{};
    const std::string head = find_name(b_, {std::string(kind_.head), "proj_out.weight"});
    const bool tied = ties_embedding(b_, config_, head, true);
    LinearSpec spec;
    if (b_.has("final_logits_bias")) spec.bias = b_.vector("final_logits_bias", decoder_.vocabulary);
    language_head(b_, x, kind_.pre_norm ? &last : nullptr,
                  tied ? decoder_.embedding : b_.matrix(head, decoder_.vocabulary, width_), spec);
  }

  void finish() {
    fb::ModelT& model = b_.model();
    model.task = fb::Task::Translate;
    model.context = decoder_.context;
    if (!kind_.source && !kind_.memory) {
      model.source = encoder_.context;
      model.source_vocabulary = encoder_.vocabulary;
    }
    model.vocabulary = decoder_.vocabulary;
    set_translation(b_);
  }

 private:
  Rows own_encoder() {
    b_.begin_encode();
    Rows x = kind_.source ? kind_.source(b_, encoder_.prefix) : embed(encoder_);
    for (std::uint32_t i = 0; i < encoder_.layers; ++i) {
      const std::string name = numbered(encoder_.prefix + "layers.", i);
      x = self_attention(b_, x, self(name, encoder_, fb::Mask::Full, -1), kind_.pre_norm);
      x = feed_forward(b_, x, dense(name, encoder_), kind_.pre_norm);
    }
    return kind_.pre_norm ? b_.norm(x, norm(encoder_.prefix + "layer_norm")) : x;
  }

  void check() const {
    // transformers decides by the architecture; the configs of the first conversions also say it themselves.
    config_.only("normalize_before", kind_.pre_norm);
    config_.only("add_final_layer_norm", kind_.pre_norm);
    config_.only("normalize_embedding", kind_.embedding_norm);
    config_.only("static_position_embeddings", static_cast<bool>(kind_.sinusoid));
    if (kind_.memory || !config_.has("architectures")) return;
    const auto names = config_.texts("architectures");
    const bool generates = names.empty() || names.front().ends_with("ForConditionalGeneration") ||
                           names.front().ends_with("MTModel") ||
                           (names.front().ends_with("Model") && !names.front().ends_with("EncoderModel"));
    if (!generates) config_.reject("architectures", "supported: …ForConditionalGeneration, …MTModel, …Model");
  }

  Side read_side(const std::string& name, std::uint32_t vocabulary, const ConvertOptions& options) const {
    head_width(config_, "d_model", name + "_attention_heads");
    Side side;
    side.prefix = prefix_ + name + ".";
    side.vocabulary = vocabulary;
    side.layers = config_.count(name + "_layers", kMostLayers);
    side.heads = config_.count(name + "_attention_heads", kMostHeads);
    side.feed_forward = config_.count(name + "_ffn_dim", kMostWidth);
    // A computed table goes on for ever; a learned one does not.
    side.context = positions(options, longest_, kind_.sinusoid ? kMostPositions : longest_,
                             "the checkpoint has no more (" + std::string(kind_.longest_key) + ")");
    return side;
  }

  // One table for both sides and the head, under any of the names it is saved by; or one for each side.
  WeightRef embedding(const Side& side, bool shared) const {
    const std::string own = side.prefix + "embed_tokens.weight";
    if (!shared) return b_.matrix(own, side.vocabulary, width_);
    return b_.matrix(find_name(b_, {prefix_ + "shared.weight", prefix_ + "encoder.embed_tokens.weight",
                                    prefix_ + "decoder.embed_tokens.weight", std::string(kind_.head)}),
                     side.vocabulary, width_);
  }

  WeightRef position_table(const Side& side) {
    if (!kind_.sinusoid) {
      const std::uint32_t total = longest_ + kind_.position_offset;
      return keep_float(
          b_, b_.matrix_rows(side.prefix + "embed_positions.weight", total, kind_.position_offset, longest_, width_));
    }
    if (table_.index < 0) table_ = sinusoid_table(b_, side.context, width_, kind_.sinusoid);
    return table_;
  }

  Rows embed(const Side& side) {
    b_.scope(side.prefix + "embed_tokens");
    const bool scaled = kind_.scaled && config_.flag_or("scale_embedding", false);
    const float scale = scaled ? std::sqrt(static_cast<float>(width_)) : 1.0F;
    const Rows x = b_.embed({.tokens = side.embedding, .positions = position_table(side), .scale = scale}, width_);
    return kind_.embedding_norm ? b_.norm(x, norm(side.prefix + "layernorm_embedding")) : x;
  }

  NormSpec norm(const std::string& name) { return layer_norm(b_, name, width_, 1e-5F); }

  // Projections of `columns` inputs to the decoder's width as one, zeros for a bias that is not there.
  Projection side_by_side(const std::string& attn, std::initializer_list<const char*> parts, std::uint32_t columns) {
    std::vector<std::string> names, biases;
    std::vector<bool> biased;
    for (const std::string part : parts) {
      names.push_back(attn + part);
      biased.push_back(kind_.key_bias || part != "k_proj");
      if (biased.back()) biases.push_back(attn + part + ".bias");
    }
    Projection p = projections(b_, names, std::vector(names.size(), width_), columns, kind_.key_bias);
    if (kind_.key_bias) return p;
    p.bias = b_.stacked_vector(biases, std::vector(biases.size(), width_));
    rewrite(b_, p.bias, 1, width_ * static_cast<std::uint32_t>(names.size()),
            [biased, width = static_cast<std::ptrdiff_t>(width_)](const std::vector<float>& stored) {
              std::vector<float> all;
              auto from = stored.begin();
              for (const bool there : biased) {
                if (there) all.insert(all.end(), from, from + width);
                else all.resize(all.size() + static_cast<std::size_t>(width));
                if (there) from += width;
              }
              return all;
            });
    return p;
  }

  SelfAttention self(const std::string& name, const Side& side, fb::Mask mask, int state) {
    const std::string attn = name + "self_attn.";
    b_.scope(name + "self_attn");
    return {.qkv = side_by_side(attn, {"q_proj", "k_proj", "v_proj"}, width_),
            .out = projection(b_, attn + "out_proj", width_, width_),
            .norm = norm(name + "self_attn_layer_norm"),
            .heads = side.heads,
            .mask = mask,
            .state = state};
  }

  CrossAttention cross(const std::string& name, std::uint32_t memory) {
    const std::string attn = name + "encoder_attn.";
    return {.query = projection(b_, attn + "q_proj", width_, width_),
            .key_value = side_by_side(attn, {"k_proj", "v_proj"}, memory),
            .out = projection(b_, attn + "out_proj", width_, width_),
            .norm = norm(name + "encoder_attn_layer_norm"),
            .heads = decoder_.heads,
            .state = b_.state(fb::StateExtent::Source, decoder_.heads, width_ / decoder_.heads)};
  }

  FeedForward dense(const std::string& name, const Side& side) {
    b_.scope(name + "fc");
    return {.up = projection(b_, name + "fc1", side.feed_forward, width_),
            .down = projection(b_, name + "fc2", width_, side.feed_forward),
            .norm = norm(name + "final_layer_norm"),
            .activation = activation_};
  }

  Builder& b_;
  Config config_;
  const Translator& kind_;
  std::string prefix_;
  std::uint32_t width_, longest_;
  fb::Activation activation_;
  Side encoder_{}, decoder_{};
  std::vector<CrossAttention> cross_;
  WeightRef table_;
};

}  // namespace

void build_translator(Builder& b, const Translator& kind, const ConvertOptions& options) {
  Writer writer(b, kind, options);
  writer.encode();
  writer.step();
  writer.finish();
}

}  // namespace kinglet::converter
