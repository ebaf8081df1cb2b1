// A small language model of the shape of karpathy's stories260K, in llama2.c's files, with random weights and made-up words: what a microcontroller is
// measured with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace kinglet::testing {

struct Stories {
  static constexpr std::int32_t kDim = 64, kHidden = 172, kLayers = 5, kHeads = 8, kKvHeads = 4, kVocabulary = 512,
                                kPositions = 512;
};

template <class T>
void write_number(std::ofstream& file, T number) {
  file.write(reinterpret_cast<const char*>(&number), sizeof number);
}

// False: it cannot be written.
inline bool write_stories(const std::filesystem::path& path) {
  using S = Stories;
  constexpr std::int32_t kHeadDim = S::kDim / S::kHeads;
  constexpr std::int32_t kAttention = 2 * S::kDim * S::kDim + 2 * S::kDim * S::kKvHeads * kHeadDim;
  constexpr std::int32_t kFloats = S::kVocabulary * S::kDim +
                                   S::kLayers * (2 * S::kDim + kAttention + 3 * S::kHidden * S::kDim) + S::kDim +
                                   2 * S::kPositions * kHeadDim / 2;
  std::ofstream file(path, std::ios::binary);
  for (const std::int32_t number :
       {S::kDim, S::kHidden, S::kLayers, S::kHeads, S::kKvHeads, S::kVocabulary, S::kPositions})
    write_number(file, number);
  std::mt19937 random(1);
  std::normal_distribution<float> weights(0.0F, 0.1F);
  for (std::int32_t i = 0; i < kFloats; ++i) write_number(file, weights(random));
  return file.flush().good();
}

// Its tokenizer: three special tokens, 256 bytes, letters, and pairs of them that are merged.
inline bool write_stories_tokenizer(const std::filesystem::path& path) {
  std::vector<std::string> tokens = {"<unk>", "\n<s>\n", "\n</s>\n"};
  constexpr const char* kDigits = "0123456789ABCDEF";
  for (unsigned byte = 0; byte < 256; ++byte)
    tokens.push_back(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">");
  const std::string letters = " etaoinshrdlucmfwygpbvkxqjz.,'";
  for (const char letter : letters) tokens.emplace_back(1, letter);
  const std::size_t pairs = tokens.size();
  for (std::size_t sum = 0; tokens.size() < Stories::kVocabulary; ++sum) {
    for (std::size_t left = 0; left <= sum && tokens.size() < Stories::kVocabulary; ++left) {
      if (left < letters.size() && sum - left < letters.size()) tokens.push_back({letters[left], letters[sum - left]});
    }
  }
  std::ofstream file(path, std::ios::binary);
  write_number(file, std::uint32_t{7});  // bytes of the longest
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    write_number(file, id < pairs ? 0.0F : -static_cast<float>(id));
    write_number(file, static_cast<std::int32_t>(tokens[id].size()));
    file.write(tokens[id].data(), static_cast<std::streamsize>(tokens[id].size()));
  }
  return file.flush().good();
}

}  // namespace kinglet::testing
