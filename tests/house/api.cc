#include "api.h"

#include <regex>

namespace kinglet::house {

bool is_public(const Source& source) { return starts_with(source, "runtime/include/kinglet/"); }

bool is_c(const Source& source) {
  return starts_with(source, "runtime/include/kinglet/c/") || source.path == "runtime/include/kinglet/kinglet.h";
}

std::multiset<std::string> functions_of(const Source& source) {
  static const std::regex opens(R"(^(?:class|struct)(?: \[\[\w+\]\])? (\w+)(?: final)? \{$)");
  static const std::regex member(R"(^  [\w:<>*&, \[\]]*?\b(\w+)\([^;{]*(?:[;{]|,$|=))"),
      free(R"(^[A-Za-z][\w:<>*& ]* \*?&?(\w+)\()");
  static const Names kNoFunctions = {"operator", "static_assert", "sizeof", "void"};
  std::multiset<std::string> names;
  std::string inside;
  bool visible = true;
  for (const std::string& line : code_of(source)) {
    std::smatch match;
    if (std::regex_search(line, match, opens)) inside = match[1], visible = true;
    else if (line.starts_with("};")) inside.clear();
    else if (line == " private:") visible = false;
    else if (line == " public:") visible = true;
    else if (inside.empty() && std::regex_search(line, match, free) && !kNoFunctions.contains(match[1]))
      names.insert(match[1]);
    else if (!inside.empty() && visible && line.find("= delete") == std::string::npos &&
             line.find("(*") == std::string::npos && line.find("operator") == std::string::npos &&
             std::regex_search(line, match, member) && match[1] != inside)
      names.insert(inside + "::" + match[1].str());
  }
  return names;
}

std::multiset<std::string> functions_of_cpp() {
  static const Names kTypesOnly = {"runtime/include/kinglet/status.h", "runtime/include/kinglet/parallel.h"};
  std::multiset<std::string> names;
  for (const auto& source : sources_of_project()) {
    if (is_public(source) && !is_c(source) && !kTypesOnly.contains(source.path)) names.merge(functions_of(source));
  }
  return names;
}

}  // namespace kinglet::house
