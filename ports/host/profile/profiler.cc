#include "profile/profiler.h"

#include <algorithm>

#include "machine.h"

namespace kinglet::host {
namespace {

std::size_t operators(const fb::Function* function) { return function == nullptr ? 0 : function->operators()->size(); }

// Seconds from the end of one look at the clock to the end of the next, when nothing happens between them.
double clock_interval() {
  constexpr int kLooks = 10001;
  std::vector<double> intervals;
  double last = now();
  for (int i = 0; i < kLooks; ++i) {
    const double time = now();
    intervals.push_back(time - last);
    last = time;
  }
  std::nth_element(intervals.begin(), intervals.begin() + kLooks / 2, intervals.end());
  return intervals[kLooks / 2];
}

}  // namespace

Profiler::Profiler(const Opened& opened)
    : opened_(opened),
      encode_(operators(opened.root().encode())),
      step_(operators(opened.root().step())),
      clock_cost_(clock_interval()) {}

Observer Profiler::observer() {
  return {.after = [](void* self, const Observation& seen) { static_cast<Profiler*>(self)->add(seen); },
          .context = this};
}

void Profiler::clear() {
  std::fill(encode_.begin(), encode_.end(), OperatorSum{});
  std::fill(step_.begin(), step_.end(), OperatorSum{});
  outside_ = 0;
  calls_ = 0;
}

double Profiler::since() { return std::max(0.0, now() - last_ - clock_cost_); }

void Profiler::before(const Session& session) {
  call_ = {.first = session.length(0), .source = session.source_length(0)};
  ++calls_;
  last_ = now();
}

void Profiler::after() { outside_ += since(); }

void Profiler::add(const Observation& seen) {
  const double seconds = since();
  const fb::Function& function = *(seen.encode ? opened_.root().encode() : opened_.root().step());
  const CallShape shape{
      .rows = seen.rows, .first = (seen.encode ? 0 : call_.first) + seen.first_row, .source = call_.source};
  const OperatorWork work = work_of(opened_, function, *function.operators()->Get(seen.op), shape);
  OperatorSum& sum = (seen.encode ? encode_ : step_)[seen.op];
  ++sum.calls;
  sum.seconds += seconds;
  sum.work.operations += work.operations;
  sum.work.bytes += work.bytes;
  last_ = now();  // the work above is nobody's
}

}  // namespace kinglet::host
