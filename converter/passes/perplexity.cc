#include "converter/passes/perplexity.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <span>

#include "converter/error.h"
#include "converter/passes/calibration.h"
#include "converter/passes/int8_session.h"
#include "converter/reference/reference.h"

namespace kinglet::converter {
namespace {

using Tokens = std::vector<std::int32_t>;

constexpr std::uint32_t kRows = 32;                              // of one call of the int8 model
constexpr std::uint64_t kSmallModel = std::uint64_t{16} << 20U;  // one token of it is done before a thread has begun

double log_probability(std::span<const float> logits, std::int32_t token) {
  const double most = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - most);
  return static_cast<double>(logits[static_cast<std::size_t>(token)]) - most - std::log(sum);
}

// The token at which the probabilities, added up in their order, exceed `number`, which is in [0, 1).
std::int32_t draw(std::span<const float> logits, double number) {
  const double most = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> sums;
  double sum = 0;
  for (const float x : logits) sums.push_back(sum += std::exp(static_cast<double>(x) - most));
  return static_cast<std::int32_t>(std::upper_bound(sums.begin(), sums.end() - 1, number * sum) - sums.begin());
}

// One sequence of the int8 model; it goes on from what its cache shares with the tokens asked for.
class Int8 {
 public:
  Int8(const Model& model, std::uint32_t context, unsigned threads)
      : session_(model, limits(model, context, threads)) {}

  // Logits behind the last token.
  std::span<const float> next(const Tokens& tokens) {
    const auto same = std::mismatch(cached_.begin(), cached_.end(), tokens.begin(), tokens.end()).first;
    begin_at(std::min(static_cast<std::size_t>(same - cached_.begin()), tokens.size() - 1));
    while (cached_.size() < tokens.size()) feed(tokens, Want::kLast);
    return session_->output(0);
  }

  // The sum of the logarithms of the probabilities of the tokens from `first` on.
  double log_probability(const Tokens& tokens, std::size_t first) {
    begin_at(0);
    double sum = 0;
    while (cached_.size() < tokens.size()) {
      const std::size_t begin = cached_.size();
      feed(tokens, Want::kAll);
      for (std::size_t p = std::max(begin + 1, first); p < std::min(cached_.size() + 1, tokens.size()); ++p)
        sum += converter::log_probability(session_->output(static_cast<std::uint32_t>(p - 1 - begin)), tokens[p]);
    }
    return sum;
  }

 private:
  static Limits limits(const Model& model, std::uint32_t context, unsigned threads) {
    const std::uint32_t rows = std::min(context, kRows);
    return {.context = context,
            .rows = rows,
            .outputs = rows,
            .threads = model.root().segment_bytes() < kSmallModel ? 1 : threads};
  }

  void begin_at(std::size_t position) {
    (void)session_->truncate(0, static_cast<std::uint32_t>(position));  // never behind what is there
    cached_.resize(position);
  }

  void feed(const Tokens& tokens, Want want) {
    const auto rest = std::span(tokens).subspan(cached_.size());
    const auto part = rest.first(std::min<std::size_t>(rest.size(), session_->plan().limits.rows));
    session_.step({.sequence = 0, .tokens = part, .types = {}, .want = want});
    cached_.insert(cached_.end(), part.begin(), part.end());
  }

  Int8Session session_;
  Tokens cached_;
};

class Measurement {
 public:
  Measurement(const Model& model, const Program& program, std::uint32_t longest, const PerplexityOptions& options)
      : options_(options),
        longest_(std::min(longest, model.root().context())),
        float_(program, {.threads = options.threads}),
        int8_(model, longest_, options.threads) {
    if (program.model.generation) stops_ = program.model.generation->stop;
  }

  std::size_t longest() const { return longest_; }

  // Draws the token at position p with numbers[p] until a stop token or `most` positions.
  Tokens write_int8(const std::vector<double>& numbers, std::size_t most, Tokens text) {
    while (text.size() < most && !ended(text)) text.push_back(draw(int8_.next(text), numbers[text.size()]));
    return text;
  }

  // The same of the float model, which knows whole texts only. So `guess`, what int8 wrote with the same numbers, is run as a
  // whole: up to the first token that float would have drawn otherwise it is float's text, too. From there int8 guesses anew.
  Tokens write_float(const std::vector<double>& numbers, std::size_t most, Tokens guess) {
    Tokens text = options_.start;
    while (true) {
      const Matrix logits = run(guess);
      while (text.size() < most && !ended(text)) {
        const std::size_t p = text.size();
        text.push_back(draw(logits.row(static_cast<std::uint32_t>(p - 1)), numbers[p]));
        if (p >= guess.size() || text[p] != guess[p]) break;
      }
      if (text.size() >= most || ended(text)) return text;
      guess = write_int8(numbers, most, text);
    }
  }

