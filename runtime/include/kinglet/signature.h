// A model's file that somebody signed. The runtime has no cryptography: the caller's is asked about all bytes of the file, before any of
// them is looked at. The signature itself lies where the caller has it (detached). A program that does not call this has none of it.
//
//     const Signature signature{.check = [](void* key, std::span<const std::byte> file) { return signed_by(key, file); }, .context = &key};
//     auto model = open_signed(file, signature);
#pragma once

#include <cstddef>
#include <span>

#include "kinglet/model.h"

namespace kinglet {

struct Signature {
  bool (*check)(void* context, std::span<const std::byte> file) = nullptr;  // whether it is valid: true, not 0, is yes
  void* context = nullptr;
};

// Model::open of a file whose signature is valid; otherwise kBadFile, "the signature of the file is not valid". What was checked is what is
// open as long as nobody else can write to these bytes.
Result<Model> open_signed(std::span<const std::byte> file, const Signature& signature);

}  // namespace kinglet
