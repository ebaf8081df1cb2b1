// Coverage: how much of its source each hypothesis of a beam search has looked at (Wu et al. 2016, equation 14):
//
//   cp = sum over source rows i of ln(min(sum over written tokens j of p_ij, 1))
//
// p is the mean of the heads of the decoder's last attention over the source. It watches the session while the search runs.
#pragma once

#include <cstdint>
#include <span>

#include "kinglet/session.h"
#include "tasks/workspace.h"

namespace kinglet {

class Coverage {
 public:
  Coverage() = default;
  // In a task's workspace, for all sequences of the plan. kUnsupported: the decoder has no attention over a source.
  static Result<Coverage> take(Workspace& workspace, const Plan& plan);

  bool empty() const { return captures_.empty(); }

  // Watches the sequences below `count`, which have written nothing. `prompt`: tokens they begin with.
  Status begin(Session& session, std::uint32_t count, std::uint32_t prompt);
  Status end(Session& session);

  // After a call of the session: what the sequence's last row looked at counts. Returns cp.
  float add(const Session& session, std::uint32_t sequence);
  // As Session::reorder.
  void reorder(std::span<const std::uint32_t> parents);

 private:
  float* sums(std::uint32_t sequence) const { return sums_.data() + std::size_t{sequence} * columns_; }

  std::uint32_t attention_ = 0, heads_ = 0, columns_ = 0, rows_ = 0;
  std::span<AttentionCapture> captures_;      // [sequences]
  std::span<const AttentionCapture> others_;  // what the session captured before
  std::span<float> weights_;                  // [sequences, heads, rows, columns]
  std::span<float> sums_, before_;            // [sequences, columns]
};

}  // namespace kinglet
