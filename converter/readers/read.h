// Reading a checkpoint of any known form.
#pragma once

#include <filesystem>

#include "converter/checkpoint.h"

namespace kinglet::converter {

// `source` is a directory with config.json and *.safetensors (one file, or several with model.safetensors.index.json), or a
// llama2.c file. Throws Error.
Checkpoint read_checkpoint(const std::filesystem::path& source);

}  // namespace kinglet::converter
