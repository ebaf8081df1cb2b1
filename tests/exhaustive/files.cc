// Every damage of one byte that a model file can have: each truncation, each value of each byte of its program, and of the smallest all
// pairs of flipped bits within one vtable. What is accepted is run to the end, the session and the tasks; work is counted. Of five models,
// which together have every operator and every kind of tokenizer. Built with sanitizers, and run by ./dev fuzz exhaustive: an hour, which can
// be ended and goes on where it was.
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kinglet/model.h"
#include "tests/aligned.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/model_bytes.h"
#include "tests/fuzz/numbers.h"
#include "tests/fuzz/run_file.h"
#include "tests/fuzz/small_tokenizers.h"
#include "tests/runtime/tasks/text_model.h"

// What this thread's file has taken, where it is counted: clang calls the function below at each branch of the runtime (tests/fuzz/CMakeLists.txt).
// Work without end ends here.
static thread_local std::uint64_t steps;
#ifdef KINGLET_COUNT_STEPS
constexpr bool kCounted = true;
constexpr std::uint64_t kMostSteps = 1U << 28;  // some times what any file was seen to take
extern "C" void __sanitizer_cov_trace_pc();
extern "C" void __sanitizer_cov_trace_pc() {
  if (++steps > kMostSteps) std::abort();
}
#else
constexpr bool kCounted = false;
#endif

namespace kinglet::fuzz {
namespace {

using File = std::vector<std::byte>;

// ---------------------------------------------------------------- models

File pictures() {
  const auto path = std::filesystem::temp_directory_path() / "kinglet-exhaustive.kgl";
  converter::testing::write_program(converter::testing::tiny_pictures(), path);
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  std::filesystem::remove(path);
  const auto all = std::as_bytes(std::span(bytes));
  return {all.begin(), all.end()};
}

struct Named {
  const char* name;
  File file;
};

std::vector<Named> models() {
  std::vector<Named> all;
  all.push_back({"encoder", testing::text_encoder([](fb::ModelT& model) { model.tokenizer = wordpiece(); })});
  all.push_back({"decoder", testing::text_decoder([](fb::ModelT& model) { model.tokenizer = merging(); })});
  all.push_back({"translator", testing::text_translator([](fb::ModelT& model) {
                   model.tokenizer = unigram();
                   model.target_tokenizer = merging();
                 })});
  all.push_back({"recurrent", testing::changed(testing::tiny_recurrent(), [](fb::ModelT& model) {
                   model.tokenizer = testing::letters(model.vocabulary);
                   model.generation = std::make_unique<fb::GenerationT>();
                   model.generation->start = {testing::kStart};
                   model.generation->stop = {testing::kEnd};
                 })});
  all.push_back({"pictures", pictures()});
  return all;
}

// Whether an operator or a kind of tokenizer is in none of them.
bool lacks_something(const std::vector<Named>& all) {
  std::set<fb::Body> operators;
  std::set<fb::TokenModel> tokenizers;
  for (const Named& model : all) {
    const fb::Model& root = *fb::GetSizePrefixedModel(model.file.data());
    for (const fb::Function* function : {root.encode(), root.step()}) {
      if (function == nullptr) continue;
      for (const fb::Operator* op : *function->operators()) operators.insert(op->body_type());
    }
    if (root.tokenizer() != nullptr) tokenizers.insert(root.tokenizer()->model());
  }
  return operators.size() != static_cast<std::size_t>(fb::Body::MAX) ||
         tokenizers.size() != static_cast<std::size_t>(fb::TokenModel::MAX) + 1;
}

// ---------------------------------------------------------------- trying

constexpr unsigned kMostThreads = 64;
struct Trial {
  const char* name;
  const char* what;
  std::size_t first, second;
};
std::array<Trial, kMostThreads> trials;  // what each thread is at, for whoever has to repeat it

void tell() {
  for (const Trial& trial : trials) {
    if (trial.name != nullptr)
      std::fprintf(stderr, "tried: %s, %s %zu, %zu\n", trial.name, trial.what, trial.first, trial.second);
  }
}

struct Tally {
  std::uint64_t refused = 0, large = 0, ran = 0, in_vain = 0;
  double slowest = 0;                   // seconds
  std::uint64_t opening = 0, most = 0;  // steps of Model::open, and of all that is done with a file, at most

