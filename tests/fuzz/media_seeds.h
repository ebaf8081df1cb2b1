// Pictures and sounds of every format, and what is wrong with some, each in its own way.
#pragma once

#include <filesystem>

namespace kinglet::fuzz {

// `of_tests`: the list of pictures of the host program's tests.
void write_pictures(const std::filesystem::path& of_tests, const std::filesystem::path& folder);
void write_sounds(const std::filesystem::path& folder);

}  // namespace kinglet::fuzz
