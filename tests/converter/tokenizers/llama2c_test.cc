// llama2.c's tok.bin: against that project's own algorithm (the highest score first, pair by pair), and damaged files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "files.h"
#include "packed.h"

namespace kinglet::converter {
namespace {

struct Row {
  std::string text;
  float score;
};

// <unk>, <s>, </s>, 256 bytes, characters, then pieces of two to six characters made of earlier ones.
std::vector<Row> make_rows(std::uint32_t seed) {
  std::vector<Row> rows = {{"<unk>", 0}, {"\n<s>\n", 0}, {"\n</s>\n", 0}};
  for (int byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof(text), "<0x%02X>", static_cast<unsigned>(byte));
    rows.push_back({text, 0});
  }
  for (const char* text : {" ", "a", "b", "c", "\xED\x95\x9C"}) rows.push_back({text, -1e6f});
  std::mt19937 random(seed);
  std::map<std::string, bool> known;
  for (int i = 0; i < 60; ++i) {
    const std::string text =
        rows[259 + random() % (rows.size() - 259)].text + rows[259 + random() % (rows.size() - 259)].text;
    if (text.size() < 10 && known.emplace(text, true).second)
      rows.push_back({text, -static_cast<float>(random() % 40)});
  }
  return rows;
}

std::string to_file(const std::vector<Row>& rows) {
  std::string bytes(4, '\0');
  for (const Row& row : rows) {
    const auto length = static_cast<std::int32_t>(row.text.size());
    bytes.append(reinterpret_cast<const char*>(&row.score), 4)
        .append(reinterpret_cast<const char*>(&length), 4)
        .append(row.text);
  }
  return bytes;
}

// As run.c does: characters or their bytes, then the best pair again and again.
std::vector<std::int32_t> by_definition(const std::vector<Row>& rows, const std::string& text) {
  std::map<std::string, std::int32_t> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.emplace(rows[i].text, static_cast<std::int32_t>(i));
  std::vector<std::int32_t> out = {1};
  if (!text.empty()) out.push_back(ids.at(" "));
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    const auto it = ids.find(text.substr(at, end - at));
    if (it != ids.end()) {
      out.push_back(it->second);
    } else {
      for (std::size_t i = at; i < end; ++i) out.push_back(static_cast<unsigned char>(text[i]) + 3);
    }
    at = end;
  }
  for (;;) {
    float best = -1e10f;
    std::size_t place = out.size();
    std::int32_t id = 0;
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
      const auto it =
          ids.find(rows[static_cast<std::size_t>(out[i])].text + rows[static_cast<std::size_t>(out[i + 1])].text);
      if (it == ids.end() || rows[static_cast<std::size_t>(it->second)].score <= best) continue;
      best = rows[static_cast<std::size_t>(it->second)].score;
      place = i;
      id = it->second;
    }
    if (place == out.size()) return out;
    out[place] = id;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

TEST(Llama2c, GivesThatProjectsIds) {
  TokenizerFolder folder;
  std::mt19937 random(5);
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    const std::vector<Row> rows = make_rows(seed);
    folder.write("tok.bin", to_file(rows));
    const PackedTokenizer tokenizer(
        *read_llama2c_tokenizer(folder.path() / "tok.bin", static_cast<std::uint32_t>(rows.size())));
    for (int round = 0; round < 100; ++round) {
      std::string text;
      constexpr const char* kParts[] = {"a", "b", "c", " ", "\xED\x95\x9C", "\xEA\xB5\xAD", "!"};
      for (std::size_t i = random() % 16; i > 0; --i) text += kParts[random() % std::size(kParts)];
      const std::vector<std::int32_t> ids = by_definition(rows, text);
      ASSERT_EQ(tokenizer.encode(text, {}), ids) << text;
      ASSERT_EQ(tokenizer.decode(ids, true), text);
    }
    EXPECT_EQ(tokenizer->find("<s>"), 1);
    EXPECT_TRUE(tokenizer->is_special(2));
  }
}

TEST(Llama2c, DamagedFilesAreRefused) {
  TokenizerFolder folder;
  const std::vector<Row> rows = make_rows(1);
  const std::string good = to_file(rows);
  const auto count = static_cast<std::uint32_t>(rows.size());
  const auto complaint = [&](const std::string& bytes, std::uint32_t vocabulary) -> std::string {
    folder.write("tok.bin", bytes);
    try {
      (void)read_llama2c_tokenizer(folder.path() / "tok.bin", vocabulary);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(complaint(good, count), "");
  for (std::size_t size = 0; size < good.size(); size += 37)
    EXPECT_THAT(complaint(good.substr(0, size), count), testing::HasSubstr("ends early")) << size;
  EXPECT_THAT(complaint(good, count - 1), testing::HasSubstr("more than the model's"));
  EXPECT_THAT(complaint(good, count + 1), testing::HasSubstr("ends early"));
  std::string negative = good;
  std::memset(negative.data() + 8, 0xFF, 4);
  EXPECT_THAT(complaint(negative, count), testing::HasSubstr("token 0"));
  std::string huge = good;
  std::memset(huge.data() + 8, 0x7F, 4);
  EXPECT_THAT(complaint(huge, count), testing::HasSubstr("ends early"));
  EXPECT_THAT(complaint(to_file({{"<unk>", 0}, {"<s>", 0}}), 2), testing::HasSubstr("begins with"));
}

}  // namespace
}  // namespace kinglet::converter
