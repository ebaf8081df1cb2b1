// torch.nn.Transformer under PyTorch's own tensor names: the model of the paper as people train it themselves. Its
// config.json is Kinglet's: beside the keys of torch_layers.h
//
//   num_encoder_layers num_decoder_layers
//   vocab_size, or source_vocab_size and target_vocab_size; max_positions
//   prefix            of encoder.layers.0 …; "transformer."
//   source_embedding, target_embedding
//                     names of tensors, which may be the same
//   pad_token_id bos_token_id eos_token_id decoder_start_token_id source_suffix
#include "converter/architectures/list.h"
#include "converter/architectures/torch_layers.h"

namespace kinglet::converter {

void build_torch_transformer(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  TorchLayers layers(b, config, config.text_or("prefix", "transformer."), config.count("max_positions", kMostPositions),
                     options);
  const bool one = config.has("vocab_size") && !config.has("source_vocab_size");
  const std::uint32_t source = config.count(one ? "vocab_size" : "source_vocab_size", kMostTokens);
  const std::uint32_t target = config.count(one ? "vocab_size" : "target_vocab_size", kMostTokens);
  b.begin_encode();
  layers.remember(layers.encode(b.matrix(config.text("source_embedding"), source, layers.width())));
  layers.step(b.matrix(config.text("target_embedding"), target, layers.width()), target);
  set_translator(b, source, target, layers.context());
}

}  // namespace kinglet::converter
