// Convolutional networks without their heads: what captioners look at.
#pragma once

#include "converter/architectures/blocks.h"

namespace kinglet::converter {

// The feature grid of an image classifier, as the object `trunk` of a config.json describes it: torchvision's ResNet.
Rows trunk(Builder& b, const Config& config);

}  // namespace kinglet::converter
