// Times every operator of a session from the time between the calls of its observer. What the clock itself takes is measured first and
// left out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "operator_work.h"
#include "workloads.h"

namespace kinglet::host {

struct OperatorSum {
  std::uint64_t calls = 0;
  double seconds = 0;
  OperatorWork work;
};

class Profiler : public CallListener {
 public:
  // `opened` outlives it; so does the profiler every session that has its observer.
  explicit Profiler(const Opened& opened);

  Observer observer();
  void before(const Session& session) override;
  void after() override;

  void clear();
  std::span<const OperatorSum> sums(bool encode) const { return encode ? encode_ : step_; }
  // Of the calls so far, outside of all operators: after the last of each call. What comes before the first is in the first.
  double outside() const { return outside_; }
  std::uint64_t calls() const { return calls_; }     // of the session
  double clock_cost() const { return clock_cost_; }  // seconds of one observation

 private:
  void add(const Observation& seen);
  double since();

  const Opened& opened_;
  std::vector<OperatorSum> encode_, step_;
  CallShape call_;  // of the call that runs
  std::uint64_t calls_ = 0;
  double outside_ = 0, last_ = 0, clock_cost_ = 0;
};

}  // namespace kinglet::host
