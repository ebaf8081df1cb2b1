// Recurrent encoder-decoders, without attention (Sutskever et al. 2014; Cho et al. 2014) and with it (Bahdanau et al. 2015; Luong et al.
// 2015), under the tensor names of torch.nn.LSTM, nn.GRU, nn.Embedding and nn.Linear. The config.json is Kinglet's; README.md explains
// its keys.
#include "converter/architectures/list.h"
#include "converter/architectures/recurrent_decoder.h"

namespace kinglet::converter {
namespace {

class Encoder {
 public:
  Encoder(Builder& b, const Config& config, std::uint32_t vocabulary)
      : b_(b),
        encoder_(b, config.object("encoder"), read_cell(config)),
        vocabulary_(vocabulary) {}

  Encoded encode() {
    b_.begin_encode();
    memory_ = encoder_.embed(b_, vocabulary_);
    for (std::uint32_t l = 0; l < encoder_.layers; ++l) memory_ = encoder_layer(l);
    return {.memory = memory_,
            .layers = encoder_.layers,
            .directions = encoder_.directions,
            .final_part = [this](std::uint32_t layer, std::uint32_t part,
                                 bool backward_only) { return final_part(layer, part, backward_only); },
            .final_state = [this](std::uint32_t layer) { return final_[layer].front(); }};
  }

 private:
  Rows encoder_layer(std::uint32_t l) {
    const Rows gates = encoder_.gates(b_, memory_, l);
    std::vector<Rows> outputs;
    final_.emplace_back();
    for (std::uint32_t d = 0; d < encoder_.directions; ++d) {
      final_[l].push_back(b_.state(fb::StateExtent::Memory, encoder_.heads(), encoder_.hidden));
      const std::uint32_t width = gates.width / encoder_.directions;
      outputs.push_back(encoder_.recurrent(b_, gates.columns(d * width, width), l, d == 1, final_[l][d], -1));
    }
    return outputs.size() == 1 ? outputs.front() : b_.concat(outputs);
  }

  // Parts of the final states of a layer's directions side by side: part 0 is h, 1 is c.
  Rows final_part(std::uint32_t layer, std::uint32_t part, bool backward_only) {
    std::vector<Rows> rows;
    for (std::uint32_t d = 0; d < encoder_.directions; ++d) {
      if (backward_only && d == 0) continue;
      rows.push_back(b_.recall(-1, final_[layer][d]).columns(part * encoder_.hidden, encoder_.hidden));
    }
    return rows.size() == 1 ? rows.front() : b_.concat(rows, fb::Extent::Sequences);
  }

  Builder& b_;
  RecurrentLayers encoder_;
  std::uint32_t vocabulary_;
  Rows memory_;
  std::vector<std::vector<int>> final_;  // [layer][direction]: states that hold where it ended
};

}  // namespace

void build_rnn_seq2seq(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  config.known_of_model({"cell", "source_vocab_size", "target_vocab_size", "encoder", "decoder", "initial_state",
                         "attention", "attentional", "output", "source_suffix"});
  const bool one = config.has("vocab_size") && !config.has("source_vocab_size");
  const std::uint32_t source = config.count(one ? "vocab_size" : "source_vocab_size", kMostTokens);
  const std::uint32_t target = config.count(one ? "vocab_size" : "target_vocab_size", kMostTokens);
  const std::uint32_t context =
      positions(options, config.count_or("max_positions", kMostPositions, 2048), kMostPositions, "");
  Encoder encoder(b, config, source);
  RecurrentDecoder decoder(b, config, target);
  decoder.begin(encoder.encode());
  b.begin_step();
  decoder.step();
  set_translator(b, source, target, context);
}

}  // namespace kinglet::converter
