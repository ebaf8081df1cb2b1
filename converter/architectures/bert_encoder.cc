// See bert_encoder.h.
#include "converter/architectures/bert_encoder.h"

namespace kinglet::converter {
namespace {

Rows layer(Builder& b, Rows x, const BertEncoder& m, const std::string& name) {
  const std::uint32_t d = m.width;
  const std::string self = name + "attention.self.";
  b.scope(name + "attention");
  x = self_attention(b, x,
                     {.qkv = projections(b, {self + "query", self + "key", self + "value"}, {d, d, d}, d),
                      .out = projection(b, name + "attention.output.dense", d, d),
                      .norm = layer_norm(b, name + "attention.output.LayerNorm", d, m.epsilon),
                      .heads = m.heads},
                     false);
  b.scope(name + "output");
  return feed_forward(b, x,
                      {.up = projection(b, name + "intermediate.dense", m.feed_forward, d),
                       .down = projection(b, name + "output.dense", d, m.feed_forward),
                       .norm = layer_norm(b, name + "output.LayerNorm", d, m.epsilon),
                       .activation = m.activation},
                      false);
}

}  // namespace

BertEncoder read_bert_encoder(const Config& config, const std::string& prefix) {
  config.only("is_decoder", false);
  head_width(config, "hidden_size", "num_attention_heads");
  BertEncoder m;
  m.prefix = prefix;
  m.vocabulary = config.count("vocab_size", kMostTokens);
  m.types = config.count_or("type_vocab_size", 256, 2);
  m.width = config.count("hidden_size", kMostWidth);
  m.layers = config.count("num_hidden_layers", kMostLayers);
  m.heads = config.count("num_attention_heads", kMostHeads);
  m.feed_forward = config.count("intermediate_size", kMostWidth);
  m.table = config.count("max_position_embeddings", kMostPositions);
  m.epsilon = config.positive_or("layer_norm_eps", 1e-12F);
  m.activation = config.activation_or("hidden_act", "gelu");
  return m;
}

WeightRef word_embeddings(Builder& b, const BertEncoder& m) {
  return b.matrix(m.prefix + "embeddings.word_embeddings.weight", m.vocabulary, m.width);
}

Rows bert_encoder(Builder& b, const BertEncoder& m, const ConvertOptions& options) {
  const std::string tables = m.prefix + "embeddings.";
  const std::uint32_t longest = m.table - m.first;
  b.begin_encode();
  Rows x = b.embed({.tokens = word_embeddings(b, m),
                    .positions = keep_float(
                        b, b.matrix_rows(tables + "position_embeddings.weight", m.table, m.first, longest, m.width)),
                    .types = keep_float(b, b.matrix(tables + "token_type_embeddings.weight", m.types, m.width))},
                   m.width);
  x = b.norm(x, layer_norm(b, tables + "LayerNorm", m.width, m.epsilon));
  for (std::uint32_t i = 0; i < m.layers; ++i) x = layer(b, x, m, numbered(m.prefix + "encoder.layer.", i));

  fb::ModelT& model = b.model();
  model.source = positions(options, longest, longest, "the checkpoint has no more (max_position_embeddings)");
  model.vocabulary = model.source_vocabulary = m.vocabulary;
  model.types = m.types;
  set_generation(b);
  return x;
}

}  // namespace kinglet::converter
