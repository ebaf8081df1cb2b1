// The public headers, and which functions the C++ ones declare.
#pragma once

#include <set>
#include <string>

#include "source.h"

namespace kinglet::house {

using Names = std::set<std::string>;

bool is_public(const Source& source);
bool is_c(const Source& source);

// The public functions of a C++ header, "Class::function", or "function" outside a class; each as often as it is overloaded. Reads this house's
// layout: one declaration a line, members indented by two, a class closed by "};".
std::multiset<std::string> functions_of(const Source& source);

// Of all headers but those without functions of the API: statuses, and what a port gives.
std::multiset<std::string> functions_of_cpp();

}  // namespace kinglet::house
