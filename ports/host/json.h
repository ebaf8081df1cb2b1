// JSON as the program prints it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace kinglet::host {

using Json = nlohmann::ordered_json;

// One line; bytes that are no UTF-8 become U+FFFD.
inline std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// For people.
inline std::string json_pages(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kinglet::host
