// Convolutions, pooling, linear layers, sums and activations by the runtime and by XNNPACK, operator by operator, in the shapes of known
// models (provider_shapes.h): which of the two is faster where. Convolutions in floats and in static int8; linear layers only where XNNPACK
// has dynamically quantized ones. One thread, alternating runs; prints a line of JSON for each, which provider_table.py makes tables of.
//   kinglet_provider_bench [ROUNDS [PART]]      PART: of an operator's name, for those alone
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "converter/progress.h"
#include "kinglet/session.h"
#include "tests/aligned.h"
#include "tests/bench/grid_layers.h"
#include "tests/bench/provider_shapes.h"
#include "tests/ports/xnnpack/options.h"
#include "xnnpack/engine.h"

namespace kinglet::bench {
namespace {

using kinglet::testing::AlignedBytes;
using enum GridLayer::Kind;

// Nanoseconds of this thread's processor time: other processes disturb it less than the clock on the wall.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

enum class By { kKinglet, kXnnpack, kStatic };

// Whether XNNPACK takes the operator that is measured.
bool takes(const Model& model, std::uint32_t measured, const xnnpack::Options& options) {
  struct Asked {
    Provider provider;
    std::uint32_t measured;
    bool taken;
  };
  const Plan plan = *Plan::make(model);
  AlignedBytes arena(plan.arena_bytes + 64);
  xnnpack::Engine engine(nullptr, options);
  Asked asked{engine.provider(), measured, false};
  SessionOptions with;
  with.provider = {&asked, [](void* self, const Provided& op) {
                     auto& all = *static_cast<Asked*>(self);
                     const Status done = all.provider.prepare(all.provider.context, op);
                     all.taken |= done.ok() && op.index == all.measured;
                     return done;
                   }};
  (void)*Session::create(plan, arena.span().first(plan.arena_bytes), with);
  return asked.taken;
}

// A session over a file; nanoseconds of the operator that is measured.
class Measured {
 public:
  Measured(const Model& model, std::uint32_t op, By by)
      : op_(op),
        plan_(*Plan::make(model)),
        arena_(plan_.arena_bytes + 64) {
    if (by != By::kKinglet)
      engine_ = std::make_unique<xnnpack::Engine>(nullptr, by == By::kStatic ? xnnpack::kStatic : xnnpack::kEverything);
    SessionOptions options;
    options.observer = {.after =
                            [](void* self, const Observation& seen) {
                              const double end = now();
                              auto& measured = *static_cast<Measured*>(self);
                              if (seen.op == measured.op_) measured.nanoseconds_ = end - measured.before_;
                              measured.before_ = now();
                            },
                        .context = this};
    if (engine_ != nullptr) options.provider = engine_->provider();
    session_ = *Session::create(plan_, arena_.span().first(plan_.arena_bytes), options);
  }

  double run(const LayerInput& input) {
    const Chunk chunk{.grid = input.grid()};
    before_ = now();
    if (!session_->encode({&chunk, 1}).ok()) throw std::runtime_error("it does not run");
    return nanoseconds_;
  }

