// JsonView: a JSON value with its place in the file, so that every complaint says where.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "converter/error.h"

namespace kinglet::converter {

class JsonView {
 public:
  JsonView(const nlohmann::json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const nlohmann::json& raw() const { return *value_; }
  const std::string& place() const { return place_; }
  [[noreturn]] void fail(const std::string& what) const { throw Error(place_ + ": " + what); }

  bool is_null() const { return value_->is_null(); }
  // A member of an object; null where there is none.
  JsonView operator[](const char* key) const {
    static const nlohmann::json kNull;
    const std::string inner = place_ + "." + key;
    if (value_->is_null()) return {kNull, inner};
    if (!value_->is_object()) fail("is not an object");
    const auto it = value_->find(key);
    return {it == value_->end() ? kNull : *it, inner};
  }
  JsonView at(std::size_t index) const { return {(*value_)[index], place_ + "[" + std::to_string(index) + "]"}; }
  std::size_t size() const {
    if (value_->is_null()) return 0;
    if (!value_->is_array()) fail("is not a list");
    return value_->size();
  }

  const std::string& text() const {
    if (!value_->is_string()) fail("is not a string");
    return value_->get_ref<const std::string&>();
  }
  std::string text(std::string_view fallback) const { return is_null() ? std::string(fallback) : text(); }
  bool flag(bool fallback) const {
    if (is_null()) return fallback;
    if (!value_->is_boolean()) fail("is neither true nor false");
    return value_->get<bool>();
  }
  std::int64_t integer() const {
    if (!value_->is_number_integer()) fail("is not a whole number");
    if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > INT64_MAX) fail("is too large a number");
    return value_->get<std::int64_t>();
  }
  std::int64_t integer(std::int64_t fallback) const { return is_null() ? fallback : integer(); }
  double number() const {
    if (!value_->is_number()) fail("is not a number");
    return value_->get<double>();
  }

 private:
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace kinglet::converter
