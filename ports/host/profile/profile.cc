#include "profile/profile.h"

#include <algorithm>

#include "describe.h"

namespace kinglet::host {
namespace {

OperatorSum operator+(const OperatorSum& a, const OperatorSum& b) {
  return {
      a.calls + b.calls, a.seconds + b.seconds, {a.work.operations + b.work.operations, a.work.bytes + b.work.bytes}};
}

void add_to(Group& group, const OperatorSum& sum) {
  ++group.count;
  group.sum = group.sum + sum;
}

Group& group_in(std::vector<Group>& groups, const std::string& kind, const std::string& name) {
  for (Group& group : groups) {
    if (group.kind == kind && group.name == name) return group;
  }
  return groups.emplace_back(Group{.kind = kind, .name = name, .sum = {}, .roles = {}});
}

void slowest_first(std::vector<Group>& groups) {
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a.sum.seconds > b.sum.seconds; });
}

std::vector<Group> grouped(const fb::Function& function, std::span<const OperatorSum> sums) {
  std::vector<Group> kinds;
  for (std::uint32_t i = 0; i < sums.size(); ++i) {
    const fb::Operator& op = *function.operators()->Get(i);
    const std::string name = op.name() == nullptr ? "" : role_of(op.name()->str());
    Group& kind = group_in(kinds, fb::EnumNameBody(op.body_type()), "");
    add_to(kind, sums[i]);
    add_to(group_in(kind.roles, kind.kind, name), sums[i]);
  }
  for (Group& kind : kinds) slowest_first(kind.roles);
  slowest_first(kinds);
  return kinds;
}

double median(std::vector<double> numbers) { return Times{std::move(numbers)}.median(); }

}  // namespace

std::string role_of(const std::string& name) {
  std::string role;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    const std::string part = name.substr(at, end - at);
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    role += (at == 0 ? "" : ".") + (number ? "N" : part);
    at = end + 1;
  }
  return role;
}

double Phase::seconds() const {
  double total = outside;
  for (const OperatorSum& sum : operators) total += sum.seconds;
  return total;
}

double Phase::bytes_per_call() const {
  double total = 0;
  for (const OperatorSum& sum : operators) total += sum.work.bytes;
  return share(total, static_cast<double>(calls));
}

Phase profile_phase(const Opened& opened, Engine& engine, Workload& workload, Profiler& profiler, bool encode,
                    std::uint32_t repetitions, const std::function<void()>& prepare, const std::function<void()>& run) {
  Phase phase;
  std::vector<double> outside;
  std::vector<std::vector<double>> seconds(profiler.sums(encode).size());
  // The first round warms up.
  for (std::uint32_t round = 0; round <= repetitions; ++round) {
    for (const bool observed : {false, true}) {
      workload.listen(nullptr);
      engine.restart(observed ? profiler.observer() : Observer{});
      prepare();
      profiler.clear();
      workload.listen(observed ? &profiler : nullptr);
      const double start = now();
      run();
      if (round > 0) (observed ? phase.observed : phase.plain).seconds.push_back(now() - start);
    }
    if (round == 0) continue;
    outside.push_back(profiler.outside());
    for (std::size_t i = 0; i < seconds.size(); ++i) seconds[i].push_back(profiler.sums(encode)[i].seconds);
  }
  workload.listen(nullptr);
  engine.restart({});
  const auto sums = profiler.sums(encode);
  phase.operators.assign(sums.begin(), sums.end());
  for (std::size_t i = 0; i < seconds.size(); ++i) phase.operators[i].seconds = median(seconds[i]);
  phase.outside = median(outside);
  phase.calls = profiler.calls();
  phase.kinds = grouped(*(encode ? opened.root().encode() : opened.root().step()), phase.operators);
  return phase;
}

}  // namespace kinglet::host
