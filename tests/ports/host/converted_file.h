// Files that the converter makes of the checkpoints in the repository.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/ports/host/program.h"

namespace kinglet::testing {

// NAME.kgl in the temporary folder, made of a checkpoint's folder (relative to tests/) when it is first asked for.
inline std::string converted_file(const std::string& folder, const std::string& name) {
  const std::string file = temporary_folder() + "/" + name + ".kgl";
  if (std::filesystem::exists(file)) return file;
  const Ran converted = run_program(KINGLET_CONVERT, {std::string(KINGLET_SOURCE_DIR "/tests/") + folder, "-o", file});
  EXPECT_EQ(converted.status, 0) << show(converted);
  return file;
}

}  // namespace kinglet::testing
