// JSON from files that nobody has checked: bounded in depth, no key twice, one Error that says where.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace kinglet::converter {

// Throws Error; `where` names the text in its message.
nlohmann::json parse_json(std::string_view text, const std::string& where);
// A file that holds one JSON object, at most 64 MiB.
nlohmann::json read_json_object(const std::filesystem::path& path);

}  // namespace kinglet::converter
