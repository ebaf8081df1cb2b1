// A program with every operator of grids, its weights made of numbers that mix well: what no checkpoint has all of.
#pragma once

#include <filesystem>
#include <vector>

#include "converter/program.h"
#include "converter/reference/reference.h"

namespace kinglet::converter::testing {

// Reads 21 x 18 pixels of 3 channels, gives one vector of 24.
Program tiny_pictures();

// Lowered to int8 and written; with ranges, where there are inputs to calibrate on.
void write_program(const Program& program, const std::filesystem::path& path,
                   const std::vector<ReferenceInput>& calibrated = {});

}  // namespace kinglet::converter::testing