  // Adds the tokens of a text behind its first ones.
  void add(Perplexity& sum, const Tokens& text, std::size_t first) {
    const Matrix logits = run(text);
    for (std::size_t p = first; p < text.size(); ++p)
      sum.float_model += log_probability(logits.row(static_cast<std::uint32_t>(p - 1)), text[p]);
    sum.int8_model += int8_.log_probability(text, first);
    sum.tokens += text.size() - first;
    ++sum.pieces;
  }

  void show(const char* stage, double done) const {
    if (options_.progress) options_.progress(stage, done);
  }

 private:
  Matrix run(const Tokens& tokens) { return float_.run({.tokens = tokens, .decoder_tokens = {}, .types = {}}); }

  bool ended(const Tokens& text) const {
    return text.size() > options_.start.size() && std::find(stops_.begin(), stops_.end(), text.back()) != stops_.end();
  }

  const PerplexityOptions& options_;
  std::uint32_t longest_;
  Reference float_;
  Int8 int8_;
  Tokens stops_;
};

// From sums of logarithms to perplexities.
void finish(Perplexity& sum) {
  for (double* each : {&sum.float_model, &sum.int8_model}) *each = std::exp(-*each / static_cast<double>(sum.tokens));
}

}  // namespace

Written write_and_measure(const Model& model, const Program& program, std::size_t tokens,
                          const PerplexityOptions& options) {
  Measurement measurement(model, program, kLongestWritten, options);
  const std::size_t first = options.start.size();
  if (first == 0 || measurement.longest() <= first)
    throw Error("the checkpoint names no token that a text starts with, so nothing can be written: give a --text");
  Written written;
  written.on_float.text = "float";
  written.on_int8.text = "int8";
  for (std::uint64_t i = 0; std::min(written.on_float.tokens, written.on_int8.tokens) < tokens; ++i) {
    measurement.show("writing texts", static_cast<double>(std::min(written.on_float.tokens, written.on_int8.tokens)) /
                                          static_cast<double>(tokens));
    std::seed_seq seed{options.seed & 0xffffffffU, options.seed >> 32U, i};
    std::mt19937_64 random(seed);
    std::vector<double> numbers(measurement.longest());
    for (double& number : numbers) number = static_cast<double>(random() >> 11U) * 0x1p-53;
    const Tokens guess = measurement.write_int8(numbers, numbers.size(), options.start);
    const auto keep = [&](Perplexity& sum, std::vector<Tokens>& texts, Tokens text) {
      text.resize(std::min(text.size(), first + tokens - sum.tokens));
      if (text.size() == first) return;
      measurement.add(sum, text, first);
      texts.push_back(std::move(text));
    };
    if (written.on_float.tokens < tokens)
      keep(written.on_float, written.by_float, measurement.write_float(numbers, numbers.size(), guess));
    keep(written.on_int8, written.by_int8, guess);
  }
  finish(written.on_float);
  finish(written.on_int8);
  return written;
}

Perplexity measure_perplexity(const Model& model, const Program& program, std::string_view text,
                              const PerplexityOptions& options) {
  Measurement measurement(model, program, kLongestPiece, options);
  const Tokens whole = text_tokens(program, text);
  const Tokens& start = options.start;
  const std::size_t first =
      std::max<std::size_t>(start.size(), 1);  // without start tokens the first one is not foretold
  Perplexity sum;
  sum.text = "given";
  for (std::size_t at = start.size(); at < whole.size() && measurement.longest() > first;) {
    measurement.show("reading the text", static_cast<double>(at) / static_cast<double>(whole.size()));
    const std::size_t count = std::min(whole.size() - at, measurement.longest() - start.size());
    Tokens piece = start;
    piece.insert(piece.end(), whole.begin() + static_cast<std::ptrdiff_t>(at),
                 whole.begin() + static_cast<std::ptrdiff_t>(at + count));
    if (piece.size() > first) measurement.add(sum, piece, first);
    at += count;
  }
  if (sum.tokens == 0) throw Error("too few tokens in the text for a perplexity: give a longer one");
  finish(sum);
  return sum;
}

}  // namespace kinglet::converter
