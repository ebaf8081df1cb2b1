// The HTML report: one file without references to others, readable in light and dark, bars drawn as SVG.
#pragma once

#include <string>

#include "converter/convert.h"

namespace kinglet::converter {

std::string to_html(const ConvertSummary& summary);
std::string to_html(const Comparison& comparison);

}  // namespace kinglet::converter
