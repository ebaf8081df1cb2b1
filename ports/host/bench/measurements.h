// What `kinglet bench` measures of a model in this process, one row for each way to use it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine.h"
#include "machine.h"

namespace kinglet::host {

struct BenchOptions {
  std::uint32_t prompt = 512, tokens = 128;  // no more than the model takes
  std::uint32_t repetitions = 5;
  std::uint32_t rows = 0;
  std::uint32_t beams = 0;
  std::uint32_t texts = 1;
};

struct BenchRow {
  std::string name;          // "prompt"
  std::uint32_t tokens = 0;  // or steps, of each text
  std::uint32_t texts = 1;
  Times times;              // of all of them
  double operations = 0;    // on int8, of all of them
  double weight_bytes = 0;  // weights read by all of them; 0: not what bounds it
  bool whole = false;       // told in ms for all of it, not in tokens per second

  double rate() const { return tokens * texts / times.median(); }
  double bytes_per_step() const { return weight_bytes / tokens; }
};

struct Measurements {
  std::string isa;
  std::uint32_t rows_per_call = 0;
  std::uint64_t arena_bytes = 0;
  std::vector<BenchRow> rows;
};

Limits bench_limits(const Opened& opened, const Common& common, const BenchOptions& options);

// With an engine of these limits.
Measurements measure_model(const Opened& opened, Engine& engine, const BenchOptions& options);

}  // namespace kinglet::host
