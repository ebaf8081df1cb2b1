// See config.h.
#include "converter/architectures/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <utility>

#include "converter/error.h"
#include "converter/readers/json.h"
#include "converter/readers/mapping.h"

namespace kinglet::converter {

namespace {

// A value as a message shows it: short, whatever it is.
std::string shown(const nlohmann::json& value) {
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) {
    std::size_t end = 57;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    text.replace(end, std::string::npos, "…");
  }
  return text;
}

}  // namespace

Config::Config(const nlohmann::json& json, std::string where) : json_(&json), where_(std::move(where)) {
  if (!json.is_object()) throw Error(where_ + " is " + shown(json) + "; expected a JSON object");
}

bool Config::has(std::string_view key) const {
  const auto found = json_->find(key);
  return found != json_->end() && !found->is_null();
}

const nlohmann::json& Config::at(std::string_view key) const {
  const auto found = json_->find(key);
  if (found == json_->end() || found->is_null()) throw Error(where_ + ": " + std::string(key) + " is missing");
  return *found;
}

Config Config::object(std::string_view key) const { return Config(at(key), where_ + ": " + std::string(key)); }

void Config::reject(std::string_view key, const std::string& expected) const {
  const auto found = json_->find(key);
  const std::string value = found == json_->end() ? "missing" : shown(*found);
  throw Error(where_ + ": " + std::string(key) + " is " + value + "; " + expected);
}

void Config::known(std::vector<std::string_view> keys) const {
  std::string names;
  for (const std::string_view key : keys) names += (names.empty() ? "" : ", ") + std::string(key);
  for (const auto& entry : json_->items()) {
    if (!entry.key().starts_with('_') && std::find(keys.begin(), keys.end(), entry.key()) == keys.end())
      throw Error(where_ + ": " + entry.key() + " is no key that is known here; known: " + names);
  }
}

void Config::known_of_model(std::vector<std::string_view> keys) const {
  for (const std::string_view usual :
       {"model_type", "vocab_size", "max_positions", "pad_token_id", "bos_token_id", "eos_token_id",
        "decoder_start_token_id", "forced_bos_token_id", "suppress_tokens", "architectures", "dtype", "torch_dtype",
        "transformers_version"})
    keys.push_back(usual);
  known(std::move(keys));
}

void Config::only(std::string_view key, const nlohmann::json& value) const {
  if (has(key) && at(key) != value) reject(key, "only " + shown(value) + " is supported");
}

std::uint64_t Config::whole(std::string_view key, std::uint64_t least, std::uint64_t most) const {
  const nlohmann::json& value = at(key);
  const std::string expected = "expected a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  if (value.is_number_float()) {  // 1e4 and 32.0 are written by some tools
    const double number = value.get<double>();
    if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) ||
        number != std::floor(number)) {
      reject(key, expected);
    }
    return static_cast<std::uint64_t>(number);
  }
  if (!value.is_number_integer()) reject(key, expected);
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) reject(key, expected);
  const auto number = value.get<std::uint64_t>();
  if (number < least || number > most) reject(key, expected);
  return number;
}

std::uint32_t Config::count(std::string_view key, std::uint32_t most) const {
  return static_cast<std::uint32_t>(whole(key, 1, most));
}

std::uint32_t Config::count_or(std::string_view key, std::uint32_t most, std::uint32_t otherwise) const {
  return has(key) ? count(key, most) : otherwise;
}

float Config::number(std::string_view key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_number()) reject(key, "expected a number");
  const auto number = static_cast<float>(value.get<double>());
  if (!std::isfinite(number)) reject(key, "expected a number that a float can hold");
  return number;
}

float Config::number_or(std::string_view key, float otherwise) const { return has(key) ? number(key) : otherwise; }

float Config::positive(std::string_view key) const {
  const float value = number(key);
  if (!(value > 0)) reject(key, "expected a number greater than 0");
  return value;
}

