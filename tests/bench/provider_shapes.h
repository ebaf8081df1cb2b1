// Operators in the shapes of known models, of the kinds that XNNPACK has, too: every one once.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/grid_layers.h"

namespace kinglet::bench {

struct ProviderShape {
  std::string models;  // that have it
  GridLayer layer;
};

std::vector<ProviderShape> provider_shapes();

}  // namespace kinglet::bench
