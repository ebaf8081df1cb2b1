// The commands that faults are put into: everything that reads or writes, over small models.
#pragma once

#include "tests/faults/child.h"

namespace kinglet::faults {

std::vector<std::string> command_names();
Command command_named(const std::string& name);  // with the files it reads

// The n that a fault is tried at, of 1 … `calls`: all up to `most`, else as many at equal distances. KINGLET_ALL_FAULTS in the environment: all.
std::vector<std::uint64_t> places(std::uint64_t calls, std::uint64_t most);

// What of a result is the same each time. A report says how long things took, so of that what is no number.
std::string lasting(const std::string& name, std::string bytes);

// Complaints about how it ended, of a command that ends well in `good`; empty: none.
std::string complaint(const Command& command, const Ended& ended, const Ended& good,
                      const std::map<std::string, std::string>& before);

}  // namespace kinglet::faults
