// Session, and what observers and providers are given, called with everything (sweep.h).
#include "kinglet/session.h"

#include <cstring>
#include <optional>

#include "model_generated.h"
#include "tests/bundle.h"
#include "tests/runtime/api/sweep.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::List;

struct Opened {
  Opened(AlignedBytes bytes, const Limits& wanted) : file(std::move(bytes)), limits(wanted) {}

  AlignedBytes file;
  Limits limits;
  Model model = *Model::open(file.span());
  Plan plan = *Plan::make(model, limits);
  AlignedBytes arena{plan.arena_bytes};
  Session* session = nullptr;
};

constexpr Limits kLimits{.context = 24, .source = 8, .rows = 8, .source_rows = 12, .outputs = 4, .sequences = 3};

// Each test runs for each of these, which `at_` chooses.
class SessionSweep : public testing::Sweep {
 public:
  using testing::Sweep::sweep;  // for an observer

 protected:
  void restore() override {
    if (at_work_) return;  // called back by the session that this would make anew
    Opened& now = *all_[at_];
    now.session = *Session::create(now.plan, now.arena.span());
    const std::int32_t tokens[] = {2, 3, 4};
    const Chunk chunk{.sequence = 0, .tokens = tokens};
    if (now.model.has_encoder()) check(now.session->encode({&chunk, 1}));
    if (now.model.has_decoder()) check(now.session->step({&chunk, 1}));
  }
  static void check(const Status& status) { ASSERT_TRUE(status.ok()) << status.message(); }
  Session& session() { return *all_[at_]->session; }

  // What one step, or one encoding, gives is what it gave before anything was attacked.
  std::vector<float> answer() {
    restore();
    const auto row = session().output(0);
    return {row.begin(), row.end()};
  }

  template <class Test>
  void for_all(const Test& test) {
    for (at_ = 0; at_ < std::size(all_); ++at_) {
      const std::vector<float> before = answer();
      test();
      EXPECT_EQ(answer(), before);
    }
  }

  std::unique_ptr<Opened> all_[4] = {std::make_unique<Opened>(AlignedBytes(testing::text_decoder()), kLimits),
                                     std::make_unique<Opened>(AlignedBytes(testing::text_translator()), kLimits),
                                     std::make_unique<Opened>(AlignedBytes(testing::text_encoder()),
                                                              Limits{.source = 8, .source_rows = 12, .sequences = 3}),
                                     std::make_unique<Opened>(AlignedBytes(testing::tiny_recurrent()), kLimits)};
  std::size_t at_ = 0;
  bool at_work_ = false;
};

TEST_F(SessionSweep, Create) {
  for_all([&] {
    const Plan& plan = all_[at_]->plan;
    AlignedBytes own(plan.arena_bytes);
    sweep("Session::create", [&](std::span<std::byte> arena, std::uint32_t isa, std::size_t cache_bytes, bool plain) {
      if (arena.size() == kRoom) arena = own.span();
      if (arena.size() == 41) arena = own.span().first(plan.arena_bytes - 1);
      SessionOptions options;
      options.cache_bytes = cache_bytes;
      const char* const names[] = {"", nullptr, "no such set", "portable"};
      options.isa = names[isa % 4];
      if (!plain) options.features = {.neon = true, .dotprod = true, .i8mm = true};
      return Session::create(plan, arena, options).status();
    });
    EXPECT_EQ(Session::create(Plan{}, own.span()).status().code(), Code::kOutOfMemory);
  });
}

TEST_F(SessionSweep, Calls) {
  for_all([&] {
    const auto call = [&](const auto& function) {
      return [&, function](std::span<const std::int32_t> tokens, std::uint32_t sequence,
                           std::span<const std::uint8_t> types, std::uint32_t want) {
        if (types.size() == kRoom) types = {};
        const Chunk chunk{
            .sequence = sequence - 1, .tokens = tokens, .types = types, .want = static_cast<Want>(want % 3)};
        return function(std::span(&chunk, 1));
      };
    };
    const bool encodes = all_[at_]->model.has_encoder(), steps = all_[at_]->model.has_decoder();
    if (encodes)
      sweep("Session::encode", call([&](std::span<const Chunk> chunks) { return session().encode(chunks); }));
    if (steps) sweep("Session::step", call([&](std::span<const Chunk> chunks) { return session().step(chunks); }));
    restore();
    EXPECT_FALSE(session().encode({}).ok());
    EXPECT_FALSE(session().step({}).ok());
    // More chunks than any plan has sequences, two of one sequence, and what such a model does not read.
    const std::int32_t token = 2;
    const std::uint8_t pixel = 0;
    const std::vector<Chunk> many(1U << 16, Chunk{.tokens = {&token, 1}});
    const Chunk grid{.grid = {.bytes = {&pixel, 1}}};
    for (const bool encode : {false, true}) {
      const auto run = [&](std::span<const Chunk> chunks) {
        return encode ? session().encode(chunks) : session().step(chunks);
      };
      EXPECT_FALSE(run(many).ok());
      EXPECT_FALSE(run(std::span(many).first(2)).ok());
      EXPECT_FALSE(run({&grid, 1}).ok());
    }
  });
}

