// Convolutions, pooling, linear layers, sums and activations by the runtime and by XNNPACK, operator by operator, in the shapes of known
// models: which of the two is faster where. Convolutions in floats and in static int8; linear layers only where XNNPACK has dynamically
// quantized ones. One thread, alternating runs; prints a line of JSON for each, which provider_table.py makes a table of.
//   kinglet_provider_bench [ROUNDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kinglet/session.h"
#include "tests/aligned.h"
#include "tests/bench/grid_layers.h"
#include "tests/ports/xnnpack/options.h"
#include "xnnpack/engine.h"

namespace kinglet::bench {
namespace {

using kinglet::testing::AlignedBytes;

struct Row {
  const char* model;
  GridLayer layer;
};

constexpr auto kConv = GridLayer::Kind::kConv2d;
constexpr auto kConv1d = GridLayer::Kind::kConv1d;
constexpr auto kDepthwise = GridLayer::Kind::kDepthwise;
constexpr auto kRelu6 = GridLayer::Kind::kDepthwiseRelu6;
constexpr auto kMax = GridLayer::Kind::kMaxPool;
constexpr auto kMean = GridLayer::Kind::kAveragePool;
constexpr auto kLinear = GridLayer::Kind::kLinear;
constexpr auto kAdd = GridLayer::Kind::kAdd;
constexpr auto kRelu = GridLayer::Kind::kRelu;
constexpr auto kSigmoid = GridLayer::Kind::kSigmoid;
constexpr auto kTanh = GridLayer::Kind::kTanh;

// kind, side, input and output channels, kernel, stride, padding, groups
const std::vector<Row> kRows = {
    {"ResNet-18", {kConv, 56, 64, 64, 3, 1, 1, 1}},
    {"ResNet-18", {kConv, 28, 128, 128, 3, 1, 1, 1}},
    {"ResNet-18", {kConv, 28, 128, 256, 3, 2, 1, 1}},
    {"ResNet-50", {kConv, 14, 256, 256, 3, 1, 1, 1}},
    {"ResNet-50", {kConv, 7, 512, 512, 3, 1, 1, 1}},
    {"ResNeXt-50", {kConv, 56, 128, 128, 3, 1, 1, 8}},
    {"ResNeXt-50", {kConv, 28, 256, 256, 3, 1, 1, 16}},
    {"ResNeXt-50", {kConv, 14, 512, 512, 3, 1, 1, 32}},
    {"4 groups", {kConv, 28, 128, 128, 3, 1, 1, 4}},
    {"2 groups", {kConv, 28, 128, 128, 3, 1, 1, 2}},
    {"VGG-16", {kConv, 112, 64, 128, 3, 1, 1, 1}},
    {"Whisper tiny", {kConv1d, 3000, 80, 384, 3, 1, 1, 1}},
    {"Whisper tiny", {kConv1d, 3000, 384, 384, 3, 2, 1, 1}},
    {"ResNet", {kMax, 112, 64, 64, 3, 2, 1, 1}},
    {"VGG", {kMax, 112, 128, 128, 2, 2, 0, 1}},
    {"VGG", {kMax, 28, 512, 512, 2, 2, 0, 1}},
    {"ResNet", {kMean, 7, 512, 512, 7, 7, 0, 1}},
    {"ResNet-50", {kMean, 7, 2048, 2048, 7, 7, 0, 1}},
    {"DenseNet", {kMean, 28, 256, 256, 2, 2, 0, 1}},
    {"MobileNetV2", {kRelu6, 112, 32, 32, 3, 1, 1, 1}},
    {"MobileNetV2", {kRelu6, 112, 96, 96, 3, 2, 1, 1}},
    {"MobileNetV2", {kRelu6, 56, 144, 144, 3, 1, 1, 1}},
    {"MobileNetV2", {kRelu6, 56, 144, 144, 3, 2, 1, 1}},
    {"MobileNetV2", {kRelu6, 28, 192, 192, 3, 1, 1, 1}},
    {"MobileNetV2", {kRelu6, 28, 192, 192, 3, 2, 1, 1}},
    {"MobileNetV2", {kRelu6, 14, 384, 384, 3, 1, 1, 1}},
    {"MobileNet, floats", {kDepthwise, 14, 512, 512, 3, 1, 1, 1}},
    {"MobileNetV2", {kRelu6, 14, 576, 576, 3, 1, 1, 1}},
    {"MobileNetV2", {kRelu6, 14, 576, 576, 3, 2, 1, 1}},
    {"MobileNetV2", {kRelu6, 7, 960, 960, 3, 1, 1, 1}},
    {"5 × 5", {kDepthwise, 28, 120, 120, 5, 1, 2, 1}},
    {"ResNet-50, 1 × 1", {kLinear, 3136, 64, 256, 1, 1, 0, 1}},
    {"ResNet-50, 1 × 1", {kLinear, 3136, 256, 64, 1, 1, 0, 1}},
    {"ResNet-50, 1 × 1", {kLinear, 196, 1024, 256, 1, 1, 0, 1}},
    {"ResNet-50, 1 × 1", {kLinear, 49, 512, 2048, 1, 1, 0, 1}},
    {"MobileNetV2, 1 × 1", {kLinear, 12544, 16, 96, 1, 1, 0, 1}},
    {"MobileNetV2, 1 × 1", {kLinear, 3136, 144, 24, 1, 1, 0, 1}},
    {"MobileNetV2, 1 × 1", {kLinear, 196, 384, 64, 1, 1, 0, 1}},
    {"MobileNetV2, 1 × 1", {kLinear, 49, 160, 960, 1, 1, 0, 1}},
    {"ViT-B/16", {kLinear, 197, 768, 768, 1, 1, 0, 1}},
    {"ViT-B/16", {kLinear, 197, 768, 3072, 1, 1, 0, 1}},
    {"ViT-B/16", {kLinear, 197, 3072, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 1, 768, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 16, 768, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 128, 768, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 1, 768, 3072, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 16, 768, 3072, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 128, 768, 3072, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 1, 3072, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 16, 3072, 768, 1, 1, 0, 1}},
    {"BERT, GPT-2", {kLinear, 128, 3072, 768, 1, 1, 0, 1}},
    {"Llama 1.1B", {kLinear, 1, 2048, 5632, 1, 1, 0, 1}},
    {"Llama 1.1B", {kLinear, 16, 2048, 5632, 1, 1, 0, 1}},
    {"Llama 1.1B", {kLinear, 128, 2048, 5632, 1, 1, 0, 1}},
    {"floats", {kAdd, 1, 768, 768, 1, 1, 0, 1}},
    {"floats", {kAdd, 16, 768, 768, 1, 1, 0, 1}},
    {"floats", {kAdd, 64, 768, 768, 1, 1, 0, 1}},
    {"floats", {kAdd, 197, 768, 768, 1, 1, 0, 1}},
    {"floats", {kRelu, 1, 768, 768, 1, 1, 0, 1}},
    {"floats", {kRelu, 16, 768, 768, 1, 1, 0, 1}},
    {"floats", {kRelu, 64, 768, 768, 1, 1, 0, 1}},
    {"floats", {kRelu, 197, 768, 768, 1, 1, 0, 1}},
    {"floats", {kSigmoid, 1, 768, 768, 1, 1, 0, 1}},
    {"floats", {kSigmoid, 16, 768, 768, 1, 1, 0, 1}},
    {"floats", {kSigmoid, 64, 768, 768, 1, 1, 0, 1}},
    {"floats", {kSigmoid, 197, 768, 768, 1, 1, 0, 1}},
    {"floats", {kTanh, 1, 768, 768, 1, 1, 0, 1}},
    {"floats", {kTanh, 16, 768, 768, 1, 1, 0, 1}},
    {"floats", {kTanh, 64, 768, 768, 1, 1, 0, 1}},
    {"floats", {kTanh, 197, 768, 768, 1, 1, 0, 1}},
};

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

