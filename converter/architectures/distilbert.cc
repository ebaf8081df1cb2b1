// DistilBERT (Sanh et al. 2019): BERT without token types and pooler, under names of its own.
#include "converter/architectures/heads.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

struct DistilBert {
  std::string prefix;
  std::uint32_t vocabulary, width, layers, heads, feed_forward, longest;
  fb::Activation activation;
};

constexpr float kEpsilon = 1e-12F;

Rows layer(Builder& b, Rows x, const DistilBert& m, const std::string& name) {
  const std::uint32_t d = m.width;
  const std::string self = name + "attention.";
  b.scope(name + "attention");
  x = self_attention(b, x,
                     {.qkv = projections(b, {self + "q_lin", self + "k_lin", self + "v_lin"}, {d, d, d}, d),
                      .out = projection(b, self + "out_lin", d, d),
                      .norm = layer_norm(b, name + "sa_layer_norm", d, kEpsilon),
                      .heads = m.heads},
                     false);
  b.scope(name + "ffn");
  return feed_forward(b, x,
                      {.up = projection(b, name + "ffn.lin1", m.feed_forward, d),
                       .down = projection(b, name + "ffn.lin2", d, m.feed_forward),
                       .norm = layer_norm(b, name + "output_layer_norm", d, kEpsilon),
                       .activation = m.activation},
                      false);
}

Rows encoder(Builder& b, const DistilBert& m, WeightRef embedding, const ConvertOptions& options) {
  const std::string tables = m.prefix + "embeddings.";
  b.begin_encode();
  Rows x = b.embed({.tokens = embedding,
                    .positions = keep_float(b, b.matrix(tables + "position_embeddings.weight", m.longest, m.width))},
                   m.width);
  x = b.norm(x, layer_norm(b, tables + "LayerNorm", m.width, kEpsilon));
  for (std::uint32_t i = 0; i < m.layers; ++i) x = layer(b, x, m, numbered(m.prefix + "transformer.layer.", i));
  fb::ModelT& model = b.model();
  model.source = positions(options, m.longest, m.longest, "the checkpoint has no more (max_position_embeddings)");
  model.vocabulary = model.source_vocabulary = m.vocabulary;
  set_generation(b);
  return x;
}

void classify(Builder& b, Rows x, const Config& config) {
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  const Rows h = linear(b, b.pool(x, fb::Pooling::First), projection(b, "pre_classifier", x.width, x.width),
                        {.activation = fb::Activation::Relu});
  b.output(linear(b, h, projection(b, "classifier", set_labels(config, b), x.width)));
}

}  // namespace

void build_distilbert(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const EncoderHead head = encoder_head(config, b);
  head_width(config, "dim", "n_heads");
  const DistilBert m{.prefix = find_prefix(b, {"distilbert.", ""}, "embeddings.word_embeddings.weight"),
                     .vocabulary = config.count("vocab_size", kMostTokens),
                     .width = config.count("dim", kMostWidth),
                     .layers = config.count("n_layers", kMostLayers),
                     .heads = config.count("n_heads", kMostHeads),
                     .feed_forward = config.count("hidden_dim", kMostWidth),
                     .longest = config.count("max_position_embeddings", kMostPositions),
                     .activation = config.activation_or("activation", "gelu")};
  const WeightRef embedding = b.matrix(m.prefix + "embeddings.word_embeddings.weight", m.vocabulary, m.width);
  const Rows x = encoder(b, m, embedding, options);
  switch (head) {
    case EncoderHead::kHidden: return hidden_head(b, x);
    case EncoderHead::kSentence: return sentence_head(b, x, options);
    case EncoderHead::kClassify: return classify(b, x, config);
    case EncoderHead::kClassifyTokens: return token_head(b, x, config, "classifier");
    case EncoderHead::kFillMask: break;
  }
  masked_head(b, x, config,
              {.transform = "vocab_transform",
               .norm = "vocab_layer_norm",
               .scores = "vocab_projector.weight",
               .bias = "vocab_projector.bias",
               .own_bias = "vocab_projector.bias",
               .epsilon = kEpsilon,
               .activation = m.activation},
              embedding);
}

}  // namespace kinglet::converter
