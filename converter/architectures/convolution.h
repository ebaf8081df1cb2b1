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

// The feature grid of an image classifier without its head, as the object `trunk` of a config.json describes it: torchvision's ResNet.
Rows trunk(Builder& b, const Config& config);

// What a picture is before it enters a model, as the object `image` of a config.json says it: sets the model's input.
void picture_input(Builder& b, const Config& config);

}  // namespace kinglet::converter