  double run(std::span<const float> features) {
    const Chunk chunk{.grid = {.features = features}};
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

std::string name_of(const GridLayer& l) {
  const auto text = [](std::uint32_t number) { return std::to_string(number); };
  const std::string in = text(l.input), arrow = " → " + text(l.output);
  const std::string rows = ", " + text(l.side) + (l.side == 1 ? " row of " : " rows of ") + in;
  const std::string windows =
      " " + text(l.kernel) + " × " + text(l.kernel) + ", " + text(l.side) + " × " + text(l.side) + " × " + in;
  std::string name;
  switch (l.kind) {
    case kConv: name = "convolution" + windows + arrow; break;
    case kConv1d: name = "convolution of " + text(l.kernel) + ", " + text(l.side) + " × " + in + arrow; break;
    case kDepthwise: name = "depthwise" + windows; break;
    case kRelu6: name = "depthwise" + windows + ", ReLU6, int8"; break;
    case kMax: name = "max pool" + windows; break;
    case kMean: name = "mean pool" + windows; break;
    case kLinear: name = "linear" + rows + arrow; break;
    case kAdd: name = "sum" + rows; break;
    case kRelu: name = "ReLU" + rows; break;
    case kSigmoid: name = "sigmoid" + rows; break;
    case kTanh: name = "tanh" + rows; break;
  }
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

void measure(const Row& row, int rounds) {
  const std::vector<std::byte> file = layer_file(row.layer);
  const AlignedBytes bytes(file);
  const Model model = *Model::open(bytes.span());
  const auto features = layer_input(row.layer);
  const std::uint32_t op = measured(row.layer);
  Measured kinglet(model, op, By::kKinglet);
  std::unique_ptr<Measured> floats, statics;
  if (takes(model, op, xnnpack::kEverything)) floats = std::make_unique<Measured>(model, op, By::kXnnpack);
  if (takes(model, op, xnnpack::kStatic)) statics = std::make_unique<Measured>(model, op, By::kStatic);
  std::vector<double> ours, theirs, int8;
  for (int i = -2; i < rounds; ++i) {
    const double a = kinglet.run(features), b = floats ? floats->run(features) : 0,
                 c = statics ? statics->run(features) : 0;
    if (i < 0) continue;
    ours.push_back(a);
    if (floats) theirs.push_back(b);
    if (statics) int8.push_back(c);
  }
  std::printf(
      "{\"version\": \"%s\", \"model\": \"%s\", \"operator\": \"%s\", \"microseconds\": %.2f, \"floats\": %s, "
      "\"static\": %s, "
      "\"taken\": %s}\n",
      xnnpack::version(), row.model, name_of(row.layer).c_str(), median(ours) / 1000, ratios_of(theirs, ours).c_str(),
      ratios_of(int8, ours).c_str(), takes(model, op, {}) ? "true" : "false");
  std::fflush(stdout);
}

}  // namespace
}  // namespace kinglet::bench

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 41;
  if (rounds < 1) {
    std::fprintf(stderr, "usage: kinglet_provider_bench [ROUNDS]\n");
    return 2;
  }
  for (const auto& row : kinglet::bench::kRows) kinglet::bench::measure(row, rounds);
}
