#include "bench/measurements.h"

#include <algorithm>

#include "work.h"
#include "workloads.h"

namespace kinglet::host {
namespace {

class Measuring {
 public:
  Measuring(const Opened& opened, Engine& engine, const BenchOptions& options)
      : opened_(opened),
        options_(options),
        workload_(opened, engine, std::max(options.prompt, options.tokens)) {}

  std::vector<BenchRow> rows() {
    const bool encodes = opened_.model().has_encoder();
    if (encodes) encode();
    else prompt();
    if (!opened_.model().has_decoder()) return std::move(rows_);
    steps(encodes ? "decode" : "generate");
    if (encodes) translate();
    if (options_.beams != 0) search();
    if (encodes && options_.beams != 0) translate_searching();
    return std::move(rows_);
  }

 private:
  // Of one token of one text.
  double operations(const Work& work) const { return work.row_operations + work.output_operations; }
  Work encode_work() const { return work_of(opened_, *opened_.root().encode()); }
  Work step_work() const { return work_of(opened_, *opened_.root().step()); }
  double encode_operations() const {
    const Work work = encode_work();
    return options_.texts * (options_.prompt * work.row_operations + work.output_operations);
  }

  void add(BenchRow row, const std::function<void()>& run) {
    row.times = measure(options_.repetitions, run);
    rows_.push_back(std::move(row));
  }

  void prompt() {
    const Work work = step_work();
    add({.name = "prompt",
         .tokens = options_.prompt,
         .times = {},
         .operations = options_.prompt * work.row_operations + work.output_operations},
        [this] { workload_.prompt(options_.prompt); });
  }

  void encode() {
    add({.name = "encode",
         .tokens = options_.prompt,
         .texts = options_.texts,
         .times = {},
         .operations = encode_operations(),
         .whole = true},
        [this] { workload_.encode(options_.prompt, options_.texts); });
  }

  // One text from an empty context, one token at a time.
  void steps(const char* name) {
    const Work work = step_work();
    add({.name = name,
         .tokens = options_.tokens,
         .times = {},
         .operations = options_.tokens * operations(work),
         .weight_bytes = options_.tokens * work.weight_bytes},
        [this] {
          workload_.empty();
          workload_.steps(options_.tokens);
        });
  }

  // From source tokens to the last step, the choice of each token in it.
  void translate() {
    const Work work = step_work();
    add({.name = "translate",
         .tokens = options_.tokens,
         .texts = options_.texts,
         .times = {},
         .operations = encode_operations() + options_.texts * options_.tokens * operations(work),
         .weight_bytes = encode_work().weight_bytes + options_.tokens * work.weight_bytes,
         .whole = true},
        [this] {
          workload_.encode(options_.prompt, options_.texts);
          workload_.greedy(options_.tokens, options_.texts);
        });
  }

  void search() {
    const Work work = step_work();
    add({.name = "beam",
         .tokens = options_.tokens,
         .texts = options_.texts,
         .times = {},
         .operations = options_.texts * options_.tokens * options_.beams * operations(work),
         .weight_bytes = options_.tokens * work.weight_bytes},
        [this] { workload_.search(options_.tokens, options_.beams, options_.texts); });
  }

  void translate_searching() {
    const Work work = step_work();
    add({.name = "translate_beam",
         .tokens = options_.tokens,
         .texts = options_.texts,
         .times = {},
         .operations = encode_operations() + options_.texts * options_.tokens * options_.beams * operations(work),
         .weight_bytes = encode_work().weight_bytes + options_.tokens * work.weight_bytes,
         .whole = true},
        [this] {
          workload_.encode(options_.prompt, options_.texts);
          workload_.search(options_.tokens, options_.beams, options_.texts);
        });
  }

  const Opened& opened_;
  BenchOptions options_;
  Workload workload_;
  std::vector<BenchRow> rows_;
};

}  // namespace

Limits bench_limits(const Opened& opened, const Common& common, const BenchOptions& options) {
  const bool encodes = opened.model().has_encoder();
  Limits limits;
  if (encodes) limits.source = options.prompt;
  if (opened.model().has_decoder())
    limits.context = common.context != 0 ? common.context : std::max(options.tokens, encodes ? 1 : options.prompt);
  limits.rows = options.rows;
  limits.sequences = options.texts * std::max(options.beams, 1U);
  limits.sources = options.texts;
  limits.source_rows = encodes ? options.texts * options.prompt : 0;
  if (limits.sequences > 1)
    limits.rows = std::max(limits.rows != 0 ? limits.rows : std::min(limits.context, 128U), limits.sequences);
  return limits;
}

Measurements measure_model(const Opened& opened, Engine& engine, const BenchOptions& options) {
  Measurements made;
  made.isa = engine.session().isa();
  made.rows_per_call = engine.plan().limits.rows;
  made.arena_bytes = engine.plan().arena_bytes;
  made.rows = Measuring(opened, engine, options).rows();
  return made;
}

}  // namespace kinglet::host
