// Convolutional networks without their heads: what captioners look at. torchvision's, by its tensor names.
#pragma once

#include "converter/architectures/convolution.h"

namespace kinglet::converter {

// The feature grid of an image classifier, as the object `trunk` of a config.json describes it.
Rows trunk(Builder& b, const Config& config);

// One file for each; all read `prefix`, and refuse keys that are neither theirs nor of all trunks.
Rows resnet(Builder& b, const Config& config);        // He et al. 2016
Rows vgg(Builder& b, const Config& config);           // Simonyan and Zisserman 2015
Rows mobilenet_v2(Builder& b, const Config& config);  // Sandler et al. 2018
Rows mobilenet_v3(Builder& b, const Config& config);  // Howard et al. 2019

// Every trunk's keys, besides its own.
void known_of_trunk(const Config& config, std::vector<std::string_view> keys);

// A convolution with its batch norm, both under `prefix`; as much padding on all sides as keeps the size where the stride is 1.
ConvLayer same_layer(const Builder& b, const std::string& conv, const std::string& batch_norm, std::uint32_t stride,
                     fb::Activation activation);

// A MobileNet's unit: name.0, a convolution, and name.1, its batch norm.
struct Unit {
  std::uint32_t stride = 1;
  fb::Activation activation = fb::Activation::None;
  bool depthwise = false;
  float epsilon = 1e-5F;  // of the batch norm
};
Rows unit(Builder& b, Rows x, const std::string& name, const Unit& unit);
// How many blocks a MobileNet has: features.1, features.2 … as long as there is such a tensor. Of none only their tensors are missed.
std::uint32_t count_of(const Builder& b, const std::string& features, const std::string& tensor);
// `strides` of the config, 1 or 2 for every block; otherwise those of the paper.
std::vector<std::uint32_t> strides_of(const Config& config, std::uint32_t blocks, std::vector<std::uint32_t> paper);
std::string for_every_block(std::uint32_t blocks);  // what is expected of a list

}  // namespace kinglet::converter
