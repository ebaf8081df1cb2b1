// Long use of one arena: `kinglet_soak FILE [--tokens N] [--sessions N] TEXT…`, a model that translates and texts for it. First N sessions, each made
// where the last one was, each with one translation, which has to be the one that its text got the first time; then N tokens, step by step, in
// one session whose context is emptied whenever it is full. What the process has in memory is asked all along, and may not change by a page.
// It prints that and the time for each token. Exit status: 0, or 1 with a message.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kinglet/translator.h"
#include "model_generated.h"
#include "tests/aligned.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kTextBytes = 512;

// Pages of the process that are in memory (proc(5), statm), asked without the heap.
long resident_pages() {
  char text[128] = {};
  const int file = open("/proc/self/statm", O_RDONLY);
  const ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  long all = 0, resident = 0;
  return size > 0 && std::sscanf(text, "%ld %ld", &all, &resident) == 2 ? resident : -1;
}

class Memory {
 public:
  void begin() { first_ = least_ = most_ = resident_pages(); }
  void look() {
    last_ = resident_pages();
    least_ = std::min(least_, last_);
    most_ = std::max(most_, last_);
  }
  bool flat() const { return first_ > 0 && least_ == first_ && most_ == first_; }
  void print(const char* of) const {
    const long kib = sysconf(_SC_PAGESIZE) / 1024;
    std::printf("%s: resident memory %ld KiB before, %ld KiB after, between %ld and %ld KiB: %s\n", of, first_ * kib,
                last_ * kib, least_ * kib, most_ * kib, flat() ? "flat to the page" : "NOT FLAT");
  }

 private:
  long first_ = 0, last_ = 0, least_ = 0, most_ = 0;
};

struct Soak {
  std::uint64_t tokens = 1'000'000, sessions = 100'000;
  Plan plan;
  AlignedBytes arena{0}, workspace{0};
  std::vector<std::string_view> texts;
  std::vector<std::string> translations;  // of each text, the first time

  Status translate(std::size_t text, Translation& made, std::span<char> out) {
    auto session = Session::create(plan, arena.span());
    if (!session.ok()) return session.status();
    auto translator = Translator::create(**session, workspace.span(), kTextBytes);
    if (!translator.ok()) return translator.status();
    auto result = translator->translate(texts[text], {}, out);
    if (result.ok()) made = *result;
    return result.status();
  }

  // False: a translation or the memory is not what it was.
  Status run_sessions(bool& good) {
    std::vector<char> out(std::size_t{1} << 16);
    Translation made;
    Memory memory;
    for (std::size_t text = 0; text < texts.size(); ++text) {
      if (auto s = translate(text, made, out); !s.ok()) return s;
      translations.emplace_back(made.text);
    }
    std::uint64_t other = 0, tokens_made = 0;
    const auto run = [&](std::uint64_t count) -> Status {
      for (std::uint64_t n = 0; n < count; ++n) {
        const std::size_t text = n % texts.size();
        if (auto s = translate(text, made, out); !s.ok()) return s;
        if (made.text != translations[text]) ++other;
        tokens_made += made.tokens;
        if (n % 16 == 0) memory.look();
      }
      return {};
    };
    if (auto s = run(2 * texts.size()); !s.ok()) return s;  // so that all code that runs is in memory
    tokens_made = 0;
    const auto begin = Clock::now();
    memory.begin();
    if (auto s = run(sessions); !s.ok()) return s;
    memory.look();
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    std::printf("%llu sessions on one arena of %zu bytes, %llu tokens, in %.1f s\n",
                static_cast<unsigned long long>(sessions), plan.arena_bytes,
                static_cast<unsigned long long>(tokens_made), seconds.count());
    std::printf("translations unlike the first of their text: %llu\n", static_cast<unsigned long long>(other));
    memory.print("sessions");
    good = good && other == 0 && memory.flat();
    return {};
  }

  // Reads a text and begins a translation of it.
  Status begin_text(Session& session, Translator& translator, std::size_t text) {
    std::int32_t source[kTextBytes];
    auto count = translator.source_tokens(texts[text], source);
    if (!count.ok()) return count.status();
    const Chunk chunk{.tokens = {source, *count}};
    return session.encode({&chunk, 1});
  }

