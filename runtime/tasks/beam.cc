#include "kinglet/beam.h"

#include <cstring>
#include <limits>

#include "kernels/kernels.h"
#include "tasks/logarithm.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr float kMostPenalty = 10;
constexpr float kMostCoverage = 100;

Status bad(Message message, std::uint64_t subject = 0) { return {Code::kBadArgument, message, subject}; }

std::uint32_t words(std::uint32_t vocabulary) { return vocabulary / 32 + (vocabulary % 32 != 0 ? 1U : 0U); }

template <class F>
void for_blocks(std::span<const float> logits, std::size_t size, const F& f) {
  for (std::size_t first = 0; first < logits.size(); first += size)
    f(logits.subspan(first, logits.size() - first < size ? logits.size() - first : size), first);
}

// The largest of all logits and of each of their blocks, most of which have nothing that matters.
struct BlockTops {
  BlockTops(const kernels::Kernels& kernels, std::span<const float> logits)
      : size(static_cast<std::size_t>(round_up((logits.size() + kMost - 1) / kMost, kLanes))) {
    float* block_top = values;
    for_blocks(logits, size, [&](std::span<const float> block, std::size_t) {
      const kernels::Top top = kernels.top(block.data(), block.size());
      *block_top++ = top.value;
      finite = finite && top.finite;
      largest = top.value > largest ? top.value : largest;
    });
  }

  static constexpr std::size_t kMost = 128;
  std::size_t size;  // of a block
  float values[kMost];
  float largest = kNever;
  bool finite = true;
};

// ln of the sum of exp(x - top); the blocks' sums are added up in double.
float log_sum(const kernels::Kernels& kernels, std::span<const float> logits, float top) {
  constexpr std::size_t kSummed = 256;
  if (top == kNever) return 0.0F;
  double total = 0;
  for_blocks(logits, kSummed, [&](std::span<const float> block, std::size_t) {
    total += static_cast<double>(kernels.exp_sum(block.data(), block.size(), top));
  });
  return static_cast<float>(logarithm(total));
}

Status not_a_number(std::span<const float> logits) {
  std::size_t t = 0;
  while (logits[t] <= std::numeric_limits<float>::max()) ++t;
  return {Code::kNotFinite, "a logit is a NaN or an infinity", t};
}

// A part of a workspace, all of whose parts have elements of 4 bytes; `at` is behind it afterwards.
template <class T>
void take(std::byte*& at, T*& part, std::size_t count) {
  static_assert(alignof(T) == alignof(std::uint32_t));
  part = reinterpret_cast<T*>(at);
  at += count * sizeof(T);
}

}  // namespace

std::size_t TokenMarks::workspace_bytes(std::uint32_t vocabulary) {
  return std::size_t{3} * words(vocabulary) * sizeof(std::uint32_t);
}

TokenMarks::TokenMarks(std::uint32_t vocabulary, std::span<std::byte> workspace) {
  if (workspace.size() < workspace_bytes(vocabulary) || workspace.empty() ||
      reinterpret_cast<std::uintptr_t>(workspace.data()) % alignof(std::uint32_t) != 0)
    return;
  vocabulary_ = vocabulary;
  stops_ = reinterpret_cast<std::uint32_t*>(workspace.data());
  suppressed_ = stops_ + words(vocabulary);
  suppressed_first_ = suppressed_ + words(vocabulary);
  std::memset(workspace.data(), 0, workspace_bytes(vocabulary));
}

void TokenMarks::mark(std::uint32_t* bits, std::span<const std::int32_t> tokens) const {
  for (const std::int32_t token : tokens) {
    const std::uint32_t t = static_cast<std::uint32_t>(token);
    if (token >= 0 && t < vocabulary_) bits[t / 32] |= 1U << t % 32;
  }
}

bool TokenMarks::any_stops(std::size_t first, std::size_t count) const {
  if (first >= vocabulary_) return false;
  const std::size_t end = count < vocabulary_ - first ? first + count : vocabulary_;
  std::uint32_t any = 0;
  for (std::size_t word = first / 32; word * 32 < end; ++word) any |= stops_[word];
  return any != 0;
}

void TokenMarks::stop(std::span<const std::int32_t> tokens) { mark(stops_, tokens); }

void TokenMarks::suppress(std::span<const std::int32_t> tokens) { mark(suppressed_, tokens); }

