// torch.nn.Transformer under PyTorch's own tensor names: the model of the paper as people train it themselves. Its
// config.json is Kinglet's: the constructor's arguments, and where embeddings and output are.
//
//   d_model nhead num_encoder_layers num_decoder_layers dim_feedforward activation norm_first layer_norm_eps bias
//   vocab_size, or source_vocab_size and target_vocab_size; max_positions
//   positions         "sinusoidal" (PyTorch's tutorial), or "table" with its tensor in positions_weight
//   scale_embedding   embeddings times sqrt(d_model)
//   prefix            of encoder.layers.0 …; "transformer."
//   source_embedding, target_embedding, output_weight, output_bias
//                     names of tensors, which may be the same; no bias: null
//   pad_token_id bos_token_id eos_token_id decoder_start_token_id source_suffix
#include <cmath>

#include "converter/architectures/blocks.h"
#include "converter/architectures/list.h"

namespace kinglet::converter {
namespace {

class Writer {
 public:
  Writer(Builder& b, const ConvertOptions& options)
      : b_(b),
        config_(b.config()),
        prefix_(config_.text_or("prefix", "transformer.")),
        width_(config_.count("d_model", kMostWidth)),
        heads_(config_.count("nhead", kMostHeads)),
        feed_forward_(config_.count_or("dim_feedforward", kMostWidth, 2048)),
        epsilon_(config_.positive_or("layer_norm_eps", 1e-5F)),
        pre_norm_(config_.flag_or("norm_first", false)),
        activation_(config_.activation_or("activation", "relu")) {
    head_width(config_, "d_model", "nhead");
    const bool one = config_.has("vocab_size") && !config_.has("source_vocab_size");
    source_vocabulary_ = config_.count(one ? "vocab_size" : "source_vocab_size", kMostTokens);
    target_vocabulary_ = config_.count(one ? "vocab_size" : "target_vocab_size", kMostTokens);
    const std::uint32_t longest = config_.count("max_positions", kMostPositions);
    const bool learned = config_.text_or("positions", "sinusoidal") == "table";
    context_ =
        positions(options, longest, learned ? longest : kMostPositions, "the checkpoint has no more (max_positions)");
    positions_ = learned ? keep_float(b, b.matrix(config_.text("positions_weight"), longest, width_)) : sinusoids();
  }

  void encode() {
    b_.begin_encode();
    Rows x = embed(source_embedding());
    const std::uint32_t layers = config_.count("num_encoder_layers", kMostLayers);
    for (std::uint32_t i = 0; i < layers; ++i) {
      const std::string name = numbered(prefix_ + "encoder.layers.", i);
      x = self_attention(b_, x, self(name, fb::Mask::Full, -1), pre_norm_);
      x = feed_forward(b_, x, dense(name, "norm2"), pre_norm_);
    }
    if (const std::string last = prefix_ + "encoder.norm"; b_.has(last + ".weight")) x = b_.norm(x, norm(last));
    decoder_layers_ = config_.count("num_decoder_layers", kMostLayers);
    for (std::uint32_t i = 0; i < decoder_layers_; ++i) {
      cross_.push_back(cross(numbered(prefix_ + "decoder.layers.", i)));
      keep_memory(b_, x, cross_.back());
    }
  }

  void step() {
    b_.begin_step();
    Rows x = embed(target_embedding());
    for (std::uint32_t i = 0; i < decoder_layers_; ++i) {
      const std::string name = numbered(prefix_ + "decoder.layers.", i);
      x = self_attention(
          b_, x, self(name, fb::Mask::Causal, b_.state(fb::StateExtent::Context, heads_, width_ / heads_)), pre_norm_);
      b_.scope(name + "multihead_attn");
      x = cross_attention(b_, x, cross_[i], pre_norm_);
      x = feed_forward(b_, x, dense(name, "norm3"), pre_norm_);
    }
    const std::string last = prefix_ + "decoder.norm";
    const bool normed = b_.has(last + ".weight");
    const NormSpec spec = normed ? norm(last) : NormSpec{};
    LinearSpec scores;
    if (config_.has("output_bias")) scores.bias = b_.vector(config_.text("output_bias"), target_vocabulary_);
    language_head(b_, x, normed ? &spec : nullptr, b_.matrix(config_.text("output_weight"), target_vocabulary_, width_),
                  scores);
  }

