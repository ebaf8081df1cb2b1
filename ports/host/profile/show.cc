// A profile as a table and as JSON.
#include <cstdio>

#include "describe.h"
#include "profile/profile.h"
#include "text.h"

namespace kinglet::host {
namespace {

constexpr double kLeast = 0.002;  // of the time: what takes less is in the JSON only

std::string cell(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof(text), format, value);
  return value == 0 ? "" : text;
}

std::string bytes_each(const OperatorSum& sum) {
  const double each = share(sum.work.bytes, static_cast<double>(sum.calls));
  return each == 0 ? "" : number_text(each / 1024);
}

std::string line(const std::string& name, const Group& group, const Phase& phase, const MachineLimits& limits) {
  const OperatorSum& sum = group.sum;
  const double rate = share(sum.work.operations, sum.seconds), read = share(sum.work.bytes, sum.seconds);
  char text[256];
  std::snprintf(text, sizeof(text), "  %-44s %8llu %10s %6.1f %% %6s %8s %9s %7s %8s\n", name.c_str(),
                static_cast<unsigned long long>(sum.calls),
                number_text(share(sum.seconds, static_cast<double>(sum.calls)) * 1e6).c_str(),
                100 * share(sum.seconds, phase.seconds()), cell(rate * 1e-9, "%.0f").c_str(),
                cell(100 * share(rate, limits.peak), "%.0f %%").c_str(), bytes_each(sum).c_str(),
                cell(read * 1e-9, "%.1f").c_str(),
                cell(100 * share(read, limits.read_of(phase.bytes_per_call())), "%.0f %%").c_str());
  return text;
}

// A name that is too long loses its beginning, whole characters of it.
std::string fitting(const std::string& name, std::size_t most) {
  if (name.size() <= most) return name;
  std::size_t from = name.size() - most + 2;
  while (from < name.size() && (static_cast<unsigned char>(name[from]) & 0xC0) == 0x80) ++from;
  return ".." + name.substr(from);
}

std::string role_name(const Group& role) {
  const std::string times = role.count == 1 ? "" : " x " + std::to_string(role.count);
  return "  " + fitting(printable(role.name), 42 - times.size()) + times;
}

Json sum_json(const OperatorSum& sum, const Phase& phase, const MachineLimits& limits) {
  const double rate = share(sum.work.operations, sum.seconds), read = share(sum.work.bytes, sum.seconds);
  return {{"calls", sum.calls},
          {"seconds", sum.seconds},
          {"share", share(sum.seconds, phase.seconds())},
          {"int8_operations", sum.work.operations},
          {"int8_operations_per_second", rate},
          {"int8_peak_share", share(rate, limits.peak)},
          {"bytes_read", sum.work.bytes},
          {"bytes_per_second", read},
          {"bandwidth_share", share(read, limits.read_of(phase.bytes_per_call()))}};
}

Json group_json(const Group& group, const Phase& phase, const MachineLimits& limits) {
  Json json{{"kind", group.kind}};
  if (!group.name.empty()) json["name"] = group.name;
  json["operators"] = group.count;
  json.update(sum_json(group.sum, phase, limits));
  for (const Group& role : group.roles) append(json, "roles", group_json(role, phase, limits));
  return json;
}

}  // namespace

std::string profile_text(const Phase& phase, const MachineLimits& limits) {
  const bool cached = limits.in_cache(phase.bytes_per_call());
  std::string text = "\n" + phase.name + ": " + std::to_string(phase.tokens) + " tokens in " +
                     std::to_string(phase.calls) + (phase.calls == 1 ? " call, " : " calls, ") +
                     seconds_text(phase.plain.median()) + "; with the clock read after each operator " +
                     seconds_text(phase.observed.median()) + ", of which the operators have " +
                     seconds_text(phase.seconds()) + "\n";
  char head[256];
  std::snprintf(head, sizeof(head), "  %-44s %8s %10s %8s %6s %8s %9s %7s %8s\n", "", "calls", "us each", "of all",
                "GOPS", "of peak", "KiB each", "GB/s", cached ? "of cache" : "of read");
  text += head;
  for (const Group& kind : phase.kinds) {
    if (kind.sum.seconds < kLeast * phase.seconds()) continue;
    text += line(kind.kind + (kind.count == 1 ? "" : " x " + std::to_string(kind.count)), kind, phase, limits);
    for (const Group& role : kind.roles) {
      if (kind.roles.size() > 1 && role.sum.seconds >= kLeast * phase.seconds())
        text += line(role_name(role), role, phase, limits);
    }
  }
  return text;
}

Json profile_json(const Opened& opened, const Phase& phase, const MachineLimits& limits, bool encode) {
  const fb::Function& function = *(encode ? opened.root().encode() : opened.root().step());
  Json json{{"tokens", phase.tokens},
            {"calls", phase.calls},
            {"seconds", phase.plain.median()},
            {"spread", phase.plain.spread()},
            {"observed_seconds", phase.observed.median()},
            {"operator_seconds", phase.seconds()},
            {"outside_seconds", phase.outside},
            {"bytes_read_per_call", phase.bytes_per_call()},
            {"bandwidth_level", limits.in_cache(phase.bytes_per_call()) ? "cache" : "memory"}};
  for (const Group& kind : phase.kinds) append(json, "kinds", group_json(kind, phase, limits));
  for (std::uint32_t i = 0; i < phase.operators.size(); ++i) {
    const Described op = describe(opened.root(), function, *function.operators()->Get(i));
    Json entry{{"index", i}, {"kind", op.kind}, {"name", op.name}, {"detail", op.detail}};
    entry.update(sum_json(phase.operators[i], phase, limits));
    append(json, "operators", std::move(entry));
  }
  return json;
}

}  // namespace kinglet::host