  std::uint64_t tried() const { return refused + large + ran + in_vain; }
  void add(const Tally& other) {
    refused += other.refused;
    large += other.large;
    ran += other.ran;
    in_vain += other.in_vain;
    slowest = std::max(slowest, other.slowest);
    opening = std::max(opening, other.opening);
    most = std::max(most, other.most);
  }
  void print(const char* name) const {
    std::printf("%-12s", name);
    for (const std::uint64_t count : {tried(), refused, large, ran, in_vain, opening, most})
      std::printf(" %10llu", static_cast<unsigned long long>(count));
    std::printf(" %8.2f\n", slowest);
    std::fflush(stdout);
  }
};

// Far more than any file takes: what is at work then does not end.
constexpr unsigned kSeconds = 120;
void end_hung(int) {
  std::fprintf(stderr, "one of these takes longer than %u seconds\n", kSeconds);
  tell();
  std::_Exit(1);
}

// Opening takes no more than so many steps for each byte of the program: what else lies in a file is not looked at.
std::uint64_t steps_to_open(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kEach = 3, kAtLeast = 256;
  const kinglet::testing::AlignedBytes file(bytes);
  const std::size_t program = program_of(bytes).size();
  steps = 0;
  (void)Model::open(file.span());
  if (kCounted && (steps == 0 || steps > kEach * program + kAtLeast)) {
    std::fprintf(stderr, "%llu steps to open a program of %zu bytes\n", static_cast<unsigned long long>(steps),
                 program);
    std::abort();
  }
  return steps;
}

// Weights cost nothing, however many there are.
bool opens_as_quickly_with_more(const Named& model) {
  constexpr std::size_t kMore = 1U << 20;
  File more = model.file;
  more.resize(more.size() + kMore);
  return steps_to_open(model.file) == steps_to_open(more);
}

void try_file(std::span<const std::byte> file, std::uint32_t seed, Tally& tally) {
  alarm(kSeconds);
  tally.opening = std::max(tally.opening, steps_to_open(file));
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = run_file(file, seed | 1U);  // the session
  const bool ran = outcome == Outcome::kRan, in_vain = outcome == Outcome::kRanInVain;
  if (ran || in_vain) (void)run_file(file, seed & ~1U);  // the tasks
  tally.slowest =
      std::max(tally.slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  tally.most = std::max(tally.most, steps);
  ++(ran ? tally.ran : in_vain ? tally.in_vain : outcome == Outcome::kRefused ? tally.refused : tally.large);
}

// What was tried before, and where to write what is tried now: a line for each stretch of indices, so that a run can be ended and go on.
class Record {
 public:
  explicit Record(const char* path) {
    if (path == nullptr) return;
    std::ifstream before(path);
    for (std::string key; before >> key;) {
      Tally tally;
      before >> tally.refused >> tally.large >> tally.ran >> tally.in_vain >> tally.slowest >> tally.opening >>
          tally.most;
      if (before) known_[key] = tally;
    }
    out_.open(path, std::ios::app);
    if (!out_) throw std::runtime_error(std::string("cannot write to ") + path);
  }
  const Tally* find(const std::string& key) const {
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : &found->second;
  }
  void add(const std::string& key, const Tally& tally) {
    if (!out_.is_open()) return;
    out_ << key << ' ' << tally.refused << ' ' << tally.large << ' ' << tally.ran << ' ' << tally.in_vain << ' '
         << tally.slowest << ' ' << tally.opening << ' ' << tally.most << std::endl;
  }

 private:
  std::map<std::string, Tally> known_;
  std::ofstream out_;
};

struct Work {
  std::size_t every = 1;
  std::set<std::string> wanted;  // models; none: all
  std::chrono::steady_clock::time_point end = std::chrono::steady_clock::time_point::max();
  Record record{nullptr};
  bool left = false;  // something was not tried: there was no time

  bool is_over() const { return std::chrono::steady_clock::now() > end; }
};

// try_one(index, trial, tally) for every index below `count` that is a multiple of `every`, on all processors. `key` says which these are, of
// which file.
template <class TryOne>
Tally try_all(Work& work, const std::string& key, std::size_t count, const TryOne& try_one) {
  constexpr std::size_t kStretch = 1U << 14;
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  Tally sum;
  for (std::size_t begin = 0; begin < count; begin += kStretch * work.every) {
    const std::string name = key + "@" + std::to_string(begin) + "/" + std::to_string(work.every);
    if (const Tally* known = work.record.find(name)) {
      sum.add(*known);
      continue;
    }
    if (work.is_over()) {
      work.left = true;
      break;
    }
    const std::size_t last = std::min(count, begin + kStretch * work.every);
    std::vector<Tally> tallies(threads);
    std::vector<std::thread> running;
    for (unsigned t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {
        for (std::size_t i = begin + t * work.every; i < last; i += threads * work.every)
          try_one(i, trials[t], tallies[t]);
        trials[t] = {};
      });
    }
    Tally stretch;
    for (unsigned t = 0; t < threads; ++t) {
      running[t].join();
      stretch.add(tallies[t]);
    }
    work.record.add(name, stretch);
    sum.add(stretch);
  }
  return sum;
}

// Of this program, so that what another build tried is tried again.
std::uint32_t seed_of_program() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return seed_of(std::as_bytes(std::span(bytes)));
}

// Another file, or another program, is another key.
std::string key_of(const Named& model, const char* what) {
  static const std::string program = std::to_string(seed_of_program());
  return program + "-" + model.name + "-" + std::to_string(seed_of(model.file)) + ":" + what;
}

Tally truncations(Work& work, const Named& model) {
  return try_all(work, key_of(model, "cut"), model.file.size(), [&](std::size_t size, Trial& trial, Tally& tally) {
    trial = {model.name, "cut to", size, 0};
    const std::uint64_t refused = tally.refused;
    try_file(std::span(model.file).first(size), 0, tally);
    if (tally.refused != refused + 1) {
      std::fprintf(stderr, "%s is accepted where it is cut to %zu bytes\n", model.name, size);
      std::abort();
    }
  });
}

// Each value but the one that is there.
Tally values(Work& work, const Named& model) {
  return try_all(work, key_of(model, "values"), program_of(model.file).size() * 256,
                 [&](std::size_t index, Trial& trial, Tally& tally) {
                   const auto value = static_cast<std::byte>(index % 256);
                   if (model.file[index / 256] == value) return;
                   trial = {model.name, "byte and value", index / 256, index % 256};
                   File file = model.file;
                   file[index / 256] = value;
                   try_file(file, static_cast<std::uint32_t>(index), tally);
                 });
}

Tally pairs_in_vtables(Work& work, const Named& model) {
  std::set<std::pair<std::size_t, std::size_t>> vtables;  // where, and how many bits
  for (const std::size_t table : Numbers(program_of(model.file)).tables) {
    const std::byte* at = model.file.data() + table;
    const auto vtable =
        static_cast<std::size_t>(static_cast<std::int64_t>(table) - flatbuffers::ReadScalar<std::int32_t>(at));
    vtables.emplace(vtable, flatbuffers::ReadScalar<std::uint16_t>(model.file.data() + vtable) * 8U);
  }
  Tally sum;
  for (const auto& [begin, bits] : vtables) {
    const std::string key = key_of(model, "vtable") + std::to_string(begin);
    sum.add(
        try_all(work, key, bits * bits, [&, begin = begin, bits = bits](std::size_t index, Trial& trial, Tally& tally) {
          const std::size_t first = index / bits, second = index % bits;
          if (first >= second) return;
          trial = {model.name, "flipped bits", begin * 8 + first, begin * 8 + second};
          File file = model.file;
          for (const std::size_t bit : {first, second}) file[begin + bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
          try_file(file, static_cast<std::uint32_t>(index), tally);
        }));
  }
  return sum;
}

int run(Work& work) {
  std::vector<Named> all = models();
  if (lacks_something(all)) {
    std::fputs("an operator or a kind of tokenizer is in none of the models\n", stderr);
    return 1;
  }
  for (const Named& model : all) {
    if (!opens_as_quickly_with_more(model)) {
      std::fprintf(stderr, "%s takes longer to open where more lies behind its program\n", model.name);
      return 1;
    }
    for (const std::uint32_t seed : {1U, 3U, 5U, 7U}) {
      if (run_file(model.file, seed) == Outcome::kRan) continue;
      std::fprintf(stderr, "%s does not run as it is\n", model.name);
      return 1;
    }
  }
  __sanitizer_set_death_callback(tell);
  std::signal(SIGABRT, [](int) { tell(); });
  std::signal(SIGALRM, end_hung);
  const auto smallest = std::min_element(all.begin(), all.end(), [](const Named& a, const Named& b) {
    return program_of(a.file).size() < program_of(b.file).size();
  });
  std::printf("%-12s %10s %10s %10s %10s %10s %10s %10s %8s\n", "", "tried", "refused", "too large", "ran", "in vain",
              "to open", "steps", "slowest");
  Tally sum;
  for (const Named& model : all) {
    if (!work.wanted.empty() && !work.wanted.contains(model.name)) continue;
    Tally own = truncations(work, model);
    if (&model == &*smallest) own.add(pairs_in_vtables(work, model));
    own.add(values(work, model));
    own.print(model.name);
    sum.add(own);
  }
  sum.print("all");
  if (work.left) std::puts("not all: the time was over");
  return 0;
}

}  // namespace
}  // namespace kinglet::fuzz

// [--every N] [--seconds S] [--record FILE] [MODEL…]
int main(int argc, char** argv) {
  kinglet::fuzz::Work work;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--every" && more) {
      work.every = std::max<std::size_t>(1, std::strtoull(argv[++i], nullptr, 10));
    } else if (argument == "--seconds" && more) {
      work.end = std::chrono::steady_clock::now() + std::chrono::seconds(std::strtoull(argv[++i], nullptr, 10));
    } else if (argument == "--record" && more) {
      work.record = kinglet::fuzz::Record(argv[++i]);
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    } else {
      work.wanted.emplace(argument);
    }
  }
  return kinglet::fuzz::run(work);
}
