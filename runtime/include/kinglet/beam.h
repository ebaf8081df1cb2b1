// BeamSearch: the best continuations of a text by the sum of their log-probabilities (Sutskever et al. 2014, 3.2), scores
// normalized by length (Wu et al. 2016, 7). It knows no session: log-probabilities come from the logits it is given, and what
// it says is which hypothesis continues which. Translator and Generator run it (TranslateOptions::beam, GenerateOptions::beam).
//
//     while (!search.done()) {
//       for (i = 0; i < search.running(); ++i) search.consider(i, logits of hypothesis i);
//       if (auto s = search.advance(); !s.ok()) return s;
//       reorder by search.parent(i), feed search.token(i);
//     }
//
// Hypotheses run, end and are kept as in transformers' generate(num_beams=…) (GenerationMixin._beam_search, 5.12): of the best
// continuations of a step those among the first `beams` that end are kept, the best `beams` that do not end run on. Log-softmax is
// exact up to its last rounding (weights.h), so equal logits give equal scores on every machine. Equal scores go to the lower
// hypothesis, then to the higher logit (two may round to one score), then to the lower token; so one beam is the greedy search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/session.h"
#include "kinglet/status.h"

namespace kinglet {

namespace kernels {
struct Kernels;
}

class Coverage;

// What a sum of log-probabilities is divided by; `length` counts the tokens made, the stop token included.
enum class LengthNorm : std::uint8_t {
  kPower,  // length ^ penalty: 1 is the average, as in transformers
  kGnmt,   // ((5 + length) / 6) ^ penalty (Wu et al. 2016, equation 14)
};

// When a search ends that has `beams` ended hypotheses, as transformers' early_stopping.
enum class EarlyStopping : std::uint8_t {
  kHeuristic,  // False: the best that runs would not beat the worst that ended, if it ended now
  kFull,       // True: at once
  kNever,      // "never": the best that runs could not beat it at any length
};

struct BeamOptions {
  std::uint32_t beams = 0;  // hypotheses that run at once; 0: no beam search
  std::uint32_t nbest = 1;  // how many results, at most `beams`
  LengthNorm norm = LengthNorm::kPower;
  float length_penalty = 1;  // in [-10, 10]; 0: the plain sum
  EarlyStopping early_stopping = EarlyStopping::kHeuristic;
  // times the coverage of the source (Wu et al. 2016, equation 14: sum over source rows of ln(min(weights they got, 1))), added to the
  // score of what ended. In [0, 100]; only Translator gives it (TranslatorOptions::coverage).
  float coverage_penalty = 0;
};

struct Hypothesis {
  float score = 0;           // log_prob, normalized by length
  float log_prob = 0;        // of all tokens, the stop token included, a forced one not
  std::uint32_t tokens = 0;  // made, the stop token not counted
  bool stopped = false;      // by a stop token; else by its length
};

// Which tokens end a hypothesis and which are never chosen, or never as its first. One bit each, in the caller's memory; several searches may share it.
class TokenMarks {
 public:
  static std::size_t workspace_bytes(std::uint32_t vocabulary);

  TokenMarks() = default;  // of no vocabulary
  // Nothing is marked. `workspace` is aligned to 4 bytes and has workspace_bytes; where it is not or has not, there is no token in the vocabulary.
  TokenMarks(std::uint32_t vocabulary, std::span<std::byte> workspace);

  void stop(std::span<const std::int32_t> tokens);            // tokens that are not in the vocabulary mean nothing
  void suppress(std::span<const std::int32_t> tokens);        // likewise
  void suppress_first(std::span<const std::int32_t> tokens);  // as the first token of a text; likewise
  bool stops(std::uint32_t token) const { return token < vocabulary_ && (stops_[token / 32] >> token % 32 & 1U) != 0; }
  bool any_stops(std::size_t first, std::size_t count) const;  // among those tokens and their neighbours
  bool suppressed(std::uint32_t token, bool first = false) const {
    if (token >= vocabulary_) return false;
    const std::uint32_t word = suppressed_[token / 32] | (first ? suppressed_first_[token / 32] : 0U);
    return (word >> token % 32 & 1U) != 0;
  }
  std::uint32_t vocabulary() const { return vocabulary_; }

 private:
  void mark(std::uint32_t* bits, std::span<const std::int32_t> tokens) const;

  std::uint32_t vocabulary_ = 0;
  std::uint32_t* stops_ = nullptr;
  std::uint32_t* suppressed_ = nullptr;
  std::uint32_t* suppressed_first_ = nullptr;
};

class BeamSearch {
 public:
  BeamSearch() = default;  // a search that is done, without results

