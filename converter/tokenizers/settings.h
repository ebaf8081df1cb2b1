// The small files beside a tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "converter/tokenizers/draft.h"

namespace kinglet::converter {

struct Settings {
  nlohmann::json config = nlohmann::json::object();          // tokenizer_config.json
  nlohmann::json special_tokens = nlohmann::json::object();  // special_tokens_map.json
  nlohmann::json added = nlohmann::json::object();           // added_tokens.json: text to id
  std::string place;                                         // of tokenizer_config.json, for messages
  std::string directory;

  std::string tokenizer_class() const;  // without "Fast"; empty where unknown
  bool flag(const char* name, bool fallback) const;
  std::int64_t integer(const char* name, std::int64_t fallback) const;
  std::string text(const char* name, std::string_view fallback) const;
  // The text of a role: "bos_token", "mask_token" … nullopt: there is none.
  std::optional<std::string> role(const char* name) const;
};

Settings read_settings(const std::filesystem::path& directory);

// Adds the tokens that the settings name: all of added_tokens.json and added_tokens_decoder, the roles that the vocabulary
// has, and `usual` ones of the family's, named or not. `ids`: the vocabulary as its file spells it.
void add_tokens(const Settings& settings, const std::unordered_map<std::string, std::uint32_t>& ids, Draft& draft,
                std::initializer_list<const char*> usual = {});

}  // namespace kinglet::converter
