// Pictures and sounds from files, for programs that read a grid.
#pragma once

#include <string>
#include <vector>

#include "converter/program.h"

namespace kinglet::converter {

// The file as the program's input: [height, width, channels] of a picture prepared as the checkpoint asks, or of a sound's features. Throws
// Error. host.cpp reads it as the program `kinglet` does; none.cpp is for builds without that.
std::vector<float> read_grid(const std::string& path, const Program& program);

}  // namespace kinglet::converter
