// kinglet bench: how fast a model runs here, and how much of what the machine could do that is. Run it alone on the machine.
#include <algorithm>
#include <cstdio>

#include "bench/first_token.h"
#include "bench/growth.h"
#include "bench/measurements.h"
#include "commands/commands.h"
#include "failure.h"
#include "json.h"
#include "machine_limits.h"
#include "text.h"
#include "work.h"
#include "workloads.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  Measured measured;
  std::uint32_t beams = 0;
  std::uint32_t batch = 1;
  bool grow = false;
  bool first_token = false;
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), opened_(options.common.file) {
    const fb::Model& root = opened_.root();
    const bool encodes = opened_.model().has_encoder(), decodes = opened_.model().has_decoder();
    if (options.batch > 1 && !(encodes && decodes))
      throw Misuse("--batch: this model has no encoder and decoder: leave it out");
    if (options.grow && root.input() != nullptr)
      throw Misuse("--grow: what this model reads has always the same size: leave it out");
    wanted_ = {.prompt = source_or_prompt(opened_, options.measured.prompt),
               .tokens = decodes ? std::min(options.measured.tokens, root.context()) : 0,
               .repetitions = options.measured.repetitions,
               .rows = options.measured.rows,
               .beams = decodes ? options.beams : 0,
               .texts = options.batch};
  }

  int run() {
    const Limits limits = bench_limits(opened_, options_.common, wanted_);
    load_ = measure(wanted_.repetitions, [&] {
      const Opened again(options_.common.file);
      const Engine engine(again, options_.common, limits);
    });
    {
      Engine engine(opened_, options_.common, limits);
      made_ = measure_model(opened_, engine, wanted_);
      threads_ = engine.threads().count();
      resident_ = peak_resident_bytes();  // before the machine's own limits are measured, which takes memory
      machine_ = measure_limits(made_.isa, engine.threads());
    }
    constexpr std::uint32_t kRows = 128;
    matmul_ = time_largest_matmul(opened_, made_.isa.c_str(), kRows, std::max(wanted_.repetitions, 5U));
    first_ = measure_first_token(opened_, options_.common, wanted_.repetitions);
    if (options_.grow) growth_ = measure_growth(opened_, options_.common, wanted_.repetitions);
    return options_.common.json ? show_json() : show();
  }

 private:
  double peak_share(const BenchRow& row) const { return share(row.operations / row.times.median(), machine_.peak); }
  double bandwidth_share(const BenchRow& row) const {
    return share(row.weight_bytes / row.times.median(), machine_.read_of(row.bytes_per_step()));
  }
  double matmul_rate() const { return share(matmul_.operations, matmul_.seconds); }

  std::string row_text(const BenchRow& row) const {
    const double ms = row.times.median() * 1e3;
    char speed[128], line[256];
    if (row.whole) std::snprintf(speed, sizeof(speed), "%s ms", number_text(ms).c_str());
    else
      std::snprintf(speed, sizeof(speed), "%s tokens/s (%s ms each)", number_text(row.rate()).c_str(),
                    number_text(ms / row.tokens / row.texts).c_str());
    const std::string tokens =
        (row.texts == 1 ? "" : std::to_string(row.texts) + " x ") + std::to_string(row.tokens) + " tokens";
    std::snprintf(line, sizeof(line), "  %-14s %13s  %-34s +- %4.1f %%  %3.0f %% of the int8 peak", row.name.c_str(),
                  tokens.c_str(), speed, 100 * row.times.spread(), 100 * peak_share(row));
    std::string text = line;
    if (row.weight_bytes == 0) return text + "\n";
    std::snprintf(line, sizeof(line), ", %3.0f %% of the %s bandwidth\n", 100 * bandwidth_share(row),
                  machine_.in_cache(row.bytes_per_step()) ? "cache's" : "memory's");
    return text + line;
  }

  std::string growth_text() const {
    std::string text;
    for (const GrowthPoint& point : growth_) {
      char line[160];
      std::snprintf(line, sizeof(line), "  %-9s %5u tokens  %9.2f us a token +- %4.1f %%, %9.2f us in attention\n",
                    point.name == "step" ? "step after" : point.name.c_str(), point.length, point.times.median() * 1e6,
                    100 * point.times.spread(), point.attention * 1e6);
      text += line;
    }
    return text;
  }

  int show() const {
    char line[256];
    std::string text = printable(opened_.name()) + ": " + made_.isa + ", " + std::to_string(threads_) +
                       (threads_ == 1 ? " thread" : " threads");
    if (opened_.model().has_decoder()) text += ", " + std::to_string(made_.rows_per_call) + " rows a call";
    text += ", median of " + std::to_string(wanted_.repetitions) + "\n";
    for (const BenchRow& row : made_.rows) text += row_text(row);
    text += growth_text();
    std::snprintf(line, sizeof(line), "  matmul    %u x %u x %u, 1 thread: %.0f GOPS, %.0f %% of the int8 peak\n",
                  matmul_.rows, matmul_.k, matmul_.n, matmul_rate() * 1e-9,
                  100 * share(matmul_rate(), machine_.peak_one));
    text += line;
    text += "  machine   " + limits_text(machine_) + "\n";
    text += "  load      " + seconds_text(load_.median()) + " to open, verify, plan and make a session\n";
    text += "  start     " + seconds_text(first_.times.median()) + " from the start of a process to its first token, " +
            bytes_text(first_.resident_bytes) + " resident at most\n";
    text += "  memory    " + bytes_text(resident_) + " resident at most; file " + bytes_text(opened_.bytes()) +
            " + arena " + bytes_text(made_.arena_bytes) + "\n";
    print(text);
    return 0;
  }

  Json row_json(const BenchRow& row) const {
    Json entry{{"tokens", row.tokens},
               {"texts", row.texts},
               {"seconds", row.times.median()},
               {"spread", row.times.spread()},
               {"tokens_per_second", row.rate()},
               {"int8_peak_share", peak_share(row)}};
    if (row.weight_bytes == 0) return entry;
    entry["bandwidth_share"] = bandwidth_share(row);
    entry["bandwidth_level"] = machine_.in_cache(row.bytes_per_step()) ? "cache" : "memory";
    return entry;
  }

  Json growth_json() const {
    Json list = Json::array();
    for (const GrowthPoint& point : growth_) {
      list.push_back({{"name", point.name},
                      {"length", point.length},
                      {"seconds_per_token", point.times.median()},
                      {"spread", point.times.spread()},
                      {"attention_seconds_per_token", point.attention},
                      {"attention_bytes_per_token", point.attention_bytes},
                      {"other_seconds_per_token", point.other}});
    }
    return list;
  }

  int show_json() const {
    Json json{{"model", opened_.name()},
              {"isa", made_.isa},
              {"threads", threads_},
              {"rows", made_.rows_per_call},
              {"repetitions", wanted_.repetitions}};
    for (const BenchRow& row : made_.rows) json[row.name] = row_json(row);
    if (options_.grow) json["grow"] = growth_json();
    json["matmul"] = {{"rows", matmul_.rows},
                      {"k", matmul_.k},
                      {"n", matmul_.n},
                      {"seconds", matmul_.seconds},
                      {"int8_peak_share", share(matmul_rate(), machine_.peak_one)}};
    json["machine"] = limits_json(machine_);
    json["load_seconds"] = load_.median();
    json["first_token"] = {{"seconds", first_.times.median()},
                           {"spread", first_.times.spread()},
                           {"peak_resident_bytes", first_.resident_bytes},
                           {"arena_bytes", first_.arena_bytes}};
    json["peak_resident_bytes"] = resident_;
    json["file_bytes"] = opened_.bytes();
    json["arena_bytes"] = made_.arena_bytes;
    print(json_line(json));
    return 0;
  }

  Options options_;
  Opened opened_;
  BenchOptions wanted_;
  std::uint32_t threads_ = 0;
  Measurements made_;
  Times load_;
  MachineLimits machine_;
  LargestMatmul matmul_;
  FirstToken first_;
  std::vector<GrowthPoint> growth_;
  std::uint64_t resident_ = 0;
};

int bench(Options& options) {
  if (lists_isas(options.common)) return 0;
  if (options.first_token) return show_first_token(options.common);
  return Bench(options).run();
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  add_measured(app, options->measured);
  app.add_option("--beam", options->beams, "Measure a search with N hypotheses, too; no token ends it")
      ->check(between(1, 4096))
      ->type_name("N");
  app.add_option("--batch", options->batch, "Encode and translate N texts at once")
      ->check(between(1, 1024))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--grow", options->grow,
               "The time of a token in texts of 128, 512 and 2048 tokens, and of their last ones alone, too");
  app.add_flag("--first-token", options->first_token,
               "Only run the first token and tell the memory that took: what 'start' is measured of");
  app.footer(
      "'translate' is one figure from source tokens to the last step, each token chosen.\n"
      "Example: kinglet bench model.kgl -p 512 -n 128");
  return [options] { return bench(*options); };
}

}  // namespace kinglet::host
