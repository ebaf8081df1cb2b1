// The C++ API: what its headers declare is what tests/runtime/api calls with everything.
#include <gtest/gtest.h>

#include <regex>

#include "api.h"

namespace kinglet::house {
namespace {

// The functions that a test sweeps: `sweep("Class::function", ...)` in whose code the function is called. A second sweep of one function has more
// than its name between the quotes.
std::multiset<std::string> swept_in(const Source& source, Complaints& complaints) {
  static const std::regex opens(R"rx(\bsweep\("([\w:]+)")rx");
  std::multiset<std::string> names;
  const auto code = code_of(source);
  std::string now, body;
  const auto close = [&] {
    const std::string function = now.substr(now.rfind(':') == std::string::npos ? 0 : now.rfind(':') + 1);
    if (!now.empty() && !std::regex_search(body, std::regex("\\b" + function + "\\b")))
      complaints.push_back(source.path + ": " + now + " is swept, but not called");
    body.clear();
  };
  for (std::size_t i = 0; i < code.size(); ++i) {
    std::smatch match;
    if (std::regex_search(source.lines[i], match, opens)) {
      close();
      now = match[1];
      names.insert(now);
    }
    body += code[i] + "\n";
  }
  close();
  return names;
}

TEST(CppApi, EveryFunctionIsTriedWithEverything) {
  std::multiset<std::string> swept;
  Complaints complaints;
  for (const auto& source : sources_of_project()) {
    if (starts_with(source, "tests/runtime/api/") && ends_with(source, "_test.cc"))
      swept.merge(swept_in(source, complaints));
  }
  EXPECT_EQ(complaints, Complaints());
  EXPECT_EQ(functions_of_cpp(), swept);
}

TEST(CppApiSelfTest, FunctionsOfAHeaderAreSeen) {
  const Source source =
      source_of("runtime/include/kinglet/a.h",
                "// A.\nstd::uint32_t of(const Model& model);\nclass A {\n public:\n  A() = default;\n"
                "  static Result<A> open(int x,\n                       int y);\n  int rows() const { return 1; }\n"
                "  int rows(int more);\n private:\n  int hidden();\n};\n");
  EXPECT_EQ(functions_of(source), std::multiset<std::string>({"of", "A::open", "A::rows", "A::rows"}));
}

TEST(CppApiSelfTest, WhatIsSweptIsSeen) {
  Complaints complaints;
  const Source source = source_of("tests/runtime/api/a_test.cc",
                                  "  sweep(\"A::open\", [&](int x) { return A::open(x, 1); });\n"
                                  "  sweep(\"A::rows\", [&] { return 1; });\n  sweep(\"A::rows twice\", 1);\n");
  EXPECT_EQ(swept_in(source, complaints), std::multiset<std::string>({"A::open", "A::rows"}));
  EXPECT_EQ(complaints.size(), 1U);
}

}  // namespace
}  // namespace kinglet::house
