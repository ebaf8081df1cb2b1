// Chooser: the next token of each output row of a session. Where the best one is wanted whatever came before, the session picks it
// itself as long as the chooser lives and never writes the logits; else the sampler chooses from them.
#pragma once

#include <cstdint>
#include <span>

#include "kinglet/sampler.h"
#include "kinglet/session.h"

namespace kinglet {

class Chooser {
 public:
  // `sampler` was made with these options and the model's tokens that are `never` chosen.
  Chooser(Session& session, Sampler& sampler, const SamplerOptions& options, std::span<const std::int32_t> never)
      : session_(session),
        sampler_(sampler),
        picks_(sampler.greedy() && session.pick(options.suppressed, never).ok()) {
    if (!picks_) session.stop_picking();
  }
  ~Chooser() {
    if (picks_) session_.stop_picking();
  }
  Chooser(const Chooser&) = delete;
  Chooser& operator=(const Chooser&) = delete;

  Result<std::int32_t> next(std::uint32_t row, std::span<const std::int32_t> seen, Draw draw) {
    return picks_ ? session_.picked(row) : sampler_.next(session_.output(row), seen, draw);
  }

 private:
  Session& session_;
  Sampler& sampler_;
  bool picks_;
};

}  // namespace kinglet
