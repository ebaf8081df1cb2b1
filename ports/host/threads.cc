#include "threads.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <latch>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "failure.h"

namespace kinglet::host {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Processors a container may use at once: "quota period" in microseconds, or "max".
double quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double allowed = 0, period = 0;
  if (file >> allowed >> period && allowed > 0 && period > 0) return allowed / period;
  return 1e9;
}

// Each core by the list of its hardware threads.
std::size_t cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return std::thread::hardware_concurrency();
  std::set<std::string> siblings;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::string list =
        first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    siblings.insert(list.empty() ? std::to_string(cpu) : std::move(list));
  }
  return siblings.size();
}

// Whether the system gives so many threads. pthreadpool does not ask, and waits for ever for one that did not start.
bool can_start(std::uint32_t count) {
  std::latch asked(1);
  std::vector<std::jthread> all;
  all.reserve(count);
  bool can = true;
  try {
    while (all.size() < count) all.emplace_back([&asked] { asked.wait(); });
  } catch (const std::system_error&) {
    can = false;
  }
  asked.count_down();
  return can;
}

struct Job {
  void (*fn)(void* arg, std::uint32_t index);
  void* arg;
};

}  // namespace

std::uint32_t physical_cores() {
  const double limit = std::max(1.0, std::ceil(quota()));
  return static_cast<std::uint32_t>(std::clamp(static_cast<double>(cores()), 1.0, std::min(limit, 1024.0)));
}

Threads::Threads(std::uint32_t count) : count_(count) {
  if (count <= 1) return;
  if (can_start(count - 1)) pool_ = pthreadpool_create(count);
  if (pool_ == nullptr) throw Failure("threads: " + std::to_string(count) + " cannot be started: use fewer (-t)");
}

Threads::~Threads() {
  if (pool_ != nullptr) pthreadpool_destroy(pool_);
}

Parallel Threads::parallel() {
  if (pool_ == nullptr) return {};
  return {.run = run, .context = this};
}

void Threads::run(void* context, std::uint32_t count, void (*fn)(void* arg, std::uint32_t index), void* arg) {
  Job job{fn, arg};
  pthreadpool_parallelize_1d(
      static_cast<Threads*>(context)->pool_,
      [](void* j, std::size_t index) {
        static_cast<Job*>(j)->fn(static_cast<Job*>(j)->arg, static_cast<std::uint32_t>(index));
      },
      &job, count, 0);
}

}  // namespace kinglet::host
