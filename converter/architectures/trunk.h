// Convolutional networks without their heads: what captioners look at. torchvision's, by its tensor names.
#pragma once

#include "converter/architectures/convolution.h"

namespace kinglet::converter {

// The feature grid of an image classifier, as the object `trunk` of a config.json describes it.
Rows trunk(Builder& b, const Config& config);

// One file for each; all read `prefix`, and refuse keys that are neither theirs nor of all trunks.
Rows resnet(Builder& b, const Config& config);     // He et al. 2016
Rows vgg(Builder& b, const Config& config);        // Simonyan and Zisserman 2015
Rows mobilenet(Builder& b, const Config& config);  // MobileNetV2, Sandler et al. 2018

// Every trunk's keys, besides its own.
void known_of_trunk(const Config& config, std::vector<std::string_view> keys);

// A convolution with its batch norm, both under `prefix`; as much padding on all sides as keeps the size where the stride is 1.
ConvLayer same_layer(const Builder& b, const std::string& conv, const std::string& batch_norm, std::uint32_t stride,
                     fb::Activation activation);

}  // namespace kinglet::converter
