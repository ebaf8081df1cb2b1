// The project's own source files, as the house tests read them.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace kinglet::house {

struct Source {
  std::string path;                // from the project's root, "runtime/model/model.cc"
  std::vector<std::string> lines;  // as written
};

// One broken rule: "runtime/model/model.cc:12: what is wrong".
using Complaints = std::vector<std::string>;

// Every .h, .c, .cc, .cpp and .py file of the code folders.
std::vector<Source> sources_of_project();
Source source_of(std::string path, const std::string& text);

bool starts_with(const Source& source, const char* folder);
bool ends_with(const Source& source, const char* suffix);
std::string complaint(const Source& source, std::size_t line, const std::string& what);

// The lines without comments and without what stands between quotes.
std::vector<std::string> code_of(const Source& source);

// What a command prints; the test fails when it cannot be run or fails itself.
std::string output_of(const std::string& command);

}  // namespace kinglet::house

namespace std {
// So that a failed expectation lists one complaint a line.
inline void PrintTo(const vector<string>& complaints, ostream* out) {
  for (const auto& complaint : complaints) *out << "\n  " << complaint;
}
}  // namespace std