 private:
  std::uint32_t op_;
  Plan plan_;
  AlignedBytes arena_;
  std::unique_ptr<xnnpack::Engine> engine_;
  Session* session_ = nullptr;
  double before_ = 0, nanoseconds_ = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What a line of the summary counts.
const char* kind_of(const ProviderShape& shape) {
  const GridLayer& l = shape.layer;
  if (l.reads_caller) return "first convolution";
  switch (l.kind) {
    case kConv2d:
    case kConv1d: return l.groups == 1 ? "convolution" : "grouped convolution";
    case kDepthwise: return "depthwise convolution";
    case kMaxPool: return "max pool";
    case kAveragePool: return "mean pool";
    case kLinear: return "linear";
    case kAdd: return "sum";
    case kRelu: return "ReLU";
    case kSigmoid: return "sigmoid";
    case kTanh: return "tanh";
  }
  return "";
}

std::string name_of(const ProviderShape& shape) {
  const GridLayer& l = shape.layer;
  const auto text = [](std::uint32_t number) { return std::to_string(number); };
  const std::string in = text(l.input), arrow = " → " + text(l.output);
  const std::string rows = ", " + text(l.width) + (l.width == 1 ? " row of " : " rows of ") + in;
  const std::string windows =
      " " + text(l.kernel) + " × " + text(l.kernel) + ", " + text(l.height) + " × " + text(l.width) + " × " + in;
  std::string name = kind_of(shape);
  switch (l.kind) {
    case kConv2d: name += windows + arrow; break;
    case kConv1d: name += " of " + text(l.kernel) + ", " + text(l.width) + " × " + in + arrow; break;
    case kDepthwise:
    case kMaxPool:
    case kAveragePool: name += windows; break;
    case kLinear: name += rows + arrow; break;
    case kAdd:
    case kRelu:
    case kSigmoid:
    case kTanh: name += rows; break;
  }
  if (l.activation == fb::Activation::Relu6) name += ", ReLU6";
  if (l.activation == fb::Activation::HardSwish) name += ", hard swish";
  if (l.for_product) name += ", int8";
  if (l.stride != 1) name += ", stride " + text(l.stride);
  if (l.groups != 1) name += ", " + text(l.groups) + " groups";
  return name;
}

// An engine's times as how many times Kinglet's they are, round by round: 10 %, 50 % and 90 % of the rounds.
std::string ratios_of(const std::vector<double>& times, const std::vector<double>& ours) {
  if (times.empty()) return "null";
  std::vector<double> ratios;
  for (std::size_t i = 0; i < times.size(); ++i) ratios.push_back(times[i] / ours[i]);
  std::sort(ratios.begin(), ratios.end());
  const std::size_t tenth = ratios.size() / 10;
  char text[96];
  std::snprintf(text, sizeof text, "[%.3f, %.3f, %.3f]", ratios[tenth], median(ratios),
                ratios[ratios.size() - 1 - tenth]);
  return text;
}

// A line of JSON.
std::string measure(const ProviderShape& shape, int rounds) {
  const std::vector<std::byte> file = layer_file(shape.layer);
  const AlignedBytes bytes(file);
  const Model model = *Model::open(bytes.span());
  const LayerInput input = layer_input(shape.layer);
  const std::uint32_t op = measured(shape.layer);
  Measured kinglet(model, op, By::kKinglet);
  std::unique_ptr<Measured> floats, statics;
  if (takes(model, op, xnnpack::kEverything)) floats = std::make_unique<Measured>(model, op, By::kXnnpack);
  if (takes(model, op, xnnpack::kStatic)) statics = std::make_unique<Measured>(model, op, By::kStatic);
  std::vector<double> ours, theirs, int8;
  for (int i = -2; i < rounds; ++i) {
    const double a = kinglet.run(input), b = floats ? floats->run(input) : 0, c = statics ? statics->run(input) : 0;
    if (i < 0) continue;
    ours.push_back(a);
    if (floats) theirs.push_back(b);
    if (statics) int8.push_back(c);
  }
  char microseconds[32];
  std::snprintf(microseconds, sizeof microseconds, "%.2f", median(ours) / 1000);
  return std::string("{\"version\": \"") + xnnpack::version() + "\", \"models\": \"" + shape.models +
         "\", \"kind\": \"" + kind_of(shape) + "\", \"operator\": \"" + name_of(shape) +
         "\", \"microseconds\": " + microseconds + ", \"floats\": " + ratios_of(theirs, ours) +
         ", \"static\": " + ratios_of(int8, ours) + ", \"taken\": " + (takes(model, op, {}) ? "true" : "false") + "}";
}

}  // namespace
}  // namespace kinglet::bench

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 41;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: kinglet_provider_bench [ROUNDS [PART]]\n");
    return 2;
  }
  auto shapes = kinglet::bench::provider_shapes();
  const std::string part = count > 2 ? arguments[2] : "";
  std::erase_if(shapes,
                [&](const auto& shape) { return kinglet::bench::name_of(shape).find(part) == std::string::npos; });
  kinglet::converter::ProgressBar progress;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    progress.show(shapes[i].models.c_str(), static_cast<double>(i) / static_cast<double>(shapes.size()));
    const std::string line = kinglet::bench::measure(shapes[i], rounds);
    progress.clear();
    std::puts(line.c_str());
    std::fflush(stdout);
  }
}