TEST_F(SessionSweep, Outputs) {
  for_all([&] {
    sweep("Session::outputs", [&] { return session().outputs(); });
    sweep("Session::output", [&](std::uint32_t index) {
      EXPECT_EQ(session().output(index).empty(), index >= session().outputs());
      return session().output(index);
    });
    sweep("Session::length", [&](std::uint32_t sequence) { return session().length(sequence); });
    sweep("Session::source_length", [&](std::uint32_t sequence) { return session().source_length(sequence); });
    sweep("Session::truncate",
          [&](std::uint32_t sequence, std::uint32_t length) { return session().truncate(sequence, length); });
    sweep("Session::forget", [&](std::uint32_t sequence) { return session().forget(sequence); });
    sweep("Session::reorder", [&](std::span<const std::uint32_t> parents) { return session().reorder(parents); });
    sweep("Session::plan", [&] { return session().plan().arena_bytes; });
    sweep("Session::isa", [&] { return std::string_view(session().isa()); });
    sweep("Session::kernels", [&] { return session().kernels() != nullptr; });
  });
}

TEST_F(SessionSweep, Scores) {
  for_all([&] {
    sweep("Session::restrict", [&](std::span<const std::int32_t> tokens) {
      if (auto s = session().restrict(tokens); !s.ok()) return s;
      const std::int32_t token = 2;
      const Chunk chunk{.tokens = {&token, 1}};
      return all_[at_]->model.has_decoder() ? session().step({&chunk, 1}) : Status{};
    });
    // A model without scores refuses to pick.
    if (!all_[at_]->model.has_decoder()) {
      EXPECT_EQ(session().pick({}).code(), Code::kUnsupported);
      session().stop_picking();
      EXPECT_FALSE(session().picked(0).ok());
      return;
    }
    sweep("Session::pick", [&](List never, List more_never) {
      if (auto s = session().pick(never.tokens, more_never.tokens); !s.ok()) return s;
      const std::int32_t token = 2;
      const Chunk chunk{.tokens = {&token, 1}};
      return session().step({&chunk, 1});
    });
    sweep("Session::picked", [&](std::uint32_t index, bool picks) {
      if (!picks) check(session().pick({}));
      const std::int32_t token = 2;
      const Chunk chunk{.tokens = {&token, 1}};
      check(session().step({&chunk, 1}));
      EXPECT_EQ(session().picked(index - 1).ok(), !picks && index == 1);
      return session().picked(index - 1);
    });
    sweep("Session::stop_picking", [&] {
      session().stop_picking();
      check(session().pick({}));
      session().stop_picking();
      return session().picked(0).ok() ? Status{Code::kBadArgument, "picked"} : Status{};
    });
  });
}

TEST_F(SessionSweep, Captures) {
  for_all([&] {
    sweep("Session::capture", [&](std::uint32_t attention, std::uint32_t sequence, std::uint32_t rows,
                                  std::uint32_t columns, std::span<float> weights) {
      const AttentionCapture capture{.attention = attention - 1,
                                     .sequence = sequence - 1,
                                     .rows = rows * 2,
                                     .columns = columns * 24,
                                     .weights = weights};
      if (auto s = session().capture({&capture, 1}); !s.ok()) return s;
      const std::int32_t token = 2;
      const Chunk chunk{.tokens = {&token, 1}};
      const Status done = all_[at_]->model.has_decoder() ? session().step({&chunk, 1}) : session().encode({&chunk, 1});
      check(session().capture({}));
      return done;
    });
    sweep("Session::captures", [&] { return session().captures(); });
    restore();
    // Memory of the arena, of the file, of another capture, of the list itself.
    std::vector<float> room(4096);
    const auto floats = [](std::span<const std::byte> bytes) {
      return std::span(reinterpret_cast<float*>(const_cast<std::byte*>(bytes.data())), bytes.size() / sizeof(float));
    };
    AttentionCapture captures[] = {{.rows = 8, .columns = 24, .weights = std::span(room).first(2048)},
                                   {.sequence = 1, .rows = 8, .columns = 24, .weights = std::span(room).last(2048)}};
    check(session().capture(captures));
    for (const auto other :
         {floats(all_[at_]->arena.span()), floats(std::as_bytes(std::span(room)).subspan(4096)),
          floats({reinterpret_cast<const std::byte*>(&captures[0]), sizeof captures + 65536 * sizeof(float)}),
          floats({all_[at_]->file.span().data() + 64, 65536 * sizeof(float)})}) {
      captures[1].weights = other;
      const Status refused = session().capture(captures);
      EXPECT_EQ(refused.code(), Code::kBadArgument);
      EXPECT_EQ(refused.subject(), 1U);
    }
    check(session().capture({}));
  });
}

// Inside a session's call, for each operator.
TEST_F(SessionSweep, Observations) {
  for_all([&] {
    struct Seen {
      SessionSweep* sweep;
      int reads = 0;
    } seen{this};
    const auto observe = [](void* context, const Observation& seen_now) {
      SessionSweep& self = *static_cast<Seen*>(context)->sweep;
      if (seen_now.width == 0) return;
      ++static_cast<Seen*>(context)->reads;
      self.sweep("Observation::read", [&](std::uint32_t row, std::span<float> out) {
        if (out.size() == 41 && seen_now.width <= 41) out = out.first(seen_now.width - 1);
        seen_now.read(row - 1, out);
      });
    };
    Opened& now = *all_[at_];
    const bool encode = now.model.has_encoder();
    SessionOptions options;
    options.observer = {.after = observe, .context = &seen};
    now.session = *Session::create(now.plan, now.arena.span(), options);
    at_work_ = true;
    const std::int32_t tokens[] = {2, 3};
    const Chunk chunk{.tokens = tokens};
    check(encode ? now.session->encode({&chunk, 1}) : now.session->step({&chunk, 1}));
    at_work_ = false;
    EXPECT_GT(seen.reads, 0);
  });
  Observation{}.read(0, {});
}

}  // namespace
}  // namespace kinglet
