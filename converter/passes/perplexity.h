// Perplexity: how well the float and the int8 model foretell the same texts, which people write or which the models write
// themselves. It is exp(mean of -log p) over the tokens behind the start tokens. Of models that are a decoder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "converter/program.h"
#include "kinglet/model.h"

namespace kinglet::converter {

struct Perplexity {
  std::string text;        // whose: "float", "int8", "given"
  std::size_t pieces = 0;  // each from its start tokens on
  std::size_t tokens = 0;  // foretold
  double float_model = 0;
  double int8_model = 0;

  double percent() const { return 100 * (int8_model / float_model - 1); }
};

struct PerplexityOptions {
  unsigned threads = 1;
  std::vector<std::int32_t> start = {};                               // tokens that every text begins with
  std::uint64_t seed = 0;                                             // of what the models write
  std::function<void(const char* stage, double done)> progress = {};  // done in [0, 1]
};

constexpr std::uint32_t kLongestWritten = 256;  // positions of a written text, start tokens included
constexpr std::uint32_t kLongestPiece = 512;    // positions of a piece of a given text

// What both models write, `tokens` tokens each, and the perplexities of both on both. A text ends with a stop token or where it is
// long enough; each token is drawn from the writing model's own distribution (temperature 1). Both models draw with the same
// random numbers. Error without start tokens.
struct Written {
  std::vector<std::vector<std::int32_t>> by_float, by_int8;
  Perplexity on_float, on_int8;
};
Written write_and_measure(const Model& model, const Program& program, std::size_t tokens,
                          const PerplexityOptions& options);

// Perplexities on a text, cut into pieces that begin with the start tokens if there are any. Error where it has too few tokens.
Perplexity measure_perplexity(const Model& model, const Program& program, std::string_view text,
                              const PerplexityOptions& options);

}  // namespace kinglet::converter
