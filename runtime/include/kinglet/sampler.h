// Sampler: one row of logits to the next token. It owns nothing and remembers nothing between calls: the tokens seen and the
// number of the draw are arguments, so equal arguments give an equal token, on every machine and in any order.
//
// Filters, in the order of transformers' LogitsProcessors:
//   suppressed, repetition penalty (Keskar et al. 2019, 4.1), temperature, top-k (Fan et al. 2018), top-p (Holtzman et al.
//   2019), min-p (Nguyen et al. 2024)
// Ties go to the lower token everywhere; so top-k keeps exactly k tokens. Probabilities are integers (tasks/weights.h):
// their sums are exact, and no rounding depends on an instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/status.h"

namespace kinglet {

namespace kernels {
struct Kernels;
}

struct SamplerOptions {
  float temperature = 0;         // 0: the token with the highest logit, always
  std::uint32_t top_k = 0;       // only the k likeliest tokens; 0: all
  float top_p = 1;               // only the likeliest tokens that together reach this probability, at least one
  float min_p = 0;               // only tokens at least this likely, relative to the likeliest
  float repetition_penalty = 1;  // of every token seen: positive logits are divided by it, others multiplied
  std::uint64_t seed = 0;
  std::span<const std::int32_t> suppressed = {};  // never chosen
};

// Which draw this is. Equal (seed, stream, index) give equal random numbers.
struct Draw {
  std::uint32_t stream = 0;  // which sequence
  std::uint32_t index = 0;   // which of its tokens
};

class Sampler {
 public:
  Sampler() = default;

  // Room for one row of scores and an order of the tokens. SIZE_MAX where no memory is, or of more tokens than 2^31.
  static std::size_t workspace_bytes(std::uint32_t vocabulary);

  // `suppressed` is added to the options' list; both lists and the workspace (aligned to 8 bytes) stay the caller's and alive.
  // `kernels` is the session's, or nullptr: the best that is known to run. kBadArgument: an option is out of range (the subject is its
  // place in SamplerOptions, from 0).
  static Result<Sampler> create(std::uint32_t vocabulary, const SamplerOptions& options,
                                std::span<const std::int32_t> suppressed, std::span<std::byte> workspace,
                                const kernels::Kernels* kernels = nullptr);

  // Whether `next` gives what Session::pick does: the largest logit that is not suppressed, whatever was seen.
  bool greedy() const { return options_.temperature == 0 && options_.repetition_penalty == 1; }

  // `logits` [vocabulary], which may be the scores in the workspace; `seen` are the tokens that the repetition penalty is for. kNotFinite: a logit is a NaN or +infinity;
  // kBadArgument: no token is left.
  Result<std::int32_t> next(std::span<const float> logits, std::span<const std::int32_t> seen = {}, Draw draw = {});

 private:
  Status score(std::span<const float> logits, std::span<const std::int32_t> seen);
  Status find_best(const float* scores);
  bool plain() const;
  std::uint32_t choose(Draw draw);
  bool better(std::uint32_t a, std::uint32_t b) const;
  void sift_down(std::uint32_t at, std::uint32_t size);
  std::uint64_t weight(std::uint32_t token) const;
  std::uint32_t keep(std::uint32_t most);
  std::uint32_t draw_sorted(std::uint32_t kept, std::uint32_t random) const;
  std::uint32_t draw_any(std::uint32_t random) const;

  const kernels::Kernels* kernels_ = nullptr;
  SamplerOptions options_;
  std::span<const std::int32_t> suppressed_;
  std::uint32_t vocabulary_ = 0;
  float* scores_ = nullptr;         // [vocabulary]
  std::uint32_t* order_ = nullptr;  // [vocabulary]
  float highest_ = 0;
  std::uint32_t best_ = 0;  // the lowest token that has it
};

}  // namespace kinglet
