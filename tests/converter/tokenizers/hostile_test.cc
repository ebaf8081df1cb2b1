// Damaged copies of every golden tokenizer: each is refused with an Error, or becomes tables that are safe to use.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "converter/tokenizers/draft.h"
#include "files.h"
#include "packed.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests/goldens/tokenizers";

void use(const fb::TokenizerT& tables) {
  const PackedTokenizer tokenizer(tables);
  const auto ids =
      tokenizer.encode("Hello \xED\x95\x9C\xEA\xB5\xAD</s>, \xF0\x9F\x99\x82 12!\n\x80", {.parse = true, .add = true});
  (void)tokenizer.decode(ids, false);
}

std::string damaged(std::string bytes, std::mt19937& random) {
  if (bytes.empty()) return bytes;
  switch (random() % 4) {
    case 0: bytes.resize(random() % bytes.size()); break;
    case 1: bytes.erase(random() % bytes.size(), 1 + random() % 64); break;
    case 2: bytes.insert(random() % bytes.size(), bytes.substr(random() % bytes.size(), 1 + random() % 64)); break;
    default:
      for (std::size_t i = 1 + random() % 8; i > 0; --i) bytes[random() % bytes.size()] = static_cast<char>(random());
  }
  return bytes;
}

class HostileFiles : public testing::TestWithParam<const char*> {};

// A map makes the measuring of its growth slow, so those variants get fewer rounds.
TEST_P(HostileFiles, AreRefusedOrSafe) {
  const std::string variant = GetParam();
  const std::set<std::string> mapped = {"t5", "xlmr", "marian", "spm-unigram", "qwen2"};
  const int rounds = mapped.contains(variant) ? 12 : 120;
  TokenizerFolder folder;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kGoldens / variant)) {
    if (entry.path().filename().string().starts_with("expected")) continue;
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::mt19937 random(static_cast<std::uint32_t>(variant.size() * 131 + static_cast<std::size_t>(variant.back())));
  std::size_t refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::size_t victim = random() % files.size();
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string bytes = read_file(files[i]);
      folder.write(files[i].filename().string().c_str(), i == victim ? damaged(bytes, random) : bytes);
    }
    try {
      const Tokenizers read = read_tokenizer(folder.path());
      if (read.tokenizer) use(*read.tokenizer);
      if (read.target) use(*read.target);
    } catch (const Error& error) {
      ++refused;
      EXPECT_GT(std::string(error.what()).size(), 20u);
    }
  }
  EXPECT_GT(refused, 0u);
}

INSTANTIATE_TEST_SUITE_P(Variants, HostileFiles,
                         testing::Values("gpt2", "gpt2-files", "qwen2", "llama2-bpe", "gemma-bpe", "wordpiece-uncased",
                                         "spm-bpe", "spm-unigram", "t5", "xlmr", "marian", "added-tokens"));

}  // namespace
}  // namespace kinglet::converter
