// --allow: a file of words, whose tokens a text may be made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine.h"

namespace kinglet::host {

// The tokens of every line of the file, as its first words and as words that follow others, with the tokens that end a text and the
// forced first one: ascending, as Session::restrict wants them. Throws Failure: no such file, or no word in it.
std::vector<std::int32_t> allowed_tokens(const Opened& opened, const std::string& path);

}  // namespace kinglet::host
