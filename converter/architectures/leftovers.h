// Tensors of a checkpoint that no operator reads and nobody misses: what training keeps and copies of tied weights.
#pragma once

#include <string>
#include <vector>

#include "converter/checkpoint.h"

namespace kinglet::converter {

// `unused` without those; what remains may be a part of the model that the conversion overlooked.
std::vector<std::string> missed(const Checkpoint& checkpoint, const std::vector<std::string>& unused);

}  // namespace kinglet::converter
