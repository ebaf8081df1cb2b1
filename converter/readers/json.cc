#include "converter/readers/json.h"

#include <set>
#include <string_view>
#include <vector>

#include "converter/error.h"
#include "converter/json_message.h"
#include "converter/readers/mapping.h"

namespace kinglet::converter {

using nlohmann::json;

json parse_json(std::string_view text, const std::string& where) {
  constexpr std::size_t kDepth = 64;
  std::vector<std::set<std::string>> keys;  // of the objects around the parser
  const auto check = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      keys.emplace_back();
      if (keys.size() > kDepth)
        throw Error("JSON nested too deeply in " + where + ": at most " + std::to_string(kDepth) + " levels are read");
    } else if (event == json::parse_event_t::object_end || event == json::parse_event_t::array_end) {
      keys.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second)
        throw Error("the key \"" + key + "\" stands twice in " + where + ": keep one of them");
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), check);
  } catch (const json::exception& e) {
    throw Error("bad JSON in " + where + ": " + message_of(e) + ": the file is damaged; download or save it again");
  }
}

json read_json_object(const std::filesystem::path& path) {
  json object = parse_json(read_text(path, std::size_t{64} << 20U), path.string());
  if (!object.is_object()) throw Error("no JSON object in " + path.string() + ": the file must hold { … }");
  return object;
}

}  // namespace kinglet::converter
