// What a JSON library's error says to people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace kinglet::converter {

// What is wrong, without where in the library it was seen: "[that] this".
inline std::string message_of(const nlohmann::json::exception& error) {
  const std::string_view what = error.what();
  const std::size_t end = what.find("] ");
  return std::string(what.substr(end == std::string_view::npos ? 0 : end + 2));
}

}  // namespace kinglet::converter
