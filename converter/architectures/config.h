// Config: typed access to a checkpoint's config.json. Every failure is an Error that names the key, what was found and
// what is expected. A key with the value null counts as absent, as in transformers.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "converter/checkpoint.h"
#include "model_generated.h"
#include "runtime/model/rules.h"

namespace kinglet::converter {

// Sizes beyond these are mistakes, attacks, or more than the runtime takes. Their products fit in 64 bits.
constexpr std::uint32_t kMostLayers = 1024;
constexpr std::uint32_t kMostHeads = rules::kHeads;
constexpr std::uint32_t kMostHeadWidth = rules::kHeadDim;
constexpr std::uint32_t kMostWidth = rules::kInner;
constexpr std::uint32_t kMostTokens = rules::kVocabulary;
constexpr std::uint32_t kMostPositions = 1U << 24;  // in a config; a context ends at rules::kPositions

class Config {
 public:
  // `json` outlives the Config. `where` names it in messages ("config.json", "config.json: rope_scaling").
  explicit Config(const nlohmann::json& json, std::string where = "config.json");

  bool has(std::string_view key) const;  // present and not null
  const nlohmann::json& at(std::string_view key) const;
  Config object(std::string_view key) const;

  // A whole number in [1, most].
  std::uint32_t count(std::string_view key, std::uint32_t most) const;
  std::uint32_t count_or(std::string_view key, std::uint32_t most, std::uint32_t otherwise) const;
  float number(std::string_view key) const;
  float number_or(std::string_view key, float otherwise) const;
  float positive(std::string_view key) const;  // a number greater than zero
  float positive_or(std::string_view key, float otherwise) const;
  bool flag_or(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key) const;
  std::string text_or(std::string_view key, std::string otherwise) const;
  std::vector<float> numbers(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  std::optional<std::int32_t> token(std::string_view key) const;  // a token id, if the key is there
  std::vector<std::int32_t> tokens(std::string_view key) const;   // one id or a list of ids; absent: none

  fb::Activation activation(std::string_view key) const;
  fb::Activation activation_or(std::string_view key, std::string_view otherwise) const;

  // Throws an Error about a key: "config.json: <key> is 3; <expected>".
  [[noreturn]] void reject(std::string_view key, const std::string& expected) const;
  // Throws where there is a key that is neither one of these nor begins with '_': for files whose form is Kinglet's own, where a
  // mistyped key would give another model.
  void known(std::vector<std::string_view> keys) const;
  // The same of a whole config.json: besides `keys` there may be those that all such models have.
  void known_of_model(std::vector<std::string_view> keys) const;
  // Throws unless the key is absent or has this value: for options that change the model and that nobody here follows.
  void only(std::string_view key, const nlohmann::json& value) const;

  const std::string& where() const { return where_; }
  const nlohmann::json& json() const { return *json_; }

 private:
  std::uint64_t whole(std::string_view key, std::uint64_t least, std::uint64_t most) const;

  const nlohmann::json* json_;
  std::string where_;
};

// The activation that transformers calls by this name; none for a name it does not have.
std::optional<fb::Activation> activation_by_name(std::string_view name);

// A JSON file beside the checkpoint's config.json ("generation_config.json"); nothing where there is none.
std::optional<nlohmann::json> side_file(const Checkpoint& checkpoint, const std::string& name);

}  // namespace kinglet::converter