void TokenMarks::suppress_first(std::span<const std::int32_t> tokens) { mark(suppressed_first_, tokens); }

std::size_t BeamSearch::workspace_bytes(std::uint32_t beams, std::uint32_t max_tokens) {
  const std::uint64_t each =
      2 * sizeof(Candidate) + 2 * sizeof(float) + sizeof(Ended) + std::uint64_t{max_tokens} * sizeof(Step);
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  if (beams > kAll / 2 / round_up(each, kAlignment)) return kAll;
  return static_cast<std::size_t>(beams * round_up(each, kAlignment));
}

Result<BeamSearch> BeamSearch::create(const BeamOptions& options, const TokenMarks& marks, std::uint32_t max_tokens,
                                      std::int32_t forced, std::span<std::byte> workspace,
                                      const kernels::Kernels* kernels) {
  if (options.beams == 0) return bad("a beam search has at least one beam");
  if (options.nbest == 0 || options.nbest > options.beams)
    return bad("a beam search has from one result to as many as its beams", options.beams);
  if (!(options.length_penalty >= -kMostPenalty && options.length_penalty <= kMostPenalty))
    return bad("the length penalty is not between -10 and 10");
  if (!(options.coverage_penalty >= 0 && options.coverage_penalty <= kMostCoverage))
    return bad("the coverage penalty is not between 0 and 100");
  if (max_tokens == 0) return bad("a beam search needs room for one token");
  if (forced >= 0 && static_cast<std::uint32_t>(forced) >= marks.vocabulary())
    return bad("a forced token is not in the vocabulary", static_cast<std::uint32_t>(forced));
  if (reinterpret_cast<std::uintptr_t>(workspace.data()) % kAlignment != 0)
    return bad("a beam search's workspace is not aligned to this many bytes", kAlignment);
  const std::size_t bytes = workspace_bytes(options.beams, max_tokens);
  if (workspace.size() < bytes)
    return Status{Code::kOutOfMemory, "a beam search's workspace is smaller than its workspace_bytes", bytes};
  BeamSearch search;
  search.kernels_ = kernels != nullptr ? kernels : kernels::select(nullptr);
  search.options_ = options;
  search.marks_ = &marks;
  search.beams_ = options.beams;
  search.max_tokens_ = max_tokens;
  search.forced_ = forced;
  std::byte* at = workspace.data();
  take(at, search.path_, std::size_t{max_tokens} * options.beams);
  take(at, search.going_.best, options.beams);
  take(at, search.ending_.best, options.beams);
  take(at, search.best_, options.beams);
  take(at, search.log_probs_, options.beams);
  take(at, search.coverage_, options.beams);
  search.log_probs_[0] = 0;
  search.running_ = 1;
  return search;
}

bool BeamSearch::better(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.hypothesis != b.hypothesis) return a.hypothesis < b.hypothesis;
  if (a.logit != b.logit) return a.logit > b.logit;
  return a.token < b.token;
}

// Into its place among the best.
void BeamSearch::offer(Candidates& list, const Candidate& candidate) const {
  if (list.count == beams_ && !better(candidate, list.best[beams_ - 1])) return;
  std::uint32_t place = list.count < beams_ ? list.count++ : beams_ - 1;
  for (; place > 0 && better(candidate, list.best[place - 1]); --place) list.best[place] = list.best[place - 1];
  list.best[place] = candidate;
}

// Not inlined: what it has on the stack would lie there while the session makes a step, too.
[[gnu::noinline]] Status BeamSearch::consider(std::uint32_t index, std::span<const float> logits, float coverage) {
  if (index >= running_) return bad("no such hypothesis runs", running_);
  if (logits.size() != marks_->vocabulary())
    return bad("as many logits as the vocabulary are needed", marks_->vocabulary());
  const BlockTops tops(*kernels_, logits);
  if (!tops.finite) return not_a_number(logits);
  const float total = log_sum(*kernels_, logits, tops.largest);
  ++considered_;
  coverage_[index] = coverage;
  if (forced_ >= 0 && made_ == 0) {
    Candidates& list = marks_->stops(static_cast<std::uint32_t>(forced_)) ? ending_ : going_;
    offer(list, {log_probs_[index], 0, index, forced_});
    return {};
  }
  const float before = log_probs_[index];
  const auto score_of = [&](float logit) { return before + ((logit - tops.largest) - total); };
  const auto full = [this](const Candidates& list, float score) {
    return list.count == beams_ && score < list.best[beams_ - 1].score;
  };
  const float* block_top = tops.values;
  for_blocks(logits, tops.size, [&](std::span<const float> block, std::size_t first) {
    const float most = score_of(*block_top++);
    if (full(going_, most) && (full(ending_, most) || !marks_->any_stops(first, block.size()))) return;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const auto token = static_cast<std::uint32_t>(first + i);
      const float score = score_of(block[i]);
      const bool stops = marks_->stops(token);
      Candidates& list = stops ? ending_ : going_;
      if (full(list, score) || !(score > kNever) || marks_->suppressed(token, made_ == 0)) continue;
      offer(list, {score, block[i], index, static_cast<std::int32_t>(token)});
    }
  });
  return {};
}

