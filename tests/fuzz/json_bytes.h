// JSON changed so that it is still JSON: another number, text or list somewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinglet::fuzz {

// Empty where `text` is no JSON, or more than a mutation should read.
std::string changed_json(std::string_view text, std::uint32_t seed);

}  // namespace kinglet::fuzz
