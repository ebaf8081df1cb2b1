// Folders of the small files beside a golden checkpoint's weights (folders.h), for the harness that reads such.
#pragma once

#include <filesystem>

namespace kinglet::fuzz {

// One for each of the goldens; and of what no golden has one by hand.
void write_side_files(const std::filesystem::path& goldens, const std::filesystem::path& folder);

}  // namespace kinglet::fuzz
