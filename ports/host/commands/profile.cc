// kinglet profile: where the time goes, operator by operator, and how far each is from what the machine allows.
#include <algorithm>
#include <array>

#include "commands/commands.h"
#include "failure.h"
#include "file.h"
#include "profile/profile.h"
#include "profile/roofline.h"
#include "text.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  Measured measured;
  std::string roofline;
};

class Profile {
 public:
  explicit Profile(const Options& options)
      : options_(options),
        opened_(options.common.file),
        encodes_(opened_.model().has_encoder()),
        prompt_(source_or_prompt(opened_, options.measured.prompt)),
        steps_(opened_.model().has_decoder() ? std::min(options.measured.tokens, opened_.root().context()) : 0),
        engine_(opened_, options.common, limits()),
        workload_(opened_, engine_, std::max(prompt_, steps_)),
        profiler_(opened_) {}

  int run() {
    const auto nothing = [] {};
    const auto encode = [this] { workload_.encode(prompt_); };
    if (encodes_) add("encode", prompt_, true, nothing, encode);
    else add("prompt", prompt_, false, nothing, [this] { workload_.prompt(prompt_); });
    const auto prepare = [&] {
      if (encodes_) encode();
      workload_.empty();
    };
    if (steps_ != 0) add("step", steps_, false, prepare, [this] { workload_.steps(steps_); });
    machine_ = measure_limits(engine_.session().isa(), engine_.threads());
    if (!options_.roofline.empty()) draw();
    return options_.common.json ? show_json() : show();
  }

 private:
  Limits limits() const {
    Limits limits;
    if (encodes_) limits.source = prompt_;
    if (steps_ != 0) limits.context = std::max({options_.common.context, steps_, encodes_ ? 1 : prompt_});
    limits.rows = options_.measured.rows;
    return limits;
  }

  void add(const std::string& name, std::uint32_t tokens, bool encode, const std::function<void()>& prepare,
           const std::function<void()>& run) {
    Phase phase =
        profile_phase(opened_, engine_, workload_, profiler_, encode, options_.measured.repetitions, prepare, run);
    phase.name = name;
    phase.tokens = tokens;
    phases_.push_back(std::move(phase));
  }

  std::string head() const {
    const std::uint32_t threads = engine_.plan().limits.threads;
    return printable(opened_.name()) + ": " + machine_.isa + ", " + std::to_string(threads) +
           (threads == 1 ? " thread" : " threads");
  }

  void draw() const {
    Roofline picture{.title = head(),
                     .note = machine_.cpu,
                     .peak = machine_.peak,
                     .roofs = {{"memory", machine_.read}, {"cache", machine_.cache}},
                     .points = {}};
    for (const Phase& phase : phases_) {
      for (const Group& kind : phase.kinds) {
        for (const Group& role : kind.roles)
          picture.points.push_back({role.name.empty() ? kind.kind : role.name,
                                    phase.name + ", " + std::to_string(phase.tokens) + " tokens",
                                    role.sum.work.operations, role.sum.work.bytes, role.sum.seconds});
      }
    }
    const std::string svg = roofline_svg(picture);
    write_file(options_.roofline, std::as_bytes(std::span(svg)), {});
  }

  int show() const {
    std::string text = head() + ", median of " + std::to_string(options_.measured.repetitions) + "\n  machine, " +
                       limits_text(machine_) + "\n";
    for (const Phase& phase : phases_) text += profile_text(phase, machine_);
    if (!options_.roofline.empty()) text += "\nroofline: " + printable(options_.roofline) + "\n";
    print(text);
    return 0;
  }

  int show_json() const {
    Json json{{"model", opened_.name()},
              {"isa", machine_.isa},
              {"threads", engine_.plan().limits.threads},
              {"rows", engine_.plan().limits.rows},
              {"repetitions", options_.measured.repetitions},
              {"machine", limits_json(machine_)},
              {"clock_seconds", profiler_.clock_cost()}};
    for (const Phase& phase : phases_)
      json[phase.name] = profile_json(opened_, phase, machine_, phase.name == "encode");
    print(json_line(json));
    return 0;
  }

  Options options_;
  Opened opened_;
  bool encodes_;
  std::uint32_t prompt_, steps_;
  Engine engine_;
  Workload workload_;
  Profiler profiler_;
  std::vector<Phase> phases_;
  MachineLimits machine_;
};

int profile(Options& options) {
  if (lists_isas(options.common)) return 0;
  check_output(options.roofline, std::array{options.common.file});
  return Profile(options).run();
}

}  // namespace

Run add_profile(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  add_measured(app, options->measured);
  app.add_option("--roofline", options->roofline, "Draw operations per byte against GOPS, and the machine's limits")
      ->type_name("OUT.svg");
  app.footer(
      "The time of a call before its first operator belongs to that operator; what the clock takes is left out.\n"
      "Example: kinglet profile model.kgl -p 512 -n 128 --roofline roofline.svg");
  return [options] { return profile(*options); };
}

}  // namespace kinglet::host