float BeamSearch::normalized(float log_prob, std::uint32_t length) const {
  const double base = options_.norm == LengthNorm::kPower ? double{1} * length : (5.0 + length) / 6.0;
  return static_cast<float>(static_cast<double>(log_prob) / power(base, static_cast<double>(options_.length_penalty)));
}

// Among the best that ended; the earlier first where scores are equal.
void BeamSearch::end(const Candidate& candidate, bool stops) {
  const float coverage = options_.coverage_penalty * coverage_[candidate.hypothesis];
  const Ended ended{.score = normalized(candidate.score, made_ + 1) + coverage,
                    .log_prob = candidate.score,
                    .steps = made_,
                    .parent = candidate.hypothesis,
                    .token = stops ? -1 : candidate.token};
  if (ended_ == beams_ && !(ended.score > best_[beams_ - 1].score)) return;
  std::uint32_t place = ended_ < beams_ ? ended_++ : beams_ - 1;
  for (; place > 0 && ended.score > best_[place - 1].score; --place) best_[place] = best_[place - 1];
  best_[place] = ended;
}

// Whether nothing that runs is to be waited for; it might yet cover all of its source.
bool BeamSearch::hopeless() const {
  if (ended_ < beams_) return false;
  if (options_.early_stopping == EarlyStopping::kFull || beams_ == 1) return true;
  const bool any_length = options_.early_stopping == EarlyStopping::kNever && options_.length_penalty > 0;
  return !(normalized(log_probs_[0], any_length ? max_tokens_ : made_) > best_[beams_ - 1].score);
}

Status BeamSearch::advance() {
  if (!considered_all()) return bad("the logits of a running hypothesis are missing", considered_);
  if (going_.count + ending_.count == 0) return bad("no token is left to choose from");
  const bool last = made_ + 1 == max_tokens_;
  std::uint32_t going = 0;
  std::uint32_t ending = 0;
  for (std::uint32_t rank = 0; rank < beams_ && going + ending < going_.count + ending_.count; ++rank) {
    const bool ends =
        going == going_.count || (ending < ending_.count && better(ending_.best[ending], going_.best[going]));
    if (ends) end(ending_.best[ending++], true);
    else if (last) end(going_.best[going++], false);
    else ++going;
  }
  running_ = last ? 0 : going_.count;
  for (std::uint32_t i = 0; i < running_; ++i) {
    path_[std::size_t{made_} * beams_ + i] = {going_.best[i].hypothesis, going_.best[i].token};
    log_probs_[i] = going_.best[i].score;
  }
  ++made_;
  considered_ = going_.count = ending_.count = 0;
  if (running_ > 0 && hopeless()) running_ = 0;
  return {};
}

Hypothesis BeamSearch::result(std::uint32_t index) const {
  if (index >= results()) return {};
  const Ended& ended = best_[index];
  return {.score = ended.score,
          .log_prob = ended.log_prob,
          .tokens = ended.steps + (ended.token < 0 ? 0U : 1U),
          .stopped = ended.token < 0};
}

void BeamSearch::write(std::uint32_t index, std::span<std::int32_t> tokens) const {
  if (index >= results() || tokens.size() < result(index).tokens) return;
  const Ended& ended = best_[index];
  if (ended.token >= 0) tokens[ended.steps] = ended.token;
  std::uint32_t at = ended.parent;
  for (std::uint32_t i = ended.steps; i-- > 0;) {
    const Step& step = path_[std::size_t{i} * beams_ + at];
    tokens[i] = step.token;
    at = step.parent;
  }
}

}  // namespace kinglet
