// A profile: where the time of a model goes, operator by operator, for each way it is used.
#pragma once

#include <string>
#include <vector>

#include "machine.h"
#include "machine_limits.h"
#include "profile/profiler.h"

namespace kinglet::host {

// Operators that belong together, and all they did in one run.
struct Group {
  std::string kind;         // "Linear"
  std::string name;         // "model.layers.N.mlp.down_proj"; "" for all of a kind
  std::uint32_t count = 0;  // of operators
  OperatorSum sum;
  std::vector<Group> roles;  // of a kind: one for each distinct name; the slowest first
};

struct Phase {
  std::string name;                    // "encode", "prompt" or "step"
  std::uint32_t tokens = 0;            // of the run
  std::uint64_t calls = 0;             // of the session
  Times plain, observed;               // of the run without and with the observer
  std::vector<OperatorSum> operators;  // medians of the runs
  double outside = 0;                  // of operators
  std::vector<Group> kinds;            // the slowest first

  double seconds() const;         // of all operators and outside
  double bytes_per_call() const;  // read by all operators
};

// `repetitions` of `run`, each once without and once with the profiler's observer; `prepare` comes before either.
// `encode`: which function's operators count.
Phase profile_phase(const Opened& opened, Engine& engine, Workload& workload, Profiler& profiler, bool encode,
                    std::uint32_t repetitions, const std::function<void()>& prepare, const std::function<void()>& run);

// "model.layers.3.mlp" is "model.layers.N.mlp".
std::string role_of(const std::string& name);

std::string profile_text(const Phase& phase, const MachineLimits& limits);
Json profile_json(const Opened& opened, const Phase& phase, const MachineLimits& limits, bool encode);

}  // namespace kinglet::host
