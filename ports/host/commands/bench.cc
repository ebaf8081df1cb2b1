// kinglet bench: how fast a model runs here, and how much of what the machine could do that is. Run it alone on the machine.
#include <algorithm>
#include <cstdio>

#include "commands/commands.h"
#include "failure.h"
#include "json.h"
#include "kinglet/beam.h"
#include "machine.h"
#include "text.h"
#include "work.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  std::uint32_t prompt = 512;
  std::uint32_t tokens = 128;
  std::uint32_t repetitions = 5;
  std::uint32_t rows = 0;
  std::uint32_t beams = 0;
};

// One line of the result.
struct Row {
  std::string name;     // "prompt"
  std::uint32_t count;  // tokens, or steps
  Times times;          // of all of them
  double operations;    // int8 operations of all of them
  double weight_bytes;  // weights read by all of them; 0: not what bounds it
  bool per_sequence;    // told in ms per sequence, not in tokens per second

  double rate() const { return count / times.median(); }
};

struct Machine {
  double peak_one = 0, peak_all = 0;            // int8 operations per second
  double bandwidth_one = 0, bandwidth_all = 0;  // bytes per second
};

// Tokens that are no pattern; equal in every run.
std::vector<std::int32_t> tokens_for(std::uint32_t count, std::uint32_t vocabulary) {
  std::vector<std::int32_t> tokens(count);
  std::uint32_t x = 12345;
  for (auto& token : tokens) {
    x = x * 1664525U + 1013904223U;
    token = static_cast<std::int32_t>((x >> 8) % vocabulary);
  }
  return tokens;
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), opened_(options.common.file) {
    const fb::Model& root = opened_.root();
    prompt_ = std::min(options.prompt, opened_.model().has_encoder() ? root.source() : root.context());
    steps_ = opened_.model().has_decoder() ? std::min(options.tokens, root.context()) : 0;
  }

  int run() {
    measure_load();
    Engine engine(opened_, options_.common, limits());
    plan_bytes_ = engine.plan().arena_bytes;
    isa_ = engine.session().isa();
    threads_ = engine.threads().count();
    rows_per_call_ = engine.plan().limits.rows;
    if (opened_.model().has_encoder()) measure_encoder(engine.session());
    else measure_prompt(engine.session());
    if (steps_ != 0) measure_steps(engine.session());
    if (steps_ != 0 && options_.beams != 0) measure_beams(engine.session());
    resident_ = peak_resident_bytes();  // before the machine's own limits are measured, which takes memory
    measure_machine(engine.threads());
    return options_.common.json ? show_json() : show();
  }

 private:
  Limits limits() const {
    Limits limits;
    if (opened_.model().has_encoder()) limits.source = prompt_;
    if (opened_.model().has_decoder())
      limits.context = options_.common.context != 0 ? options_.common.context
                                                    : std::max(steps_, opened_.model().has_encoder() ? 1 : prompt_);
    limits.rows = options_.rows;
    if (options_.beams != 0) {
      limits.sequences = options_.beams;
      limits.sources = 1;
      limits.rows = std::max(limits.rows != 0 ? limits.rows : std::min(limits.context, 128U), options_.beams);
    }
    return limits;
  }

  void measure_load() {
    load_ = measure(options_.repetitions, [this] {
      const Opened again(options_.common.file);
      const Engine engine(again, options_.common, limits());
    });
  }

  void check(const Status& status) const { require(opened_.path(), status); }

  void feed(Session& session, std::span<const std::int32_t> tokens) const {
    const std::size_t rows = session.plan().limits.rows;
    for (std::size_t done = 0; done < tokens.size(); done += rows) {
      const std::size_t count = std::min(rows, tokens.size() - done);
      const Chunk chunk{.sequence = 0,
                        .tokens = tokens.subspan(done, count),
                        .types = {},
                        .want = done + count == tokens.size() ? Want::kLast : Want::kNone};
      check(session.step({&chunk, 1}));
    }
  }

  void measure_prompt(Session& session) {
    const auto tokens = tokens_for(prompt_, opened_.root().vocabulary());
    const Work work = work_of(opened_, *opened_.root().step());
    const Times times = measure(options_.repetitions, [&] {
      check(session.truncate(0, 0));
      feed(session, tokens);
    });
    rows_.push_back({"prompt", prompt_, times, prompt_ * work.row_operations + work.output_operations, 0, false});
  }

  void measure_encoder(Session& session) {
    const auto tokens = tokens_for(prompt_, opened_.root().source_vocabulary());
    const Work work = work_of(opened_, *opened_.root().encode());
    const Chunk chunk{.sequence = 0, .tokens = tokens, .types = {}, .want = Want::kLast};
    const Times times = measure(options_.repetitions, [&] { check(session.encode({&chunk, 1})); });
    rows_.push_back({"encode", prompt_, times, prompt_ * work.row_operations + work.output_operations, 0, true});
  }

  // From an empty context, one token at a time.
  void measure_steps(Session& session) {
    const auto tokens = tokens_for(steps_, opened_.root().vocabulary());
    const Work work = work_of(opened_, *opened_.root().step());
    const Times times = measure(options_.repetitions, [&] {
      check(session.truncate(0, 0));
      for (const std::int32_t token : tokens) feed(session, {&token, 1});
    });
    rows_.push_back({opened_.model().has_encoder() ? "decode" : "generate", steps_, times,
                     steps_ * (work.row_operations + work.output_operations), steps_ * work.weight_bytes, false});
  }

  // A search from an empty context that no token ends: its steps, choices and reorders.
  void measure_beams(Session& session) {
    const std::uint32_t beams = options_.beams;
    Arena marks_memory(TokenMarks::workspace_bytes(opened_.root().vocabulary()));
    const TokenMarks marks(opened_.root().vocabulary(), marks_memory.bytes());
    Arena memory(BeamSearch::workspace_bytes(beams, steps_));
    const Work work = work_of(opened_, *opened_.root().step());
    std::vector<std::uint32_t> parents(beams);
    std::vector<std::int32_t> tokens(beams);
    std::vector<Chunk> chunks(beams);
    const Times times = measure(options_.repetitions, [&] {
      std::fill(parents.begin(), parents.end(), 0U);
      std::fill(tokens.begin(), tokens.end(), 0);
      check(session.truncate(0, 0));
      BeamSearch search =
          value_of(opened_.path(), BeamSearch::create({.beams = beams}, marks, steps_, -1, memory.bytes()));
      while (!search.done()) {
        check(session.reorder(parents));
        for (std::uint32_t i = 0; i < search.running(); ++i)
          chunks[i] = {.sequence = i, .tokens = {&tokens[i], 1}, .types = {}, .want = Want::kLast};
        check(session.step(std::span(chunks).first(search.running())));
        for (std::uint32_t i = 0; i < search.running(); ++i) check(search.consider(i, session.output(i)));
        check(search.advance());
        for (std::uint32_t i = 0; i < search.running(); ++i) {
          parents[i] = search.parent(i);
          tokens[i] = search.token(i);
        }
      }
    });
    rows_.push_back({"beam", steps_, times, steps_ * beams * (work.row_operations + work.output_operations),
                     steps_ * work.weight_bytes, false});
  }

  void measure_machine(Threads& threads) {
    constexpr std::uint32_t kRows = 128;
    Threads one(1);
    machine_.peak_one = machine_.peak_all = int8_peak(isa_, one);
    machine_.bandwidth_one = machine_.bandwidth_all = read_bandwidth(isa_, one);
    if (threads.count() > 1) {
      machine_.peak_all = int8_peak(isa_, threads);
      machine_.bandwidth_all = read_bandwidth(isa_, threads);
    }
    matmul_ = time_largest_matmul(opened_, isa_.c_str(), kRows, std::max(options_.repetitions, 5U));
  }

  double peak_share(const Row& row) const {
    return machine_.peak_all == 0 ? 0 : row.operations / row.times.median() / machine_.peak_all;
  }
  double bandwidth_share(const Row& row) const {
    return row.weight_bytes / row.times.median() / machine_.bandwidth_all;
  }
  double matmul_share() const {
    return machine_.peak_one == 0 || matmul_.seconds == 0 ? 0
                                                          : matmul_.operations / matmul_.seconds / machine_.peak_one;
  }

  std::string row_text(const Row& row) const {
    const double ms = row.times.median() * 1e3;
    char speed[128], line[256];
    if (row.per_sequence) std::snprintf(speed, sizeof(speed), "%s ms", number_text(ms).c_str());
    else
      std::snprintf(speed, sizeof(speed), "%s tokens/s (%s ms each)", number_text(row.rate()).c_str(),
                    number_text(ms / row.count).c_str());
    std::snprintf(line, sizeof(line), "  %-9s %5u tokens  %-34s +- %4.1f %%  %3.0f %% of the int8 peak",
                  row.name.c_str(), row.count, speed, 100 * row.times.spread(), 100 * peak_share(row));
    std::string text = line;
    if (row.weight_bytes == 0) return text + "\n";
    std::snprintf(line, sizeof(line), ", %3.0f %% of the read bandwidth", 100 * bandwidth_share(row));
    const bool cached = row.weight_bytes / row.count < static_cast<double>(last_level_cache_bytes());
    return text + line + (cached ? " (its weights fit the cache)" : "") + "\n";
  }

  int show() const {
    char line[256];
    std::string text = printable(opened_.name()) + ": " + isa_ + ", " + std::to_string(threads_) +
                       (threads_ == 1 ? " thread" : " threads");
    if (opened_.model().has_decoder()) text += ", " + std::to_string(rows_per_call_) + " rows a call";
    text += ", median of " + std::to_string(options_.repetitions) + "\n";
    for (const Row& row : rows_) text += row_text(row);
    std::snprintf(line, sizeof(line), "  matmul    %u x %u x %u, 1 thread: %.0f GOPS, %.0f %% of the int8 peak\n",
                  matmul_.rows, matmul_.k, matmul_.n,
                  matmul_.seconds == 0 ? 0 : matmul_.operations / matmul_.seconds * 1e-9, 100 * matmul_share());
    text += line;
    std::snprintf(
        line, sizeof(line),
        "  machine   int8 peak %.0f GOPS with 1 thread, %.0f with %u; memory read %.1f GB/s with 1, %.1f with %u\n",
        machine_.peak_one * 1e-9, machine_.peak_all * 1e-9, threads_, machine_.bandwidth_one * 1e-9,
        machine_.bandwidth_all * 1e-9, threads_);
    text += line;
    text += "  load      " + seconds_text(load_.median()) + " to open, verify, plan and make a session\n";
    text += "  memory    " + bytes_text(resident_) + " resident at most; file " + bytes_text(opened_.bytes()) +
            " + arena " + bytes_text(plan_bytes_) + "\n";
    print(text);
    return 0;
  }

  int show_json() const {
    Json json{{"model", opened_.name()},
              {"isa", isa_},
              {"threads", threads_},
              {"rows", rows_per_call_},
              {"repetitions", options_.repetitions}};
    for (const Row& row : rows_) {
      Json entry{{"tokens", row.count},
                 {"seconds", row.times.median()},
                 {"spread", row.times.spread()},
                 {"tokens_per_second", row.rate()},
                 {"int8_peak_share", peak_share(row)}};
      if (row.weight_bytes != 0) entry["bandwidth_share"] = bandwidth_share(row);
      json[row.name] = entry;
    }
    json["matmul"] = {{"rows", matmul_.rows},
                      {"k", matmul_.k},
                      {"n", matmul_.n},
                      {"seconds", matmul_.seconds},
                      {"int8_peak_share", matmul_share()}};
    json["machine"] = {{"int8_peak_1_thread", machine_.peak_one},
                       {"int8_peak", machine_.peak_all},
                       {"read_bytes_per_second_1_thread", machine_.bandwidth_one},
                       {"read_bytes_per_second", machine_.bandwidth_all},
                       {"last_level_cache_bytes", last_level_cache_bytes()}};
    json["load_seconds"] = load_.median();
    json["peak_resident_bytes"] = resident_;
    json["file_bytes"] = opened_.bytes();
    json["arena_bytes"] = plan_bytes_;
    print(json_line(json));
    return 0;
  }

  Options options_;
  Opened opened_;
  std::uint32_t prompt_ = 0, steps_ = 0, threads_ = 0, rows_per_call_ = 0;
  std::string isa_;
  std::vector<Row> rows_;
  Times load_;
  Machine machine_;
  LargestMatmul matmul_;
  std::uint64_t resident_ = 0, plan_bytes_ = 0;
};

int bench(Options& options) {
  if (lists_isas(options.common)) return 0;
  return Bench(options).run();
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("-p,--prompt", options->prompt, "Tokens of the prompt, or of the text that is encoded")
      ->check(between(1, 1 << 17))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-n,--tokens", options->tokens, "Tokens to generate")
      ->check(between(1, 1 << 17))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-r,--repetitions", options->repetitions, "How often each is measured, after one round to warm up")
      ->check(between(1, 10000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--rows", options->rows, "Tokens of one call while a prompt is read (default: at most 128)")
      ->check(between(1, 1 << 20))
      ->type_name("N");
  app.add_option("--beam", options->beams, "Measure a search with N hypotheses, too; tokens are those of one text")
      ->check(between(1, 4096))
      ->type_name("N");
  app.footer("Example: kinglet bench model.kgl -p 512 -n 128");
  return [options] { return bench(*options); };
}

}  // namespace kinglet::host
