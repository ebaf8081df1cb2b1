// Files of the fuzzer: a program as FlatBuffers has it, its weights left out, so that a corpus stays small and a mutation quick.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kinglet::fuzz {

// The file's size, program and nothing behind it.
std::span<const std::byte> program_of(std::span<const std::byte> file);

// The file with as many weights as its program speaks of, from a seed: mild ones, or any bits. Without them where those are missing too many.
std::vector<std::byte> with_weights(std::span<const std::byte> file, std::uint32_t seed);

// The program with other numbers and lists, and still a FlatBuffer: what gets behind the check of the structure. Mostly its weights then
// lie as their shapes ask for, so that it gets behind the check of these, too. Empty where `file` is no FlatBuffer of the schema.
// (Checksums are of no weights that a program without weights has: Model::open does not read them.)
std::vector<std::byte> changed_program(std::span<const std::byte> file, std::uint32_t seed);

}  // namespace kinglet::fuzz
