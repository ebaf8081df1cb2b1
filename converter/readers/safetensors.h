// The safetensors reader: [u64 bytes of header][header: JSON][data]. Nothing of a file is believed before it is checked:
// header length, nesting, types, shapes (their product cannot overflow), ranges inside the data, ranges that overlap, names
// that stand twice.
#pragma once

#include <filesystem>
#include <memory>

#include "converter/checkpoint.h"
#include "converter/readers/mapping.h"

namespace kinglet::converter {

// Adds the tensors of one file to the checkpoint, which then shares the mapping. Throws Error.
void read_safetensors(const std::filesystem::path& path, Checkpoint& checkpoint);
// The same for bytes that are mapped already; `where` names them in messages.
void read_safetensors(std::shared_ptr<const Mapping> mapping, const std::string& where, Checkpoint& checkpoint);
// The pure form: names, types, shapes and places of all tensors in `file`.
void read_safetensors(std::span<const std::byte> file, const std::string& where, Checkpoint& checkpoint);

}  // namespace kinglet::converter
