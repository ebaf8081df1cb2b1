// Convolutions, pooling and linear layers by the runtime and by XNNPACK, operator by operator, in the shapes of known models: which of the two
// is faster where. Convolutions in floats and in static int8; linear layers only where XNNPACK has dynamically quantized ones.
// One thread, medians of alternating runs; prints a Markdown table. kinglet_provider_bench [ROUNDS]
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
constexpr auto kDepthwise = GridLayer::Kind::kDepthwiseConv2d;
constexpr auto kMax = GridLayer::Kind::kMaxPool;
constexpr auto kMean = GridLayer::Kind::kAveragePool;
constexpr auto kLinear = GridLayer::Kind::kLinear;

// kind, side, input and output channels, kernel, stride, padding, groups
const std::vector<Row> kRows = {
    {"ResNet-18", {kConv, 56, 64, 64, 3, 1, 1, 1}},
    {"ResNet-18", {kConv, 28, 128, 128, 3, 1, 1, 1}},
    {"ResNet-18", {kConv, 28, 128, 256, 3, 2, 1, 1}},
    {"ResNet-50", {kConv, 14, 256, 256, 3, 1, 1, 1}},
    {"ResNet-50", {kConv, 7, 512, 512, 3, 1, 1, 1}},
    {"ResNeXt-50", {kConv, 56, 128, 128, 3, 1, 1, 8}},
    {"VGG-16", {kConv, 112, 64, 128, 3, 1, 1, 1}},
    {"ResNet", {kMax, 112, 64, 64, 3, 2, 1, 1}},
    {"VGG", {kMax, 112, 128, 128, 2, 2, 0, 1}},
    {"ResNet", {kMean, 7, 512, 512, 7, 7, 0, 1}},
    {"MobileNetV2", {kDepthwise, 112, 32, 32, 3, 1, 1, 1}},
    {"MobileNetV2", {kDepthwise, 56, 144, 144, 3, 1, 1, 1}},
    {"MobileNetV2", {kDepthwise, 56, 144, 144, 3, 2, 1, 1}},
    {"MobileNetV2", {kDepthwise, 14, 576, 576, 3, 1, 1, 1}},
    {"MobileNetV2", {kDepthwise, 7, 960, 960, 3, 1, 1, 1}},
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
};

// Nanoseconds of this thread's processor time: other processes disturb it less than the clock on the wall.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

enum class By { kKinglet, kXnnpack, kStatic };

// A session over a file; nanoseconds of the operator that is measured: the second, which reads what the first makes of the caller's numbers.
class Measured {
 public:
  Measured(const Model& model, By by) : plan_(*Plan::make(model)), arena_(plan_.arena_bytes + 64) {
    if (by != By::kKinglet)
      engine_ = std::make_unique<xnnpack::Engine>(nullptr, by == By::kStatic ? xnnpack::kStatic : xnnpack::kEverything);
    SessionOptions options;
    options.observer = {.after =
                            [](void* self, const Observation& seen) {
                              const double end = now();
                              auto& measured = *static_cast<Measured*>(self);
                              if (seen.op == 1) measured.nanoseconds_ = end - measured.before_;
                              measured.before_ = now();
                            },
                        .context = this};
    if (engine_ != nullptr) options.provider = engine_->provider();
    session_ = *Session::create(plan_, arena_.span().first(plan_.arena_bytes), options);
    if (engine_ != nullptr && engine_->operators() == 0)
      throw std::runtime_error("it does not run");  // the table would compare the runtime with itself
  }

  double run(std::span<const float> features) {
    const Chunk chunk{.grid = {.features = features}};
    if (!session_->encode({&chunk, 1}).ok()) throw std::runtime_error("it does not run");
    return nanoseconds_;
  }

 private:
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
  if (l.kind == kLinear)
    return "linear, " + std::to_string(l.side) + (l.side == 1 ? " row of " : " rows of ") + std::to_string(l.input) +
           " → " + std::to_string(l.output);
  const char* kinds[] = {"convolution", "depthwise", "max pool", "mean pool"};
  std::string name = std::string(kinds[static_cast<int>(l.kind)]) + " " + std::to_string(l.kernel) + " × " +
                     std::to_string(l.kernel) + ", " + std::to_string(l.side) + " × " + std::to_string(l.side) + " × " +
                     std::to_string(l.input);
  if (l.kind == kConv) name += " → " + std::to_string(l.output);
  if (l.stride != 1) name += ", stride " + std::to_string(l.stride);
  if (l.groups != 1) name += ", " + std::to_string(l.groups) + " groups";
  return name;
}

// "| 12.3 | 1.50× (1.40 to 1.60) " of an engine's times and how many times Kinglet's they are, round by round.
std::string columns(const std::vector<double>& times, const std::vector<double>& ours) {
  if (times.empty()) return "|  |  ";
  std::vector<double> ratios;
  for (std::size_t i = 0; i < times.size(); ++i) ratios.push_back(times[i] / ours[i]);
  std::sort(ratios.begin(), ratios.end());
  const std::size_t tenth = ratios.size() / 10;
  char text[128];
  std::snprintf(text, sizeof text, "| %.1f | %.2f× (%.2f to %.2f) ", median(times) / 1000, median(ratios),
                ratios[tenth], ratios[ratios.size() - 1 - tenth]);
  return text;
}

void measure(const Row& row, int rounds) {
  const std::vector<std::byte> file = layer_file(row.layer);
  const AlignedBytes bytes(file);
  const Model model = *Model::open(bytes.span());
  const auto features = layer_input(row.layer);
  const bool has_static = xnnpack::kHasStaticConvolutions && (row.layer.kind == kConv || row.layer.kind == kDepthwise);
  Measured kinglet(model, By::kKinglet), xnnpack(model, By::kXnnpack);
  std::unique_ptr<Measured> statics;
  if (has_static) statics = std::make_unique<Measured>(model, By::kStatic);
  std::vector<double> ours, theirs, int8;
  for (int i = -2; i < rounds; ++i) {
    const double a = kinglet.run(features), b = xnnpack.run(features), c = has_static ? statics->run(features) : 0;
    if (i < 0) continue;
    ours.push_back(a);
    theirs.push_back(b);
    if (has_static) int8.push_back(c);
  }
  std::printf("| %s | %s | %.1f %s%s|\n", row.model, name_of(row.layer).c_str(), median(ours) / 1000,
              columns(theirs, ours).c_str(), columns(int8, ours).c_str());
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
  std::printf(
      "XNNPACK %s, one thread\n\n| model | operator | Kinglet µs | XNNPACK µs | Kinglet is faster by (10 %% to 90 %% "
      "of the rounds) | XNNPACK static int8 µs | Kinglet is faster by |\n|---|---|---:|---:|---:|---:|---:|\n",
      kinglet::xnnpack::version());
  for (const auto& row : kinglet::bench::kRows) {
    if (row.layer.kind != kinglet::bench::kLinear || kinglet::xnnpack::kHasLinear) kinglet::bench::measure(row, rounds);
  }
}
