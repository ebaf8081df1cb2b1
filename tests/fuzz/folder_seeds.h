// Small folders for the harnesses that read some: every family of tokenizer files, every form of a checkpoint.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kinglet::fuzz {

using NamedSeeds = std::vector<std::pair<std::string, std::string>>;  // names, and packed folders (folder_bytes.h)

NamedSeeds tokenizer_folders();
NamedSeeds checkpoint_folders();
NamedSeeds sentencepiece_models();  // files alone, not packed

}  // namespace kinglet::fuzz
