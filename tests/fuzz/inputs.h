// Inputs of a run: numbers from a seed, every now and then those that reach furthest, or these alone.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace kinglet::fuzz {

class Inputs {
 public:
  explicit Inputs(std::uint32_t seed) : random_(seed) {}

  // Whether only the first and the last token and byte are given from now on, and floats that are nearly none: no call refuses these.
  void extremes_only(bool only) { extremes_only_ = only; }

  std::uint32_t below(std::uint32_t end) { return end == 0 ? 0 : static_cast<std::uint32_t>(random_() % end); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  // Tokens of a vocabulary; the first and the last among them, and now and then one that is not in it.
  std::vector<std::int32_t> tokens(std::size_t count, std::uint32_t vocabulary) {
    std::vector<std::int32_t> made(count);
    for (std::int32_t& token : made) {
      if (extremes_only_) {
        token = one_in(2) ? 0 : static_cast<std::int32_t>(vocabulary - 1);
        continue;
      }
      const std::uint32_t any = one_in(4) ? vocabulary - 1 : below(vocabulary);
      token = static_cast<std::int32_t>(one_in(64) ? vocabulary : any);
    }
    if (count > 1 && one_in(2)) made.front() = 0;
    return made;
  }

  // Mild numbers, or such that nobody expects.
  std::vector<float> floats(std::size_t count) {
    constexpr float kExtremes[] = {0.0F,
                                   -0.0F,
                                   std::numeric_limits<float>::max(),
                                   std::numeric_limits<float>::lowest(),
                                   std::numeric_limits<float>::denorm_min(),
                                   std::numeric_limits<float>::infinity(),
                                   -std::numeric_limits<float>::infinity(),
                                   std::numeric_limits<float>::quiet_NaN()};
    constexpr std::uint32_t kFinite = 5;
    const bool extreme = !extremes_only_ && one_in(3);
    std::vector<float> made(count);
    for (float& x : made) {
      if (extremes_only_) x = kExtremes[below(kFinite)];
      else if (extreme && one_in(8)) x = kExtremes[below(std::size(kExtremes))];
      else x = static_cast<float>(below(4001)) / 1000.0F - 2.0F;
    }
    return made;
  }

  std::vector<std::uint8_t> bytes(std::size_t count) {
    std::vector<std::uint8_t> made(count);
    for (std::uint8_t& byte : made)
      byte = extremes_only_ ? (one_in(2) ? 0 : 255) : static_cast<std::uint8_t>(random_());
    return made;
  }

  // Words, special tokens, characters of every length, bytes that are no UTF-8.
  std::string text(std::size_t bytes) {
    // What tokenizers ask of characters: marks, joiners, prepended signs, jamo, contractions, circled letters, white space of every kind.
    static const std::string kParts[] = {"a",
                                         "the cat ",
                                         " ",
                                         "\n",
                                         "\r\n",
                                         "<s>",
                                         "</s>",
                                         "12",
                                         "\xC3",
                                         "\xC3\xA9",
                                         "e\xCC\x81",
                                         "\xE2\x96\x81",
                                         "\xED\x95\x9C",
                                         "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
                                         "\xF0\x9F\x99\x82",
                                         "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",
                                         "\xE2\x80\x8D",
                                         "\xD8\x80"
                                         "1",
                                         "\xEF\xBE\x9E",
                                         "\xFF",
                                         ">>fr<<",
                                         "don't",
                                         "we'll",
                                         "they'RE",
                                         "I've",
                                         "x'\xC5\xBF",
                                         "\xE0\xA4\x95\xE0\xA5\x8D",
                                         "[MASK]",
                                         "_a",
                                         "\xE2\x92\xB6",
                                         "\xC2\xA0",
                                         "\xC2\x85",
                                         "\xE4\xB8\xAD",
                                         "\xC3\x9F\xC4\xB0",
                                         "\xEF\xAC\x81",
                                         "\xC2\xAD",
                                         "!?",
                                         std::string(1, '\0')};
    std::string made;
    while (made.size() < bytes) made += kParts[below(std::size(kParts))];
    made.resize(bytes);
    return made;
  }

 private:
  std::minstd_rand random_;
  bool extremes_only_ = false;
};

}  // namespace kinglet::fuzz
