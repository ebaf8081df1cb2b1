#include "machine.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "file.h"
#include "peaks/peaks.h"

namespace kinglet::host {
namespace {

const PeakLoop* loop_of(const std::string& isa) {
  const auto loops = peak_loops();
  const auto loop = std::find_if(loops.begin(), loops.end(), [&isa](const PeakLoop& l) { return isa == l.isa; });
  return loop == loops.end() ? nullptr : &*loop;
}

std::uint64_t status_bytes(const char* file, const std::string& key) {
  std::ifstream status(file);
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, key.size(), key) == 0) return std::strtoull(line.c_str() + key.size(), nullptr, 10) * 1024;
  }
  return 0;
}

// Bytes per second of all threads together, each going over its part of a buffer `passes` times: the best of so many tries of each way.
double fastest_read(const PeakLoop& loop, Threads& threads, std::uint64_t bytes, std::uint64_t passes, int tries) {
  const std::uint64_t part = bytes / threads.count() / 4096 * 4096;
  Arena arena(static_cast<std::size_t>(part * threads.count()));
  // Each thread writes its part first, so that the pages exist and lie near it.
  on_all(threads, [&](std::uint32_t i) { std::fill_n(arena.bytes().data() + i * part, part, std::byte{1}); });
  std::vector<std::uint64_t> sums(threads.count());
  double best = 1e9;
  for (int i = 0; i < tries * kReadWays; ++i) {
    const double start = now();
    on_all(threads, [&](std::uint32_t t) {
      std::uint64_t sum = 0;
      for (std::uint64_t pass = 0; pass < passes; ++pass)
        sum += loop.read(arena.bytes().data() + t * part, part, i % kReadWays);
      sums[t] = sum;
    });
    best = std::min(best, now() - start);
  }
  for (auto& sum : sums) asm volatile("" : "+m"(sum));
  return static_cast<double>(passes * part * threads.count()) / best;
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void on_all(Threads& threads, const std::function<void(std::uint32_t)>& fn) {
  const Parallel parallel = threads.parallel();
  if (parallel.run == nullptr) return fn(0);
  parallel.run(
      parallel.context, threads.count(),
      [](void* arg, std::uint32_t i) { (*static_cast<const std::function<void(std::uint32_t)>*>(arg))(i); },
      const_cast<void*>(static_cast<const void*>(&fn)));
}

double wake_time(Threads& threads) {
  const Parallel parallel = threads.parallel();
  if (parallel.run == nullptr) return 0;
  Times times;
  for (const double begin = now(); times.seconds.size() < 2000 && now() - begin < 0.05;) {
    const double start = now();
    const auto nothing = [](void*, std::uint32_t) {};
    parallel.run(parallel.context, threads.count(), nothing, nullptr);
    times.seconds.push_back(now() - start);
  }
  return times.median();
}

double int8_peak(const std::string& isa, Threads& threads) {
  constexpr int kTries = 100;
  constexpr double kEnough = 0.001;  // seconds of one try: short, so that some go undisturbed on a busy machine
  const PeakLoop* loop = loop_of(isa);
  if (loop == nullptr) return 0;
  std::uint64_t rounds = 1 << 16;
  std::vector<std::uint64_t> done(threads.count());
  const auto once = [&] {
    const double start = now();
    on_all(threads, [&](std::uint32_t i) { done[i] = loop->run(rounds); });
    return now() - start;
  };
  const auto best_of = [&](int tries) {
    double best = once();
    for (int i = 1; i < tries; ++i) best = std::min(best, once());
    return best;
  };
  while (best_of(5) < kEnough) rounds *= 2;
  const double seconds = best_of(kTries);
  double operations = 0;
  for (const std::uint64_t n : done) operations += static_cast<double>(n);
  return operations / seconds;
}

double read_bandwidth(const std::string& isa, Threads& threads) {
  constexpr std::uint64_t kLeast = std::uint64_t{256} << 20, kMost = std::uint64_t{1} << 30;
  const PeakLoop* loop = loop_of(isa);
  if (loop == nullptr) return 0;
  const std::uint64_t available = status_bytes("/proc/meminfo", "MemAvailable:");
  std::uint64_t bytes = std::clamp(4 * last_level_cache_bytes(), kLeast, kMost);
  if (available != 0) bytes = std::min(bytes, available / 4);
  return fastest_read(*loop, threads, bytes, 1, 5);
}

double cache_bandwidth(const std::string& isa, Threads& threads) {
  constexpr std::uint64_t kEnough = std::uint64_t{64} << 20;  // bytes of one try
  const PeakLoop* loop = loop_of(isa);
  // Twice what the cores have for themselves, but half of it at most: room for what else the machine does.
  const std::uint64_t all = last_level_cache_bytes();
  const std::uint64_t own = static_cast<std::uint64_t>(std::max(0L, sysconf(_SC_LEVEL2_CACHE_SIZE))) * threads.count();
  const std::uint64_t bytes = std::clamp(2 * own, all / 4, all / 2);
  if (loop == nullptr || bytes / threads.count() < 4096) return 0;
  return fastest_read(*loop, threads, bytes, std::max<std::uint64_t>(1, kEnough / bytes), 10);
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

std::uint64_t last_level_cache_bytes() {
  // What the system says of the first processor; the C library asks the processor itself, which may tell of all of its parts.
  std::uint64_t largest = 0;
  for (int index = 0; index < 8; ++index) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size");
    std::uint64_t kilobytes = 0;
    if (file >> kilobytes) largest = std::max(largest, kilobytes * 1024);
  }
  if (largest != 0) return largest;
  long most = 0;
  for (const int level : {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL4_CACHE_SIZE})
    most = std::max(most, sysconf(level));
  return static_cast<std::uint64_t>(most);
}

std::uint64_t peak_resident_bytes() { return status_bytes("/proc/self/status", "VmHWM:"); }

double Times::median() const {
  if (seconds.empty()) return 0;
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double Times::spread() const {
  if (seconds.empty() || median() == 0) return 0;
  const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
  return (*most - *least) / 2 / median();
}

Times measure(std::uint32_t repetitions, const std::function<void()>& fn) {
  Times times;
  fn();
  for (std::uint32_t i = 0; i < repetitions; ++i) {
    const double start = now();
    fn();
    times.seconds.push_back(now() - start);
  }
  return times;
}

}  // namespace kinglet::host