  // A multiple of 64, linear in `beams`. `max_tokens` is the longest hypothesis, its stop token included. SIZE_MAX where no memory is.
  static std::size_t workspace_bytes(std::uint32_t beams, std::uint32_t max_tokens);

  // One hypothesis runs, and it has no tokens. `forced` is the first token of all, or -1. `marks` and the workspace (aligned to 64)
  // stay the caller's and alive; `kernels` is the session's, or nullptr: the best that is known to run. kBadArgument: an option is out of range. kOutOfMemory: the workspace is too small.
  static Result<BeamSearch> create(const BeamOptions& options, const TokenMarks& marks, std::uint32_t max_tokens,
                                   std::int32_t forced, std::span<std::byte> workspace,
                                   const kernels::Kernels* kernels = nullptr);

  std::uint32_t running() const { return running_; }  // 0 when done
  std::uint32_t made() const { return made_; }        // tokens of each running hypothesis
  bool done() const { return running_ == 0; }

  // The logits [vocabulary] that follow running hypothesis `index`; each of them once, before `advance`. kNotFinite: a logit is a
  // NaN or +infinity (the subject is its token).
  // `coverage`: of the source, by the hypothesis and the token that follows it (at most 0).
  Status consider(std::uint32_t index, std::span<const float> logits, float coverage = 0);
  bool considered_all() const { return considered_ == running_; }

  // Ends and continues hypotheses. kBadArgument: no token is left to choose from.
  Status advance();

  // Running hypothesis `index`: which hypothesis of the step before it continues, and by which token. 0 and -1 before the first step, and
  // where no such hypothesis runs.
  std::uint32_t parent(std::uint32_t index) const { return stepped(index) ? path_[step() * beams_ + index].parent : 0; }
  std::int32_t token(std::uint32_t index) const { return stepped(index) ? path_[step() * beams_ + index].token : -1; }

  // The best that ended, the best first; at most options.nbest.
  std::uint32_t results() const { return ended_ < options_.nbest ? ended_ : options_.nbest; }
  Hypothesis result(std::uint32_t index) const;  // without tokens where there is no such result
  // [result(index).tokens]; nothing where that does not fit, or is no result.
  void write(std::uint32_t index, std::span<std::int32_t> tokens) const;

 private:
  struct Step {
    std::uint32_t parent;
    std::int32_t token;
  };
  struct Candidate {
    float score, logit;
    std::uint32_t hypothesis;
    std::int32_t token;
  };
  struct Candidates {
    Candidate* best = nullptr;  // [beams], the best first
    std::uint32_t count = 0;
  };
  struct Ended {
    float score, log_prob;
    std::uint32_t steps;   // of its path
    std::uint32_t parent;  // the last of its path
    std::int32_t token;    // behind it, or -1
  };

  static bool better(const Candidate& a, const Candidate& b);
  std::size_t step() const { return made_ - 1; }
  bool stepped(std::uint32_t index) const { return index < running_ && made_ > 0; }
  void offer(Candidates& list, const Candidate& candidate) const;
  void end(const Candidate& candidate, bool stops);
  bool hopeless() const;
  float normalized(float log_prob, std::uint32_t length) const;

  const kernels::Kernels* kernels_ = nullptr;
  BeamOptions options_;
  const TokenMarks* marks_ = nullptr;
  std::uint32_t beams_ = 0;
  std::uint32_t max_tokens_ = 0;
  std::int32_t forced_ = -1;
  std::uint32_t running_ = 0;
  std::uint32_t considered_ = 0;
  std::uint32_t made_ = 0;
  std::uint32_t ended_ = 0;
  Candidates going_, ending_;   // of this step: those that would go on, those that would end
  float* log_probs_ = nullptr;  // [beams] of the running
  float* coverage_ = nullptr;   // [beams] of the running
  Step* path_ = nullptr;        // [max_tokens, beams]
  Ended* best_ = nullptr;       // [beams], the best first
};

// What a task keeps for beam searches: parts of its workspace, for as many hypotheses as the session has sequences.
struct BeamMemory {
  std::span<BeamSearch> searches;
  std::span<std::byte> bytes;        // of the searches
  std::span<std::uint32_t> parents;  // [sequences]
  std::span<std::int32_t> tokens;    // [sequences]: the last of each
  std::span<Chunk> chunks;           // [sequences] of one call
  Coverage* coverage = nullptr;      // or none is wanted
};

}  // namespace kinglet
