// Captions of pictures over the regions of a convolutional network: by a recurrent decoder with attention ("Show, Attend and Tell", Xu et
// al. 2015), or without it (Vinyals et al. 2015), or by the paper's Transformer decoder. The config.json is Kinglet's; README.md explains
// its keys.
#include "converter/architectures/list.h"
#include "converter/architectures/picture_input.h"
#include "converter/architectures/recurrent_decoder.h"
#include "converter/architectures/torch_layers.h"
#include "converter/architectures/trunk.h"

namespace kinglet::converter {
namespace {

Rows regions(Builder& b, const Config& config) {
  const Rows grid = trunk(b, config.object("trunk"));
  b.scope("");
  return b.regions(grid);
}

std::uint32_t build_recurrent(Builder& b, const Config& config, const ConvertOptions& options) {
  config.known_of_model({"image", "trunk", "cell", "decoder", "initial_state", "attention", "attentional", "output",
                         "languages", "language"});
  b.begin_encode();
  RecurrentDecoder decoder(b, config, config.count("vocab_size", kMostTokens));
  decoder.begin({.memory = regions(b, config)});
  b.begin_step();
  decoder.step();
  return positions(options, config.count_or("max_positions", kMostPositions, 2048), kMostPositions, "");
}

std::uint32_t build_transformer(Builder& b, const Config& config, const ConvertOptions& options) {
  config.known_of_model({"image", "trunk", "transformer", "languages", "language"});
  const Config decoder = config.object("transformer");
  decoder.known({"d_model", "nhead", "num_decoder_layers", "dim_feedforward", "activation", "norm_first",
                 "layer_norm_eps", "bias", "positions", "positions_weight", "scale_embedding", "prefix", "embedding",
                 "memory_linear", "output_weight", "output_bias"});
  TorchLayers layers(b, decoder, decoder.text_or("prefix", ""), config.count("max_positions", kMostPositions), options);
  const std::uint32_t vocabulary = config.count("vocab_size", kMostTokens);
  b.begin_encode();
  Rows memory = regions(b, config);
  if (decoder.has("memory_linear")) {
    b.scope("memory");
    memory = linear(b, memory, projection(b, decoder.text("memory_linear"), layers.width(), memory.width));
  }
  layers.remember(memory);
  layers.step(b.matrix(decoder.text("embedding"), vocabulary, layers.width()), vocabulary);
  return layers.context();
}

}  // namespace

void build_captioner(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  picture_input(b, read_picture_input(config.object("image")));
  const bool recurrent = !config.has("transformer");
  fb::ModelT& model = b.model();
  model.context = recurrent ? build_recurrent(b, config, options) : build_transformer(b, config, options);
  model.task = fb::Task::Caption;
  model.vocabulary = config.count("vocab_size", kMostTokens);
  set_translation(b);
  set_languages(b);
}

}  // namespace kinglet::converter
