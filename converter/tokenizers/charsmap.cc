// A double-array trie in the unit format of darts-clone:
//
//   bits 0-7 label, 31 set in a leaf's value; bit 8: a value hangs here; bits 10-30 offset to the children, bit 9: times 256
//
// The children of the node at `n` stand at `n ^ offset ^ label`; its value, if any, at `n ^ offset`.
#include "converter/tokenizers/charsmap.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "converter/error.h"
#include "converter/tokenizers/compatibility.h"
#include "text/utf8.h"

namespace kinglet::converter {
namespace {

using Entry = std::pair<std::string_view, std::uint32_t>;  // key, where its text begins

class DoubleArray {
 public:
  std::vector<std::uint32_t> build(std::span<const Entry> entries) {
    grow(1);
    set(0, 0);
    place(entries, 0, 0);
    return units_;
  }

 private:
  void grow(std::size_t size) {
    size = (size + 255) / 256 * 256;  // an offset moves a node within its block of 256
    if (units_.size() >= size) return;
    units_.resize(size, 0x80000000);  // a unit that no byte matches
    used_.resize(size, false);
    base_.resize(size, false);
  }

  // The children of node `at`: entries, all alike in their first `depth` bytes.
  void place(std::span<const Entry> entries, std::size_t depth, std::size_t at) {
    const bool leaf = entries.front().first.size() == depth;
    std::vector<std::uint8_t> labels;
    for (const Entry& entry : entries.subspan(leaf ? 1 : 0)) {
      const auto label = static_cast<std::uint8_t>(entry.first[depth]);
      if (labels.empty() || labels.back() != label) labels.push_back(label);
    }
    const std::size_t base = find_base(labels, leaf);
    link(at, base, leaf);
    base_[base] = true;
    if (leaf) set(base, 0x80000000 | entries.front().second);
    for (const std::uint8_t label : labels) set(base ^ label, label);
    std::size_t first = leaf ? 1 : 0;
    for (const std::uint8_t label : labels) {
      std::size_t last = first;
      while (last < entries.size() && static_cast<std::uint8_t>(entries[last].first[depth]) == label) ++last;
      place(entries.subspan(first, last - first), depth + 1, base ^ label);
      first = last;
    }
  }

  void set(std::size_t at, std::uint32_t unit) {
    units_[at] = unit;
    used_[at] = true;
  }

  // A place whose children are all free; node 0 is the root, so no base is 0.
  std::size_t find_base(const std::vector<std::uint8_t>& labels, bool leaf) {
    while (first_free_ < used_.size() && used_[first_free_]) ++first_free_;
    const std::uint8_t anchor = leaf || labels.empty() ? std::uint8_t{0} : labels.front();
    for (std::size_t spot = first_free_;; ++spot) {
      grow(spot + 256);
      const std::size_t base = spot ^ anchor;
      if (used_[spot] || base == 0 || base_[base] || (leaf && used_[base])) continue;
      if (std::none_of(labels.begin(), labels.end(), [&](std::uint8_t label) { return used_[base ^ label]; }))
        return base;
    }
  }

  void link(std::size_t at, std::size_t base, bool leaf) {
    std::size_t offset = at ^ base;
    std::uint32_t bits = leaf ? 0x100 : 0;
    if (offset >= std::size_t{1} << 21) {
      if (offset % 256 != 0 || offset >= std::size_t{1} << 29) throw Error("too many texts to replace");
      offset >>= 8;
      bits |= 0x200;
    }
    units_[at] |= bits | static_cast<std::uint32_t>(offset << 10);
  }

  std::vector<std::uint32_t> units_;
  std::vector<bool> used_;
  std::vector<bool>
      base_;  // some node's children are here: two nodes at one base would take each other's for their own
  std::size_t first_free_ = 1;
};

}  // namespace

std::vector<std::uint8_t> build_charsmap(const std::map<std::string, std::string>& replacements) {
  std::vector<Entry> entries;
  std::string texts;
  for (const auto& [key, text] : replacements) {
    entries.emplace_back(key, static_cast<std::uint32_t>(texts.size()));
    texts += text;
    texts += '\0';
  }
  const std::vector<std::uint32_t> units = DoubleArray().build(entries);
  const auto bytes = static_cast<std::uint32_t>(units.size() * sizeof(std::uint32_t));
  std::vector<std::uint8_t> result(sizeof(bytes) + bytes + texts.size());
  std::memcpy(result.data(), &bytes, sizeof(bytes));
  std::memcpy(result.data() + sizeof(bytes), units.data(), bytes);
  std::memcpy(result.data() + sizeof(bytes) + bytes, texts.data(), texts.size());
  return result;
}

std::vector<std::uint8_t> compatibility_charsmap() {
  std::map<std::string, std::string> replacements;
  const auto append = [](std::string& text, char32_t code) {
    char bytes[4];
    text.append(bytes, text::put_utf8(code, bytes));
  };
  const std::uint32_t* part = kCompatibilityParts;
  for (const CompatibilityRun& run : kCompatibilityRuns) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      std::string key;
      std::string value;
      append(key, run.first + i);
      for (std::uint32_t k = 0; k < run.parts; ++k) append(value, *part++);
      replacements.emplace(std::move(key), std::move(value));
    }
  }
  return build_charsmap(replacements);
}

std::vector<std::string> charsmap_keys(std::span<const std::uint8_t> map, std::size_t most) {
  constexpr std::size_t kLongestKey = 256;
  std::vector<std::string> result;
  std::uint32_t bytes = 0;
  if (map.size() < sizeof(bytes)) return result;
  std::memcpy(&bytes, map.data(), sizeof(bytes));
  if (bytes > map.size() - sizeof(bytes)) return result;
  std::vector<std::uint32_t> units(bytes / sizeof(std::uint32_t));
  if (units.empty()) return result;
  std::memcpy(units.data(), map.data() + sizeof(bytes), units.size() * sizeof(std::uint32_t));
  const auto offset = [](std::uint32_t unit) -> std::size_t { return unit >> 10 << ((unit & 0x200) >> 6); };

  // Each node is seen once, so a damaged trie with loops ends, too.
  std::vector<bool> seen(units.size(), false);
  std::vector<std::pair<std::size_t, std::string>> open = {{offset(units[0]), ""}};
  while (!open.empty() && result.size() < most) {
    const auto [base, key] = std::move(open.back());
    open.pop_back();
    for (std::size_t label = 1; label < 256; ++label) {
      const std::size_t child = base ^ label;
      if (child >= units.size() || seen[child] || (units[child] & 0x800000FF) != label || key.size() == kLongestKey)
        continue;
      seen[child] = true;
      std::string longer = key + static_cast<char>(label);
      if ((units[child] & 0x100) != 0) result.push_back(longer);
      open.emplace_back(child ^ offset(units[child]), std::move(longer));
    }
  }
  return result;
}

}  // namespace kinglet::converter