  Status run_tokens(bool& good) {
    auto created = Session::create(plan, arena.span());
    if (!created.ok()) return created.status();
    Session& session = **created;
    auto translator = Translator::create(session, workspace.span(), kTextBytes);
    if (!translator.ok()) return translator.status();
    std::vector<std::uint32_t> nanoseconds(tokens, 1);
    std::int32_t token = 0;
    Memory memory;
    if (auto s = session.pick({}); !s.ok()) return s;
    const auto run = [&](std::uint64_t count) -> Status {
      std::size_t text = 0;
      for (std::uint64_t n = 0; n < count; ++n) {
        if (n % plan.limits.context == 0) {
          if (auto s = begin_text(session, *translator, text++ % texts.size()); !s.ok()) return s;
          token = plan.model.root().generation()->start()->Get(0);
        }
        const Chunk chunk{.tokens = {&token, 1}};
        const auto before = Clock::now();
        if (auto s = session.step({&chunk, 1}); !s.ok()) return s;
        auto picked = session.picked(0);
        const std::chrono::nanoseconds taken = Clock::now() - before;
        if (!picked.ok()) return picked.status();
        token = *picked;
        nanoseconds[n] = static_cast<std::uint32_t>(std::min<std::int64_t>(taken.count(), 0xffffffff));
        if (n % 64 == 0) memory.look();
      }
      return {};
    };
    if (auto s = run(std::min<std::uint64_t>(tokens, plan.limits.context)); !s.ok()) return s;
    memory.begin();
    if (auto s = run(tokens); !s.ok()) return s;
    memory.look();
    std::sort(nanoseconds.begin(), nanoseconds.end());
    const auto at = [&](double share) {
      const auto index = static_cast<std::size_t>(share * static_cast<double>(tokens));
      return nanoseconds[std::min(index, nanoseconds.size() - 1)] / 1000.0;
    };
    std::printf("%llu tokens in contexts of %u: p50 %.1f µs, p99 %.1f µs, p99.9 %.1f µs, longest %.1f µs a token\n",
                static_cast<unsigned long long>(tokens), plan.limits.context, at(0.5), at(0.99), at(0.999), at(1));
    memory.print("tokens");
    good = good && memory.flat();
    return {};
  }
};

int fail(Status status) {
  std::fprintf(stderr, "kinglet_soak: %s (%llu)\n", status.message(),
               static_cast<unsigned long long>(status.subject()));
  return 1;
}

int main_of(int argc, char** argv) {
  Soak soak;
  std::string_view path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    std::uint64_t* number = word == "--tokens" ? &soak.tokens : word == "--sessions" ? &soak.sessions : nullptr;
    if (number == nullptr) {
      if (path.empty()) {
        path = word;
      } else {
        soak.texts.push_back(word);
      }
      continue;
    }
    const std::string_view value = ++i < argc ? argv[i] : "";
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *number);
    if (error != std::errc() || end != value.data() + value.size() || *number == 0)
      return fail({Code::kBadArgument, "--tokens and --sessions take a number"});
  }
  std::ifstream stream{std::string(path), std::ios::binary};
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.empty() || soak.texts.empty())
    return fail({Code::kBadArgument, "usage: kinglet_soak FILE [--tokens N] [--sessions N] TEXT…"});
  const AlignedBytes file(std::as_bytes(std::span(bytes)));
  auto model = Model::open(file.span());
  if (!model.ok()) return fail(model.status());
  auto plan = Plan::make(*model);
  if (!plan.ok()) return fail(plan.status());
  const fb::Generation* generation = model->root().generation();
  if (generation == nullptr || generation->start() == nullptr || generation->start()->size() == 0)
    return fail({Code::kUnsupported, "the model has no token that begins a text"});
  soak.plan = *plan;
  soak.arena = AlignedBytes(plan->arena_bytes);
  auto workspace = Translator::workspace_bytes(*plan, kTextBytes);
  if (!workspace.ok()) return fail(workspace.status());
  soak.workspace = AlignedBytes(*workspace);
  // Every page is there before anything is measured.
  for (const std::span<std::byte> memory : {soak.arena.span(), soak.workspace.span()})
    std::memset(memory.data(), 0xa5, memory.size());
  bool good = true;
  if (auto s = soak.run_sessions(good); !s.ok()) return fail(s);
  if (auto s = soak.run_tokens(good); !s.ok()) return fail(s);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace kinglet

int main(int argc, char** argv) { return kinglet::main_of(argc, argv); }