  void finish() { set_translator(b_, source_vocabulary_, target_vocabulary_, context_); }

 private:
  WeightRef source_embedding() { return b_.matrix(config_.text("source_embedding"), source_vocabulary_, width_); }
  WeightRef target_embedding() { return b_.matrix(config_.text("target_embedding"), target_vocabulary_, width_); }

  // As in PyTorch's tutorial: sine and cosine of one rate side by side; in float, as it computes them.
  WeightRef sinusoids() {
    if (config_.text_or("positions", "sinusoidal") != "sinusoidal")
      config_.reject("positions", "supported: sinusoidal, table");
    const auto fill = [](std::uint32_t position, std::span<float> row) {
      const auto step = static_cast<float>(-std::log(10000.0) / static_cast<double>(row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) {
        const float angle = static_cast<float>(position) * std::exp(static_cast<float>(i - i % 2) * step);
        row[i] = i % 2 == 0 ? std::sin(angle) : std::cos(angle);
      }
    };
    return sinusoid_table(b_, context_, width_, fill);
  }

  Rows embed(WeightRef table) {
    const float scale = config_.flag_or("scale_embedding", false) ? std::sqrt(static_cast<float>(width_)) : 1.0F;
    return b_.embed({.tokens = table, .positions = positions_, .scale = scale}, width_);
  }

  NormSpec norm(const std::string& name) { return layer_norm(b_, name, width_, epsilon_); }

  // Rows [first, first + rows) of in_proj, which joins queries, keys and values. bias=False leaves out every bias.
  Projection part(const std::string& attention, std::uint32_t first, std::uint32_t rows) {
    Projection p{b_.matrix_rows(attention + ".in_proj_weight", 3 * width_, first, rows, width_)};
    if (config_.flag_or("bias", true)) p.bias = b_.vector_part(attention + ".in_proj_bias", 3 * width_, first, rows);
    return p;
  }

  Projection named(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
    return projection(b_, name, rows, columns, config_.flag_or("bias", true));
  }

  SelfAttention self(const std::string& name, fb::Mask mask, int state) {
    b_.scope(name + "self_attn");
    return {.qkv = part(name + "self_attn", 0, 3 * width_),
            .out = named(name + "self_attn.out_proj", width_, width_),
            .norm = norm(name + "norm1"),
            .heads = heads_,
            .mask = mask,
            .state = state};
  }

  CrossAttention cross(const std::string& name) {
    const std::string attention = name + "multihead_attn";
    b_.scope(attention);
    return {.query = part(attention, 0, width_),
            .key_value = part(attention, width_, 2 * width_),
            .out = named(attention + ".out_proj", width_, width_),
            .norm = norm(name + "norm2"),
            .heads = heads_,
            .state = b_.state(fb::StateExtent::Source, heads_, width_ / heads_)};
  }

  FeedForward dense(const std::string& name, const std::string& norm_name) {
    b_.scope(name + "linear");
    return {.up = named(name + "linear1", feed_forward_, width_),
            .down = named(name + "linear2", width_, feed_forward_),
            .norm = norm(name + norm_name),
            .activation = activation_};
  }

  Builder& b_;
  Config config_;
  std::string prefix_;
  std::uint32_t width_, heads_, feed_forward_;
  float epsilon_;
  bool pre_norm_;
  fb::Activation activation_;
  std::uint32_t source_vocabulary_ = 0, target_vocabulary_ = 0, context_ = 0, decoder_layers_ = 0;
  WeightRef positions_;
  std::vector<CrossAttention> cross_;
};

}  // namespace

void build_torch_transformer(Builder& b, const ConvertOptions& options) {
  Writer writer(b, options);
  writer.encode();
  writer.step();
  writer.finish();
}

}  // namespace kinglet::converter
