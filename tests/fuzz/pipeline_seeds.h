// Small files in the form of tokenizer.json, one for each part that a pipeline may have, and each that none may.
#pragma once

#include <string>
#include <vector>

namespace kinglet::fuzz {

std::vector<std::string> tokenizer_pipelines();

}  // namespace kinglet::fuzz
