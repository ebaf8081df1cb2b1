// Character maps: the converter builds them, the runtime applies them.
#include "converter/tokenizers/charsmap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "text/charsmap.h"
#include "text/normalize.h"
#include "tokenizer_generated.h"

namespace kinglet::converter {
namespace {

std::string mapped(const std::vector<std::uint8_t>& map, std::string_view input) {
  fb::TokenizerT rules;
  rules.passes.push_back(std::make_unique<fb::PassT>());
  rules.passes.back()->kind = fb::PassKind::Map;
  rules.passes.back()->map = map;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &rules));
  const auto* file = flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
  EXPECT_TRUE(text::verify_charsmap(*file->passes()->Get(0)->map()).ok());
  std::vector<std::byte> memory(1 << 14);
  text::Scratch scratch(memory);
  text::NormalText result{};
  EXPECT_TRUE(text::normalize(text::Tables(*file), input, scratch, result).ok());
  return {result.data, result.size};
}

// The longest key at each place.
std::string by_definition(const std::map<std::string, std::string>& map, const std::string& input) {
  std::string result;
  for (std::size_t at = 0; at < input.size();) {
    const std::pair<const std::string, std::string>* best = nullptr;
    for (const auto& entry : map) {
      const bool longer = best == nullptr || entry.first.size() > best->first.size();
      if (longer && input.compare(at, entry.first.size(), entry.first) == 0) best = &entry;
    }
    result += best != nullptr ? best->second : input.substr(at, 1);
    at += best != nullptr ? best->first.size() : 1;
  }
  return result;
}

TEST(Charsmap, ReplacesTheLongestKey) {
  std::mt19937 random(17);
  for (int round = 0; round < 100; ++round) {
    std::map<std::string, std::string> map;
    for (std::size_t i = 1 + random() % 30; i > 0; --i) {
      std::string key;
      std::string text;
      for (std::size_t k = 1 + random() % 4; k > 0; --k) key += static_cast<char>('a' + random() % 4);
      for (std::size_t k = random() % 6; k > 0; --k) text += static_cast<char>('A' + random() % 26);
      map[key] = text;
    }
    const std::vector<std::uint8_t> built = build_charsmap(map);
    for (int trial = 0; trial < 50; ++trial) {
      std::string input;
      for (std::size_t k = random() % 30; k > 0; --k) input += static_cast<char>('a' + random() % 5);
      ASSERT_EQ(mapped(built, input), by_definition(map, input));
    }
    std::vector<std::string> keys = charsmap_keys(built, 1000);
    std::sort(keys.begin(), keys.end());
    std::vector<std::string> expected;
    for (const auto& [key, text] : map) expected.push_back(key);
    ASSERT_EQ(keys, expected);
  }
}

TEST(Charsmap, CompatibilityCharacters) {
  const std::vector<std::uint8_t> map = compatibility_charsmap();
  EXPECT_EQ(mapped(map, "\uFB01\u2460\u00BD\u3000\uFF21\u33A1"),
            "fi1"
            "1\u20442 Am2");
  EXPECT_EQ(mapped(map, "\uFDFA"),
            "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064A\u0647 \u0648\u0633\u0644\u0645");
  EXPECT_EQ(mapped(map, "\U0001D4D7\u00E9\uD55C"), "H\u00E9\uD55C");  // canonical forms stay
  EXPECT_GT(charsmap_keys(map, 100000).size(), 3500u);
}

// Any bytes in the trie: no read outside, and an end.
TEST(Charsmap, RandomTriesAreSafe) {
  std::mt19937 random(23);
  const std::vector<std::uint8_t> good = build_charsmap({{"a", "x"}, {"ab", "yy"}, {"\u00E9", "e"}});
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::uint8_t> map = good;
    for (std::size_t i = 1 + random() % 20; i > 0; --i)
      map[4 + random() % (map.size() - 5)] = static_cast<std::uint8_t>(random());
    (void)charsmap_keys(map, 1000);
    fb::TokenizerT rules;
    rules.passes.push_back(std::make_unique<fb::PassT>());
    rules.passes.back()->kind = fb::PassKind::Map;
    rules.passes.back()->map = map;
    rules.passes.back()->by_cluster = round % 2 == 0;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::Tokenizer::Pack(builder, &rules));
    const auto* file = flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
    if (!text::verify_charsmap(*file->passes()->Get(0)->map()).ok()) continue;
    std::vector<std::byte> memory(1 << 12);
    text::Scratch scratch(memory);
    text::NormalText result{};
    (void)text::normalize(text::Tables(*file), "aab\u00E9a\u0301 abab\r\n\u0600x", scratch, result).ok();
  }
}

}  // namespace
}  // namespace kinglet::converter
