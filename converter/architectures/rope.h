// Rotary positions: the frequencies a config asks for, in either form that transformers has written.
//
//   4.x   rope_theta, rope_scaling {type | rope_type, factor …}      (gpt_neox: rotary_emb_base, rotary_pct)
//   5.x   rope_parameters {rope_type, rope_theta, factor …}, or one such object for each layer type
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "converter/architectures/config.h"
#include "converter/builder.h"

namespace kinglet::converter {

struct Rope {
  std::vector<float> frequencies;       // radians per position, of each pair of columns
  float scale = 1;                      // of cosines and sines
  std::uint32_t most = kMostPositions;  // positions beyond are turned otherwise, so the context ends there
  std::string why;                      // what limits it
};

struct RopeOptions {
  std::string layer_type = {};  // of rope_parameters with one object for each layer type; empty: there is one for all
  float theta = 10000;          // where the config has none
  float rotary_fraction = 1;    // of each head's columns, where the config has none
  bool scaled = true;           // false: rope_scaling of 4.x is for other layers (Gemma 3's local ones)
  std::string_view theta_key = "rope_theta";
};

Rope make_rope(const Config& config, std::uint32_t head_dim, const RopeOptions& options = {});

Rows rotary_angles(Builder& b, const Rope& rope, const std::string& name = "rope.frequencies");

}  // namespace kinglet::converter
