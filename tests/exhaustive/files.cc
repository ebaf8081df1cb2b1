// Every damage of one byte that a model file can have: each truncation, each value of each byte of its program, and of the smallest all
// pairs of flipped bits within one vtable. What is accepted is run to the end, the session and the tasks. Of five models, which together have
// every operator and every kind of tokenizer. Built with sanitizers, and run by ./dev fuzz exhaustive; hours of work.
#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/converter/tiny_pictures.h"
#include "tests/fuzz/model_bytes.h"
#include "tests/fuzz/numbers.h"
#include "tests/fuzz/run_file.h"
#include "tests/fuzz/small_tokenizers.h"
#include "tests/runtime/tasks/text_model.h"

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
  std::uint64_t refused = 0, large = 0, ran = 0;
  double slowest = 0;  // seconds

  std::uint64_t tried() const { return refused + large + ran; }
  void add(const Tally& other) {
    refused += other.refused;
    large += other.large;
    ran += other.ran;
    slowest = std::max(slowest, other.slowest);
  }
  void print(const char* name) const {
    std::printf("%-12s %10llu %10llu %10llu %10llu %8.2f\n", name, static_cast<unsigned long long>(tried()),
                static_cast<unsigned long long>(refused), static_cast<unsigned long long>(large),
                static_cast<unsigned long long>(ran), slowest);
    std::fflush(stdout);
  }
};

void try_file(std::span<const std::byte> file, std::uint32_t seed, Tally& tally) {
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = run_file(file, seed);
  if (outcome == Outcome::kRan) (void)run_file(file, seed ^ 1U);  // the session, or the tasks
  tally.slowest =
      std::max(tally.slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  ++(outcome == Outcome::kRefused ? tally.refused : outcome == Outcome::kTooLarge ? tally.large : tally.ran);
}

// try_one(index, trial, tally) for every index below `count` that is a multiple of `every`, on all processors.
template <class TryOne>
Tally try_all(std::size_t count, std::size_t every, const TryOne& try_one) {
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  std::vector<Tally> tallies(threads);
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (std::size_t i = t * every; i < count; i += threads * every) try_one(i, trials[t], tallies[t]);
      trials[t] = {};
    });
  }
  Tally sum;
  for (unsigned t = 0; t < threads; ++t) {
    running[t].join();
    sum.add(tallies[t]);
  }
  return sum;
}

Tally truncations(const Named& model, std::size_t every) {
  return try_all(model.file.size(), every, [&](std::size_t size, Trial& trial, Tally& tally) {
    trial = {model.name, "cut to", size, 0};
    const std::uint64_t refused = tally.refused;
    try_file(std::span(model.file).first(size), 0, tally);
    if (tally.refused != refused + 1) {
      std::fprintf(stderr, "%s is accepted where it is cut to %zu bytes\n", model.name, size);
      std::abort();
    }
  });
}

Tally values(const Named& model, std::size_t every) {
  return try_all(program_of(model.file).size() * 256, every, [&](std::size_t index, Trial& trial, Tally& tally) {
    trial = {model.name, "byte and value", index / 256, index % 256};
    File file = model.file;
    file[index / 256] = static_cast<std::byte>(index % 256);
    try_file(file, static_cast<std::uint32_t>(index), tally);
  });
}

Tally pairs_in_vtables(const Named& model, std::size_t every) {
  std::set<std::pair<std::size_t, std::size_t>> vtables;  // where, and how many bits
  for (const std::size_t table : Numbers(program_of(model.file)).tables) {
    const std::byte* at = model.file.data() + table;
    const auto vtable =
        static_cast<std::size_t>(static_cast<std::int64_t>(table) - flatbuffers::ReadScalar<std::int32_t>(at));
    vtables.emplace(vtable, flatbuffers::ReadScalar<std::uint16_t>(model.file.data() + vtable) * 8U);
  }
  Tally sum;
  for (const auto& [begin, bits] : vtables) {
    sum.add(try_all(bits * bits, every, [&, begin = begin, bits = bits](std::size_t index, Trial& trial, Tally& tally) {
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

int run(std::size_t every, const std::set<std::string>& wanted) {
  std::vector<Named> all = models();
  if (lacks_something(all)) {
    std::fputs("an operator or a kind of tokenizer is in none of the models\n", stderr);
    return 1;
  }
  __sanitizer_set_death_callback(tell);
  const auto smallest = std::min_element(all.begin(), all.end(), [](const Named& a, const Named& b) {
    return program_of(a.file).size() < program_of(b.file).size();
  });
  std::printf("%-12s %10s %10s %10s %10s %8s\n", "", "tried", "refused", "too large", "ran", "slowest");
  Tally sum;
  for (const Named& model : all) {
    if (!wanted.empty() && !wanted.contains(model.name)) continue;
    Tally own = truncations(model, every);
    own.add(values(model, every));
    if (&model == &*smallest) own.add(pairs_in_vtables(model, every));
    own.print(model.name);
    sum.add(own);
  }
  sum.print("all");
  return 0;
}

}  // namespace
}  // namespace kinglet::fuzz

int main(int argc, char** argv) {
  std::size_t every = 1;
  int next = 1;
  if (argc > 2 && std::string_view(argv[1]) == "--every") {
    every = std::max<std::size_t>(1, std::strtoull(argv[2], nullptr, 10));
    next = 3;
  }
  return kinglet::fuzz::run(every, {argv + next, argv + argc});
}
