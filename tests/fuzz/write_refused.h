// The seeds that are refused, written behind the others.
#pragma once

#include <filesystem>

namespace kinglet::fuzz {

// To the seeds in `folder` those that are refused for each reason (refused_seeds.h).
void write_refused(const std::filesystem::path& goldens, const std::filesystem::path& folder);

}  // namespace kinglet::fuzz
