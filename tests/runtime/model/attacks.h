// Files made to break whoever reads them (attacks_test.cc).
#pragma once

#include <functional>
#include <vector>

#include "kinglet/status.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet::testing {

struct Attack {
  const char* name;
  std::function<std::vector<std::byte>()> file;
  Code code = Code::kBadFile;  // what it is refused with; kOk: it is accepted and runs
};

std::vector<Attack> attacks();

}  // namespace kinglet::testing
