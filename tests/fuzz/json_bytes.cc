#include "tests/fuzz/json_bytes.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/fuzz/inputs.h"

namespace kinglet::fuzz {
namespace {

using nlohmann::json;

void collect(json& node, std::vector<json*>& all) {
  all.push_back(&node);
  if (!node.is_structured()) return;
  for (json& child : node) collect(child, all);
}

json another_number(const json& node, Inputs& inputs) {
  const double value = node.get<double>();
  switch (inputs.below(8)) {
    case 0: return 0;
    case 1: return -1;
    case 2: return value + 1;
    case 3: return value * 2;
    case 4: return value / 2;
    case 5: return std::uint64_t{1} << inputs.below(64);
    case 6: return inputs.one_in(2) ? 1e300 : -1e-300;
    default: return inputs.below(16);
  }
}

json anything(Inputs& inputs) {
  switch (inputs.below(6)) {
    case 0: return nullptr;
    case 1: return inputs.one_in(2);
    case 2: return static_cast<std::int64_t>(inputs.below(300)) - 10;
    case 3: return json::array();
    case 4: return json::object();
    default: return inputs.one_in(2) ? "" : "\xE2\x96\x81x";
  }
}

void change(json& node, const json& other, Inputs& inputs) {
  if (inputs.one_in(6)) {
    node = anything(inputs);
  } else if (inputs.one_in(6)) {
    node = other;
  } else if (node.is_number()) {
    node = another_number(node, inputs);
  } else if (node.is_string()) {
    auto text = node.get<std::string>();
    const std::size_t at = inputs.below(static_cast<std::uint32_t>(text.size() + 1));
    node = inputs.one_in(2) ? text.substr(at) : text.insert(at, 1, static_cast<char>('!' + inputs.below(90)));
  } else if (node.is_structured() && !node.empty()) {
    const auto at =
        std::next(node.begin(), static_cast<std::ptrdiff_t>(inputs.below(static_cast<std::uint32_t>(node.size()))));
    if (node.is_array() && inputs.one_in(2)) node.push_back(json(*at));
    else node.erase(at);
  } else {
    node = anything(inputs);
  }
}

}  // namespace

std::string changed_json(std::string_view text, std::uint32_t seed) {
  constexpr std::size_t kMost = std::size_t{1} << 18;
  if (text.size() > kMost) return {};
  json document = json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) return {};
  Inputs inputs(seed);
  for (std::uint32_t i = 0, count = 1 + inputs.below(2); i < count; ++i) {
    std::vector<json*> all;
    collect(document, all);
    const auto any = [&] { return all[inputs.below(static_cast<std::uint32_t>(all.size()))]; };
    const json other = *any();
    if (other.size() < 64) change(*any(), other, inputs);
  }
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace kinglet::fuzz
