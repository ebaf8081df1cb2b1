// JSON as the program prints it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace kinglet::host {

using Json = nlohmann::ordered_json;

// Puts `value` behind those of the list `key` of an object. (A null that becomes a list as it grows is neither where there is no memory.)
inline void append(Json& object, const char* key, Json value) {
  Json& list = object[key];
  if (list.is_null()) list = Json::array();
  list.push_back(std::move(value));
}

// One line; bytes that are no UTF-8 become U+FFFD.
inline std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// For people.
inline std::string json_pages(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kinglet::host