float Config::positive_or(std::string_view key, float otherwise) const { return has(key) ? positive(key) : otherwise; }

bool Config::flag_or(std::string_view key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!at(key).is_boolean()) reject(key, "expected true or false");
  return at(key).get<bool>();
}

std::string Config::text(std::string_view key) const {
  if (!at(key).is_string()) reject(key, "expected a string");
  return at(key).get<std::string>();
}

std::string Config::text_or(std::string_view key, std::string otherwise) const {
  return has(key) ? text(key) : std::move(otherwise);
}

std::vector<float> Config::numbers(std::string_view key) const {
  std::vector<float> values;
  if (!at(key).is_array()) reject(key, "expected a list of numbers");
  for (const auto& value : at(key)) {
    if (!value.is_number()) reject(key, "expected a list of numbers");
    values.push_back(static_cast<float>(value.get<double>()));
    if (!std::isfinite(values.back())) reject(key, "expected finite numbers");
  }
  return values;
}

std::vector<std::string> Config::texts(std::string_view key) const {
  std::vector<std::string> values;
  if (!at(key).is_array()) reject(key, "expected a list of strings");
  for (const auto& value : at(key)) {
    if (!value.is_string()) reject(key, "expected a list of strings");
    values.push_back(value.get<std::string>());
  }
  return values;
}

std::optional<std::int32_t> Config::token(std::string_view key) const {
  // transformers writes -1 for "none" in a few old configs
  if (!has(key) || at(key) == -1) return std::nullopt;
  return static_cast<std::int32_t>(whole(key, 0, kMostTokens - 1));
}

std::vector<std::int32_t> Config::tokens(std::string_view key) const {
  if (!has(key)) return {};
  if (!at(key).is_array()) {
    const auto one = token(key);
    return one ? std::vector<std::int32_t>{*one} : std::vector<std::int32_t>{};
  }
  std::vector<std::int32_t> ids;
  for (const auto& id : at(key)) {
    if (!id.is_number_integer() || id < 0 || id >= kMostTokens) reject(key, "expected token ids");
    ids.push_back(id.get<std::int32_t>());
  }
  return ids;
}

std::optional<fb::Activation> activation_by_name(std::string_view name) {
  using enum fb::Activation;
  constexpr std::array<std::pair<std::string_view, fb::Activation>, 16> kNames{{
      {"relu", Relu},
      {"relu6", Relu6},
      {"gelu", Gelu},
      {"gelu_python", Gelu},
      {"gelu_new", GeluTanh},
      {"gelu_fast", GeluTanh},
      {"gelu_pytorch_tanh", GeluTanh},
      {"gelu_accurate", GeluTanh},
      {"gelu_python_tanh", GeluTanh},
      {"quick_gelu", QuickGelu},
      {"silu", Silu},
      {"swish", Silu},
      {"tanh", Tanh},
      {"sigmoid", Sigmoid},
      {"hardswish", HardSwish},
      {"linear", None},
  }};
  for (const auto& [known, activation] : kNames) {
    if (known == name) return activation;
  }
  return std::nullopt;
}

fb::Activation Config::activation(std::string_view key) const {
  const auto known = activation_by_name(text(key));
  if (!known)
    reject(key,
           "supported activations: relu, relu6, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, silu, tanh, "
           "sigmoid, hardswish");
  return *known;
}

fb::Activation Config::activation_or(std::string_view key, std::string_view otherwise) const {
  return has(key) ? activation(key) : *activation_by_name(otherwise);
}

std::optional<nlohmann::json> side_file(const Checkpoint& checkpoint, const std::string& name) {
  if (checkpoint.path.empty()) return std::nullopt;
  const auto path = checkpoint.path / name;
  if (!std::filesystem::is_directory(checkpoint.path) || !std::filesystem::is_regular_file(path)) return std::nullopt;
  return parse_json(read_text(path, std::size_t{64} << 20U), path.string());
}

}  // namespace kinglet::converter
