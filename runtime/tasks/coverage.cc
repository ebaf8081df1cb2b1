#include "tasks/coverage.h"

#include <cstring>

#include "tasks/logarithm.h"
#include "tasks/tokens.h"

namespace kinglet {

Result<Coverage> Coverage::take(Workspace& workspace, const Plan& plan) {
  Coverage coverage;
  for (std::uint32_t i = 0; i < attention_count(plan.model); ++i) {
    const AttentionInfo info = attention_info(plan.model, i);
    if (info.kind != AttentionKind::kCross && info.kind != AttentionKind::kAlign) continue;
    coverage.attention_ = i;
    coverage.heads_ = info.heads;
  }
  if (coverage.heads_ == 0)
    return Status{Code::kUnsupported, "a coverage penalty needs a decoder that attends to its source"};
  const std::uint64_t start = start_tokens(plan.model.root()).size();
  if (start > plan.limits.context)
    return Status{Code::kContextFull, "the start tokens do not fit the context", plan.limits.context};
  coverage.rows_ = static_cast<std::uint32_t>(start == 0 ? 1 : start);
  coverage.columns_ = plan.limits.source;
  const std::uint64_t cells = std::uint64_t{plan.limits.sequences} * plan.limits.source;
  coverage.captures_ = workspace.take<AttentionCapture>(plan.limits.sequences);
  coverage.weights_ = workspace.take<float>(cells * coverage.heads_ * coverage.rows_);
  coverage.sums_ = workspace.take<float>(cells);
  coverage.before_ = workspace.take<float>(cells);
  return coverage;
}

Status Coverage::begin(Session& session, std::uint32_t count, std::uint32_t prompt) {
  if (prompt > rows_)
    return {Code::kBadArgument, "more tokens to begin with than a coverage penalty has room for", rows_};
  const std::size_t each = std::size_t{heads_} * rows_ * columns_;
  for (std::uint32_t s = 0; s < count; ++s) {
    captures_[s] = {.attention = attention_,
                    .sequence = s,
                    .rows = rows_,
                    .columns = columns_,
                    .weights = weights_.subspan(s * each, each)};
  }
  std::memset(weights_.data(), 0, count * each * sizeof(float));  // a local attention leaves out what it does not see
  std::memset(sums_.data(), 0, std::size_t{count} * columns_ * sizeof(float));
  others_ = session.captures();
  return session.capture(captures_.first(count));
}

Status Coverage::end(Session& session) { return session.capture(others_); }

float Coverage::add(const Session& session, std::uint32_t sequence) {
  constexpr double kLeast = 0x1p-100;  // of what nobody looked at: its logarithm is not minus infinity
  const std::uint32_t row = (session.length(sequence) - 1) % rows_;
  const std::uint32_t length = session.source_length(sequence);
  float* sum = sums(sequence);
  float* weights = captures_[sequence].weights.data();
  double penalty = 0;
  for (std::uint32_t i = 0; i < length; ++i) {
    float mean = 0;
    for (std::uint32_t h = 0; h < heads_; ++h) {
      mean += weights[(std::size_t{h} * rows_ + row) * columns_ + i];
      for (std::uint32_t r = 0; r < rows_; ++r) weights[(std::size_t{h} * rows_ + r) * columns_ + i] = 0;
    }
    sum[i] += mean / static_cast<float>(heads_);
    const double seen = static_cast<double>(sum[i]);
    if (seen < 1) penalty += logarithm(seen < kLeast ? kLeast : seen);
  }
  return static_cast<float>(penalty);
}

void Coverage::reorder(std::span<const std::uint32_t> parents) {
  const std::size_t bytes = std::size_t{columns_} * sizeof(float);
  const auto before = [this](std::uint32_t s) { return before_.data() + std::size_t{s} * columns_; };
  for (std::uint32_t s = 0; s < parents.size(); ++s) {
    if (parents[s] != s) std::memcpy(before(s), sums(parents[s]), bytes);
  }
  for (std::uint32_t s = 0; s < parents.size(); ++s) {
    if (parents[s] != s) std::memcpy(sums(s), before(s), bytes);
  }
}

}  // namespace kinglet
