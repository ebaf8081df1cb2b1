// Names out of checkpoints and files as they may be shown: on one line, and a terminal acts on nothing in them.
#pragma once

#include <string>
#include <string_view>

namespace kinglet::converter {

// Control characters and what is no UTF-8 become "\x1b", one for each byte.
std::string printable(std::string_view text);

}  // namespace kinglet::converter
