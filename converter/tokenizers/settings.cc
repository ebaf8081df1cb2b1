// A token is a string, or an object with `content` and flags.
#include "converter/tokenizers/settings.h"

#include <charconv>
#include <set>

#include "converter/tokenizers/added.h"

namespace kinglet::converter {
namespace {

constexpr const char* kRoles[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                  "pad_token", "cls_token", "mask_token"};

nlohmann::json optional_object(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return nlohmann::json::object();
  nlohmann::json result = read_json(path);
  if (!result.is_object()) throw Error(path.string() + ": is not an object");
  return result;
}

std::optional<std::string> token_text(const nlohmann::json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return std::nullopt;
  const nlohmann::json& value = it->is_object() && it->contains("content") ? (*it)["content"] : *it;
  if (!value.is_string()) return std::nullopt;
  return value.get<std::string>();
}

// Collects rows in the form of tokenizer.json's added_tokens; the first of a text counts.
class Rows {
 public:
  void add(nlohmann::json row) {
    if (seen_.insert(row["content"].get<std::string>()).second) rows_.push_back(std::move(row));
  }
  void add(const std::string& text, std::int64_t id, bool special, bool strip_left = false) {
    add({{"content", text}, {"id", id}, {"special", special}, {"normalized", false}, {"lstrip", strip_left}});
  }
  const nlohmann::json& rows() const { return rows_; }

 private:
  nlohmann::json rows_ = nlohmann::json::array();
  std::set<std::string> seen_;
};

void add_decoder_rows(const Settings& settings, Rows& rows) {
  const auto decoder = settings.config.find("added_tokens_decoder");
  if (decoder == settings.config.end()) return;
  if (!decoder->is_object()) throw Error(settings.place + ": added_tokens_decoder is not an object");
  for (const auto& [key, value] : decoder->items()) {
    std::int64_t id = -1;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || !value.is_object() || !value.contains("content") ||
        !value["content"].is_string()) {
      throw Error(settings.place + ": added_tokens_decoder." + key + " is not a token");
    }
    nlohmann::json row = value;
    row["id"] = id;
    rows.add(std::move(row));
  }
}

}  // namespace

std::string Settings::tokenizer_class() const {
  std::string name = text("tokenizer_class", "");
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  return name;
}

bool Settings::flag(const char* name, bool fallback) const {
  const auto it = config.find(name);
  return it != config.end() && it->is_boolean() ? it->get<bool>() : fallback;
}

std::int64_t Settings::integer(const char* name, std::int64_t fallback) const {
  const auto it = config.find(name);
  return it != config.end() && it->is_number_integer() ? it->get<std::int64_t>() : fallback;
}

std::string Settings::text(const char* name, std::string_view fallback) const {
  const auto it = config.find(name);
  return it != config.end() && it->is_string() ? it->get<std::string>() : std::string(fallback);
}

std::optional<std::string> Settings::role(const char* name) const {
  const auto configured = token_text(config, name);
  return configured ? configured : token_text(special_tokens, name);
}

Settings read_settings(const std::filesystem::path& directory) {
  Settings settings;
  settings.directory = directory.string();
  settings.place = (directory / "tokenizer_config.json").string();
  settings.config = optional_object(directory / "tokenizer_config.json");
  settings.special_tokens = optional_object(directory / "special_tokens_map.json");
  settings.added = optional_object(directory / "added_tokens.json");
  return settings;
}

void add_tokens(const Settings& settings, const std::unordered_map<std::string, std::uint32_t>& ids, Draft& draft,
                std::initializer_list<const char*> usual) {
  Rows rows;
  add_decoder_rows(settings, rows);
  for (const char* name : kRoles) {
    const auto text = settings.role(name);
    if (!text) continue;
    if (const auto it = ids.find(*text); it != ids.end())
      rows.add(*text, it->second, true, std::string_view(name) == "mask_token");
  }
  for (const char* text : usual) {
    if (const auto it = ids.find(text); it != ids.end()) rows.add(text, it->second, true);
  }
  for (const auto& [text, id] : settings.added.items()) {
    if (!id.is_number_integer()) throw Error(settings.directory + "/added_tokens.json: \"" + text + "\" has no id");
    rows.add(text, id.get<std::int64_t>(), true);
  }
  read_added_tokens(JsonView(rows.rows(), settings.place + ": added tokens"), ids, draft);
}

}  // namespace kinglet::converter
