#include "kinglet/sampler.h"

#include <cstring>
#include <limits>

#include "base/align.h"
#include "kernels/kernels.h"
#include "tasks/sampling.h"

namespace kinglet {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

Status bad(Message message, std::uint64_t subject) { return {Code::kBadArgument, message, subject}; }

std::uint64_t scores_bytes(std::uint32_t vocabulary) {
  return round_up(std::uint64_t{vocabulary} * sizeof(float), kAlignment);
}

Status check(std::span<const std::int32_t> tokens, std::uint32_t vocabulary) {
  for (const std::int32_t token : tokens) {
    if (token < 0 || static_cast<std::uint32_t>(token) >= vocabulary)
      return bad("a suppressed token is not in the vocabulary", static_cast<std::uint32_t>(token));
  }
  return {};
}

}  // namespace

std::size_t Sampler::workspace_bytes(std::uint32_t vocabulary) {
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 31;  // a token is a number of 31 bits
  constexpr std::uint64_t kMost = smaller<std::uint64_t>(kAll / 2, 2 * sizeof(float) * kMostTokens);
  const std::uint64_t bytes = 2 * scores_bytes(vocabulary);
  return bytes > kMost ? kAll : static_cast<std::size_t>(bytes);
}

Result<Sampler> Sampler::create(std::uint32_t vocabulary, const SamplerOptions& options,
                                std::span<const std::int32_t> suppressed, std::span<std::byte> workspace,
                                const kernels::Kernels* kernels) {
  constexpr float kMost = std::numeric_limits<float>::max();
  if (vocabulary == 0) return bad("an empty vocabulary", 0);
  if (options.temperature != 0 && !has_sampling())
    return Status{Code::kUnsupported, "this build leaves out Sampling: the temperature has to be 0"};
  // Written so that a NaN fails.
  if (!(options.temperature >= 0 && options.temperature <= kMost)) return bad("the temperature is not 0 or above", 0);
  if (!(options.top_p >= 0 && options.top_p <= 1)) return bad("top-p is not between 0 and 1", 2);
  if (!(options.min_p >= 0 && options.min_p <= 1)) return bad("min-p is not between 0 and 1", 3);
  if (!(options.repetition_penalty > 0 && options.repetition_penalty <= kMost))
    return bad("the repetition penalty is not above 0", 4);
  for (const auto& tokens : {options.suppressed, suppressed}) {
    if (auto s = check(tokens, vocabulary); !s.ok()) return s;
  }
  if (reinterpret_cast<std::uintptr_t>(workspace.data()) % alignof(std::uint64_t) != 0)
    return bad("the sampler's workspace is not aligned", 0);
  if (workspace.size() < workspace_bytes(vocabulary))
    return Status{Code::kOutOfMemory, "the sampler's workspace is too small", workspace_bytes(vocabulary)};
  Sampler sampler;
  sampler.kernels_ = kernels != nullptr ? kernels : kernels::select(nullptr);
  sampler.options_ = options;
  sampler.suppressed_ = suppressed;
  sampler.vocabulary_ = vocabulary;
  sampler.scores_ = reinterpret_cast<float*>(workspace.data());
  sampler.order_ = reinterpret_cast<std::uint32_t*>(workspace.data() + scores_bytes(vocabulary));
  return sampler;
}

// Suppression, repetition penalty, and the highest score that is left.
Status Sampler::score(std::span<const float> logits, std::span<const std::int32_t> seen) {
  std::memmove(scores_, logits.data(), logits.size_bytes());  // they may be the last scores
  if (options_.repetition_penalty != 1) {
    std::uint32_t* marks = order_;  // one bit per token: each is punished once, however often it was seen
    std::memset(marks, 0, (vocabulary_ + 31) / 32 * sizeof(std::uint32_t));
    for (const std::int32_t token : seen) {
      const std::uint32_t t = static_cast<std::uint32_t>(token);
      if (token < 0 || t >= vocabulary_ || (marks[t / 32] >> t % 32 & 1U) != 0) continue;
      marks[t / 32] |= 1U << t % 32;
      scores_[t] = scores_[t] < 0 ? scores_[t] * options_.repetition_penalty : scores_[t] / options_.repetition_penalty;
    }
  }
  for (const auto& tokens : {options_.suppressed, suppressed_}) {
    for (const std::int32_t token : tokens) {  // which `create` saw, but the list is the caller's
      if (static_cast<std::uint32_t>(token) < vocabulary_) scores_[token] = kNever;
    }
  }
  return find_best(scores_);
}

Status Sampler::find_best(const float* scores) {
  const kernels::Top top = kernels_->top(scores, vocabulary_);
  if (!top.finite) {
    std::uint32_t t = 0;
    while (scores[t] <= std::numeric_limits<float>::max()) ++t;
    return {Code::kNotFinite, "a logit is a NaN or an infinity", t};
  }
  highest_ = top.value;
  best_ = static_cast<std::uint32_t>(top.index);
  return highest_ == kNever ? bad("no token is left to choose from", 0) : Status{};
}

// Whether the best logit is the choice.
bool Sampler::plain() const { return greedy() && options_.suppressed.empty() && suppressed_.empty(); }

Result<std::int32_t> Sampler::next(std::span<const float> logits, std::span<const std::int32_t> seen, Draw draw) {
  if (logits.size() != vocabulary_) return bad("as many logits as the vocabulary are needed", vocabulary_);
  if (auto s = plain() ? find_best(logits.data()) : score(logits, seen); !s.ok()) return s;
  if (options_.temperature == 0) return static_cast<std::int32_t>(best_);
  return static_cast<std::int32_t>(choose(draw));
}

}  // namespace kinglet
