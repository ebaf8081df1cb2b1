// Base64 as JSON files carry binary parts in it.
#pragma once

#include <cstdint>
#include <vector>

#include "converter/tokenizers/json_view.h"

namespace kinglet::converter {

std::vector<std::uint8_t> decode_base64(const JsonView& text);  // null is empty

}  // namespace kinglet::converter
