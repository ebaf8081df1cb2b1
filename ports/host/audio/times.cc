#include "audio/times.h"

#include <algorithm>
#include <cmath>

namespace kinglet::host {
namespace {

constexpr float kNever = -HUGE_VALF;

// log(sum(exp(x)))
double together(std::span<const float> logits) {
  const float most = *std::max_element(logits.begin(), logits.end());
  if (most == kNever) return -HUGE_VAL;
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x - most));
  return static_cast<double>(most) + std::log(sum);
}

void forbid(std::span<float> logits) { std::fill(logits.begin(), logits.end(), kNever); }

}  // namespace

void TimeTokens::allow(std::span<const std::int32_t> made, std::span<float> logits) const {
  const auto first = static_cast<std::size_t>(plain_) + 1;
  if (first >= logits.size()) return;
  const std::span<float> words = logits.first(first), times = logits.subspan(first);
  logits[first - 1] = kNever;
  const std::size_t count = made.size();
  const bool after_time = count >= 1 && is_time(made[count - 1]);
  const bool complete =
      count < 2 || is_time(made[count - 2]);  // the end of a part and the begin of the next stand together
  if (after_time && complete) forbid(times);
  if (after_time && !complete) forbid(words.first(std::min(words.size(), static_cast<std::size_t>(end_))));
  for (std::size_t i = count; i-- > 0;) {  // time does not go back, and no part is empty
    if (!is_time(made[i])) continue;
    const std::size_t over = place(made[i]) + (after_time && !complete ? 0 : 1);
    forbid(times.first(std::min(times.size(), over)));
    break;
  }
  if (count == 0) {
    forbid(words);
    if (most_first_ + std::size_t{1} < times.size()) forbid(times.subspan(most_first_ + std::size_t{1}));
  }
  if (together(times) > static_cast<double>(*std::max_element(words.begin(), words.end()))) forbid(words);
}

Told told(std::span<const std::int32_t> made, const TimeTokens& times, std::uint32_t places) {
  const auto is_time = [&](std::size_t i) { return times.is_time(made[i]); };
  const std::size_t count = made.size();
  const bool ends = count >= 2 && !is_time(count - 2) && is_time(count - 1);  // by one time: nobody speaks behind it
  Told all{{}, places};
  std::size_t first = 0;
  const auto add = [&](std::size_t last) {  // its first and last tokens are times, but where nothing begins
    all.parts.push_back({times.place(made[first]), times.place(made[last - 1]), first, last});
    first = last;
  };
  for (std::size_t i = 1; i < count; ++i) {
    if (is_time(i - 1) && is_time(i)) add(i);
  }
  if (!all.parts.empty()) {
    if (ends) add(count);
    else all.until = all.parts.back().end;
    return all;
  }
  std::uint32_t end = places;
  for (std::size_t i = count; i-- > 0 && end == places;) {
    if (is_time(i) && times.place(made[i]) != 0) end = times.place(made[i]);
    else if (is_time(i)) break;
  }
  if (count > 0) all.parts.push_back({0, end, 0, count});
  return all;
}

}  // namespace kinglet::host
