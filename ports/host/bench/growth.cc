#include "bench/growth.h"

#include <algorithm>

#include "profile/profile.h"

namespace kinglet::host {
namespace {

constexpr std::uint32_t kLengths[] = {128, 512, 2048};
constexpr std::uint32_t kSteps = 16;  // of one time

GrowthPoint point_of(const char* name, std::uint32_t length, std::uint32_t tokens, const Phase& phase) {
  GrowthPoint point{.name = name, .length = length, .times = phase.plain};
  for (double& seconds : point.times.seconds) seconds /= tokens;
  for (const Group& kind : phase.kinds) {
    const bool attention = kind.kind == "Attention" || kind.kind == "Align";
    (attention ? point.attention : point.other) += kind.sum.seconds / tokens;
    if (attention) point.attention_bytes += kind.sum.work.bytes / tokens;
  }
  return point;
}

}  // namespace

std::vector<GrowthPoint> measure_growth(const Opened& opened, const Common& common, std::uint32_t repetitions) {
  const fb::Model& root = opened.root();
  const bool encodes = opened.model().has_encoder(), decodes = opened.model().has_decoder();
  constexpr std::uint32_t kMost = kLengths[std::size(kLengths) - 1];
  Limits limits;
  if (encodes) limits.source = std::min(root.source(), kMost);
  if (decodes) limits.context = std::min(root.context(), kMost);
  Engine engine(opened, common, limits);
  Workload workload(opened, engine, kMost);
  Profiler profiler(opened);
  const auto phase = [&](bool encode, const std::function<void()>& prepare, const std::function<void()>& run) {
    return profile_phase(opened, engine, workload, profiler, encode, repetitions, prepare, run);
  };
  std::vector<GrowthPoint> points;
  for (const std::uint32_t length : kLengths) {
    if (length > (encodes ? limits.source : limits.context)) continue;
    const Phase made = encodes ? phase(
                                     true, [] {}, [&] { workload.encode(length); })
                               : phase(
                                     false, [] {}, [&] { workload.prompt(length); });
    points.push_back(point_of(encodes ? "encode" : "prompt", length, length, made));
  }
  for (const std::uint32_t length : kLengths) {
    if (!decodes || length > limits.context) continue;
    const std::uint32_t before = length - kSteps;
    const auto prepare = [&] {
      if (encodes) workload.encode(std::min(limits.source, 32U));
      workload.prompt(before);
    };
    points.push_back(point_of("step", before, kSteps, phase(false, prepare, [&] { workload.steps(kSteps); })));
  }
  return points;
}

}  // namespace kinglet::host
