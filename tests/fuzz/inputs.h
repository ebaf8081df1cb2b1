// Inputs of a run: numbers from a seed, every now and then the one that reaches furthest.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace kinglet::fuzz {

class Inputs {
 public:
  explicit Inputs(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t end) { return end == 0 ? 0 : static_cast<std::uint32_t>(random_() % end); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  // Tokens of a vocabulary; the first and the last among them, and now and then one that is not in it.
  std::vector<std::int32_t> tokens(std::size_t count, std::uint32_t vocabulary) {
    std::vector<std::int32_t> made(count);
    for (std::int32_t& token : made) {
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
    const bool extreme = one_in(3);
    std::vector<float> made(count);
    for (float& x : made)
      x = extreme && one_in(8) ? kExtremes[below(8)] : static_cast<float>(below(4001)) / 1000.0F - 2.0F;
    return made;
  }

  std::vector<std::uint8_t> bytes(std::size_t count) {
    std::vector<std::uint8_t> made(count);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(random_());
    return made;
  }

  // Words, special tokens, characters of every length, bytes that are no UTF-8.
  std::string text(std::size_t bytes) {
    static const std::string kParts[] = {"a",
                                         "the cat ",
                                         " ",
                                         "\n",
                                         "<s>",
                                         "</s>",
                                         "12",
                                         "\xC3",
                                         "\xC3\xA9",
                                         "\xE2\x96\x81",
                                         "\xED\x95\x9C",
                                         "\xF0\x9F\x99\x82",
                                         "\xFF",
                                         ">>fr<<",
                                         "don't",
                                         "\xE0\xA4\x95\xE0\xA5\x8D",
                                         "[MASK]",
                                         std::string(1, '\0')};
    std::string made;
    while (made.size() < bytes) made += kParts[below(std::size(kParts))];
    made.resize(bytes);
    return made;
  }

 private:
  std::minstd_rand random_;
};

}  // namespace kinglet::fuzz
