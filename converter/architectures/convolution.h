// Convolution layers by PyTorch's tensor names, batch norms folded into them (Jacob et al. 2018, 3.2).
#pragma once

#include <cstdint>
#include <string>

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

struct ConvLayer {
  std::string name;  // of the nn.Conv2d or nn.Conv1d: name.weight [N, K / groups, (height,) width], name.bias
  std::string batch_norm = {};  // of the nn.BatchNorm2d behind it; empty: none
  fb::Size stride{1, 1};
  fb::Size padding{0, 0};
  fb::Size dilation{1, 1};
  std::uint32_t groups = 1;
  fb::Activation activation = fb::Activation::None;
  float epsilon = 1e-5F;  // of the batch norm
};

// The layer over a grid, or (empty rows) over the model's input. Its sizes are those of its tensor.
Rows convolution(Builder& b, Rows x, const ConvLayer& layer);

// Height and width of a layer's window, as its tensor has it.
fb::Size kernel_of(const Builder& b, const std::string& layer);

}  // namespace kinglet::converter
