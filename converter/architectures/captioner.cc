// Captions of pictures by a recurrent decoder with attention over the regions of a convolutional network ("Show, Attend and Tell", Xu et al.
// 2015), or without it (Vinyals et al. 2015). The config.json is Kinglet's; README.md explains its keys.
#include "converter/architectures/list.h"
#include "converter/architectures/picture_input.h"
#include "converter/architectures/recurrent_decoder.h"
#include "converter/architectures/trunk.h"

namespace kinglet::converter {

void build_captioner(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  config.known_of_model({"image", "trunk", "cell", "decoder", "initial_state", "attention", "attentional", "output",
                         "languages", "language"});
  const std::uint32_t vocabulary = config.count("vocab_size", kMostTokens);
  picture_input(b, read_picture_input(config.object("image")));
  b.begin_encode();
  RecurrentDecoder decoder(b, config, vocabulary);
  const Rows grid = trunk(b, config.object("trunk"));
  b.scope("");
  decoder.begin({.memory = b.regions(grid)});
  b.begin_step();
  decoder.step();
  fb::ModelT& model = b.model();
  model.task = fb::Task::Caption;
  model.vocabulary = vocabulary;
  model.context = positions(options, config.count_or("max_positions", kMostPositions, 2048), kMostPositions, "");
  set_translation(b);
  set_languages(b);
}

}  // namespace kinglet::converter
