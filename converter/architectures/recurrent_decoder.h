// The decoder of a recurrent encoder-decoder (Sutskever et al. 2014; Cho et al. 2014), without attention and with it (Bahdanau et al. 2015;
// Luong et al. 2015; over the regions of a picture Xu et al. 2015), as config.json's own keys describe it; README.md explains them. What
// is encoded, a text or a picture, is the caller's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "converter/architectures/blocks.h"
#include "converter/architectures/recurrent_layers.h"

namespace kinglet::converter {

// What an encoder left.
struct Encoded {
  Rows memory;                               // what attention looks at
  std::uint32_t layers = 0, directions = 0;  // of a recurrent encoder; no layers: it has no final states
  // Part 0 (h) or 1 (c) of the final states of a layer's directions side by side.
  std::function<Rows(std::uint32_t layer, std::uint32_t part, bool backward_only)> final_part = {};
  std::function<int(std::uint32_t layer)> final_state = {};  // of a layer with one direction: the state itself
};

class RecurrentDecoder {
 public:
  RecurrentDecoder(Builder& b, const Config& config, std::uint32_t vocabulary);

  void begin(Encoded encoded);  // what `encode` does for it
  void step();

 private:
  void begin_decoder();
  std::uint32_t layer_of(const Config& config, std::string_view key, const std::string& from, std::uint32_t l) const;
  int copied_state(std::uint32_t l);
  int projected_state(const Config& config, std::uint32_t l);
  int keep_initial(const std::vector<Rows>& parts);
  bool additive() const;
  void keep_keys();
  WeightRef concat_part(bool keys);
  Rows look(Rows hidden);
  Rows joined(const std::vector<std::string>& names, const std::string& where);
  Rows before(const std::string& name, const std::string& where);
  Rows attentional();
  void scores();
  int keep_context();

  Builder& b_;
  Config config_;
  fb::Cell cell_;
  RecurrentLayers decoder_;
  std::optional<Config> attention_;
  std::uint32_t vocabulary_;
  std::vector<std::string> inputs_;  // of the first layer
  Encoded encoded_;
  std::vector<int> initial_, states_;  // [layer]
  std::string score_;
  int key_state_ = -1, context_state_ = -1;
  std::map<std::string, Rows> now_;      // of this step
  std::map<std::string, int> fed_back_;  // states that hold what the step before made
};

}  // namespace kinglet::converter
