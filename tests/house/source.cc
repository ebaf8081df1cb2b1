#include "source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace kinglet::house {

namespace fs = std::filesystem;

namespace {

bool is_source(const fs::path& path) {
  const auto extension = path.extension();
  return extension == ".h" || extension == ".c" || extension == ".cc" || extension == ".cpp" || extension == ".py";
}

// A quote between digits separates thousands; it opens no literal.
bool opens_character(const std::string& line, std::size_t at) {
  return at == 0 || std::isalnum(static_cast<unsigned char>(line[at - 1])) == 0;
}

// Index of the quote that closes the literal opened at `open`, or the line's length.
std::size_t closing_quote(const std::string& line, std::size_t open) {
  std::size_t i = open + 1;
  while (i < line.size() && line[i] != line[open]) i += line[i] == '\\' ? 2 : 1;
  return std::min(i, line.size());
}

std::string code_of_line(const std::string& line, bool& in_comment) {
  std::string code;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (in_comment) {
      if (line.compare(i, 2, "*/") == 0) in_comment = false, ++i;
    } else if (line.compare(i, 2, "//") == 0) {
      break;
    } else if (line.compare(i, 2, "/*") == 0) {
      in_comment = true, ++i;
    } else if (line[i] == '"' || (line[i] == '\'' && opens_character(line, i))) {
      code.append(2, line[i]);
      i = closing_quote(line, i);
    } else {
      code.push_back(line[i]);
    }
  }
  return code;
}

}  // namespace

Source source_of(std::string path, const std::string& text) {
  Source source{.path = std::move(path), .lines = {}};
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) source.lines.push_back(line);
  return source;
}

std::vector<Source> sources_of_project() {
  std::vector<Source> sources;
  const fs::path root(KINGLET_SOURCE_DIR);
  for (const char* folder : {"runtime", "converter", "ports", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !is_source(entry.path())) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      sources.push_back(source_of(entry.path().lexically_relative(root).generic_string(), text.str()));
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
  return sources;
}

bool starts_with(const Source& source, const char* folder) { return source.path.starts_with(folder); }
bool ends_with(const Source& source, const char* suffix) { return source.path.ends_with(suffix); }

std::string complaint(const Source& source, std::size_t line, const std::string& what) {
  return source.path + ":" + std::to_string(line + 1) + ": " + what;
}

std::vector<std::string> code_of(const Source& source) {
  std::vector<std::string> code;
  bool in_comment = false;
  for (const auto& line : source.lines) code.push_back(code_of_line(line, in_comment));
  return code;
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot run " << command;
    return output;
  }
  std::array<char, 4096> buffer{};
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << output;
  return output;
}

}  // namespace kinglet::house
