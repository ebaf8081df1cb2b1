// Rules that a reader's eye checks line by line: length of files, words the runtime never uses, no preprocessor, nothing left unfinished.
#include <gtest/gtest.h>

#include <cctype>
#include <regex>
#include <string>

#include "source.h"

namespace kinglet::house {
namespace {

constexpr std::size_t kMostLines = 500;

bool is_python(const Source& source) { return ends_with(source, ".py"); }

// A table that a script wrote is data.
bool is_generated(const Source& source) {
  return !source.lines.empty() && source.lines[0].find("Not edited by hand.") != std::string::npos;
}

Complaints check_length(const Source& source) {
  if (is_generated(source)) return {};
  if (source.lines.size() <= kMostLines) return {};
  return {complaint(source, kMostLines, "the file has more than " + std::to_string(kMostLines) + " lines")};
}

Complaints check_opening(const Source& source) {
  if (!ends_with(source, ".h")) return {};
  if (!source.lines.empty() && source.lines[0].starts_with("//")) return {};
  return {complaint(source, 0, "a header begins with a comment: what it is, who owns the memory, what is promised")};
}

// Complains about every line that `pattern` matches.
Complaints check_lines(const Source& source, const std::vector<std::string>& lines, const std::regex& pattern,
                       const std::string& what) {
  Complaints complaints;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (std::regex_search(lines[i], match, pattern))
      complaints.push_back(complaint(source, i, what + ": " + match.str()));
  }
  return complaints;
}

// Written in pieces, so that this file does not hold them.
Complaints check_unfinished(const Source& source) {
  static const std::regex words(
      "\\b(TO"
      "DO|FIX"
      "ME|XX"
      "X|HA"
      "CK|not im"
      "plemented|unim"
      "plemented|for"
      " now|stub"
      "bed)\\b");
  return check_lines(source, source.lines, words, "unfinished");
}

Complaints check_tests(const Source& source) {
  if (!starts_with(source, "tests/")) return {};
  static const std::regex words(
      "\\b(DIS"
      "ABLED_|(EXPECT|ASSERT)_TRUE\\(tr"
      "ue\\))");
  return check_lines(source, source.lines, words, "no test");
}

// The heap, exceptions, RTTI, the outside world and libm. Placement new, `new (place) T`, takes no memory.
Complaints check_runtime_words(const Source& source) {
  if (!starts_with(source, "runtime/")) return {};
  static const std::regex words(
      R"(\b(malloc|calloc|realloc|free|alloca|printf|fprintf|puts|abort|exit|_Exit|terminate|fopen|getenv|time|clock|assert)\s*\()"
      R"(|\bnew\s+[A-Za-z_:]|\bdelete\b(?!\s*;)|\b(throw|try|catch|dynamic_cast|typeid|thread_local|goto)\b)"
      R"(|\bstd::(string|vector|map|set|unordered_map|function|unique_ptr|shared_ptr|mutex|thread|atomic|optional|variant)\b)"
      R"(|\bstd::(exp|exp2|log|log2|tanh|erf|pow|sin|cos|sqrt|fma|round|rint|nearbyint|lrint|floor|ceil|abs)f?\b)");
  return check_lines(source, code_of(source), words, "the runtime never uses");
}

// Files differ, functions do not fork: a condition may choose a header, nothing else. The C API is read by C compilers and needs
// its guard and its initializers.
Complaints check_preprocessor(const Source& source) {
  const bool ours =
      starts_with(source, "runtime/") || starts_with(source, "converter/") || starts_with(source, "ports/host/");
  if (!ours || is_python(source) || starts_with(source, "runtime/include/kinglet/c/")) return {};
  static const std::regex directive(R"(^\s*#\s*(\w+).*)"), neutral(R"(^\s*$|^\s*#\s*(include\b|pragma once\b))");
  Complaints complaints;
  std::size_t conditions = 0;  // that are open
  const auto code = code_of(source);
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (std::regex_search(code[i], neutral)) continue;
    std::smatch match;
    const std::string word = std::regex_search(code[i], match, directive) ? match[1].str() : "";
    const bool begins = word.starts_with("if"), goes_on = word.starts_with("el"), ends = word == "endif";
    conditions += begins ? 1u : 0u;
    conditions -= ends ? 1u : 0u;
    if (begins || goes_on || ends || (conditions == 0 && word.empty())) continue;
    complaints.push_back(complaint(source, i, "the preprocessor is for includes: " + code[i]));
  }
  return complaints;
}

Complaints check(const Source& source) {
  Complaints all;
  for (const auto rule :
       {check_length, check_opening, check_unfinished, check_tests, check_runtime_words, check_preprocessor}) {
    const Complaints complaints = rule(source);
    all.insert(all.end(), complaints.begin(), complaints.end());
  }
  return all;
}

std::size_t complaints_about(const std::string& path, const std::string& text) {
  return check(source_of(path, text)).size();
}

TEST(Words, EveryFileKeepsTheRules) {
  Complaints all;
  for (const auto& source : sources_of_project()) {
    const Complaints complaints = check(source);
    all.insert(all.end(), complaints.begin(), complaints.end());
  }
  EXPECT_EQ(all, Complaints());
}

TEST(WordsSelfTest, ABrokenRuleIsSeen) {
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "auto* p = malloc(4);\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "auto* p = new Model;\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "delete p;\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "throw 1;\nstd::vector<int> v;\ny = std::tanh(x);\n"), 3u);
  EXPECT_EQ(complaints_about("runtime/kernels/matmul.h", "// A kernel.\n#if defined(__AVX2__)\ny = 1;\n#endif\n"), 1u);
  EXPECT_EQ(complaints_about("converter/write.cc", "#define CHECK(x) x\n"), 1u);
  EXPECT_EQ(complaints_about("converter/write.h", "#pragma once\n"), 1u);
  EXPECT_EQ(complaints_about("converter/write.cc",
                             "// TO"
                             "DO\n"),
            1u);
  EXPECT_EQ(complaints_about("tests/runtime/a_test.cc",
                             "TEST(A, DIS"
                             "ABLED_B) {}\n"),
            1u);
  EXPECT_EQ(complaints_about("tests/runtime/a_test.cc", std::string(kMostLines + 1, '\n')), 1u);
}

TEST(WordsSelfTest, WhatIsAllowedPasses) {
  EXPECT_EQ(
      complaints_about("runtime/model/model.cc", "// malloc(4) is never called\n/* throw\n try */ int a = 1'000;\n"),
      0u);
  EXPECT_EQ(complaints_about("runtime/session/session.cc", "return new (place) Session();\n"), 0u);
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "return {Code::kBadFile, \"throw it away; new file\"};\n"), 0u);
  EXPECT_EQ(complaints_about("runtime/kernels/select.cpp",
                             "#if defined(__x86_64__)\n#include \"a.h\"\n#else\n#endif\nint a;\n"),
            0u);
  EXPECT_EQ(complaints_about("runtime/model/model.h", "// A model.\n#pragma once\nModel(Model&&) = delete;\n"), 0u);
  EXPECT_EQ(complaints_about("tests/runtime/a_test.cc", std::string(kMostLines, '\n')), 0u);
  EXPECT_EQ(
      complaints_about("runtime/text/tables.h", "// Tables. Not edited by hand.\n" + std::string(kMostLines, '\n')),
      0u);
}

}  // namespace
}  // namespace kinglet::house
