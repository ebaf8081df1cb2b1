// The layers of torch.nn.Transformer under PyTorch's own tensor names, as config.json says what they are: the constructor's arguments, and
// where embeddings and output are.
//
//   d_model nhead dim_feedforward activation norm_first layer_norm_eps bias
//   positions         "sinusoidal" (PyTorch's tutorial), or "table" with its tensor in positions_weight
//   scale_embedding   embeddings times sqrt(d_model)
//   output_weight, output_bias
//                     names of tensors; no bias: null
#pragma once

#include <string>
#include <vector>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

class TorchLayers {
 public:
  // `prefix`: of encoder.layers.0 …, decoder.layers.0 …; `longest`: positions (max_positions)
  TorchLayers(Builder& b, const Config& config, std::string prefix, std::uint32_t longest,
              const ConvertOptions& options);

  std::uint32_t width() const { return width_; }
  std::uint32_t context() const { return context_; }  // positions

  Rows encode(WeightRef embedding);  // in `encode`: tokens through num_encoder_layers
  void remember(Rows memory);        // in `encode`: what num_decoder_layers will attend to, [rows, d_model]
  void step(WeightRef embedding, std::uint32_t vocabulary);  // begins `step`: all of it

 private:
  Rows embed(WeightRef table);
  WeightRef sinusoids();
  NormSpec norm(const std::string& name) { return layer_norm(b_, name, width_, epsilon_); }
  Projection part(const std::string& attention, std::uint32_t first, std::uint32_t rows);
  Projection named(const std::string& name, std::uint32_t rows, std::uint32_t columns);
  SelfAttention self(const std::string& name, fb::Mask mask, int state);
  CrossAttention cross(const std::string& name);
  FeedForward dense(const std::string& name, const std::string& norm_name);
  std::string encoder(std::uint32_t i) const { return numbered(prefix_ + "encoder.layers.", i); }
  std::string decoder(std::uint32_t i) const { return numbered(prefix_ + "decoder.layers.", i); }

  Builder& b_;
  Config config_;
  std::string prefix_;
  std::uint32_t width_, heads_, feed_forward_, context_ = 0;
  float epsilon_;
  bool pre_norm_, biased_;
  fb::Activation activation_;
  WeightRef positions_;
  std::vector<CrossAttention> cross_;
};

}  // namespace kinglet::converter
