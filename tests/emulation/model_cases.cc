// Whole models, from file to logits: a decoder, an encoder and both, each in calls of several sequences and many lengths.
#include <span>

#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/emulation/same_bits.h"

// models.S
extern "C" const std::byte tiny_decoder[], tiny_decoder_end[];
extern "C" const std::byte tiny_encoder[], tiny_encoder_end[];
extern "C" const std::byte tiny_translator[], tiny_translator_end[];
extern "C" const std::byte tiny_recurrent[], tiny_recurrent_end[];

namespace kinglet::emulation {
namespace {

constexpr std::uint32_t kSequences = 2;
constexpr std::uint32_t kRows = 24;    // of one call
constexpr std::uint32_t kLength = 40;  // of a sequence
constexpr std::size_t kCalls = 12;

// Tokens of all calls, the same for every kernel set.
struct Script {
  struct Call {
    std::uint32_t lengths[kSequences];
  };
  Call source;
  Call calls[kCalls];
  const std::int32_t* tokens;
  const std::uint8_t* types;
};

Script script(Suite& s, std::uint32_t vocabulary) {
  Script made{};
  for (std::uint32_t& length : made.source.lengths)
    length = static_cast<std::uint32_t>(s.random.between(1, kRows / kSequences));
  std::uint32_t room[kSequences] = {kLength, kLength};
  for (Script::Call& call : made.calls) {
    for (std::uint32_t i = 0; i < kSequences; ++i) {
      const std::size_t most = s.random.below(3) == 0 ? kRows / kSequences : 2;
      call.lengths[i] = static_cast<std::uint32_t>(s.random.between(0, most < room[i] ? most : room[i]));
      room[i] -= call.lengths[i];
    }
  }
  auto* tokens = s.memory.take<std::int32_t>(kRows * (kCalls + 1));
  auto* types = s.memory.take<std::uint8_t>(kRows * (kCalls + 1));
  for (std::size_t i = 0; i < kRows * (kCalls + 1); ++i) {
    tokens[i] = static_cast<std::int32_t>(s.random.below(vocabulary));
    types[i] = static_cast<std::uint8_t>(s.random.below(2));
  }
  made.tokens = tokens;
  made.types = types;
  return made;
}

// One model, one kernel set: where its outputs go.
struct Run {
  Suite& suite;
  Session& session;
  const Script& script;
  bool typed;
  float* out;
  const float* end;

  // Call `number`; 0 is the encoder's.
  Status call(std::size_t number) {
    const Script::Call& lengths = number == 0 ? script.source : script.calls[number - 1];
    Chunk chunks[kSequences];
    std::size_t count = 0, first = number * kRows;
    for (std::uint32_t i = 0; i < kSequences; ++i) {
      const std::uint32_t length = lengths.lengths[i];
      if (length == 0) continue;
      chunks[count] = {i, {script.tokens + first, length}, {}, Want::kAll};
      if (typed) chunks[count].types = {script.types + first, length};
      ++count;
      first += length;
    }
    if (count == 0) return {};
    const std::span<const Chunk> all(chunks, count);
    if (auto status = number == 0 ? session.encode(all) : session.step(all); !status.ok()) return status;
    return collect();
  }

  Status collect() {
    for (std::uint32_t i = 0; i < session.outputs(); ++i) {
      const std::span<const float> row = session.output(i);
      if (row.size() > static_cast<std::size_t>(end - out)) return {Code::kOutOfMemory, "more outputs than expected"};
      std::memcpy(out, row.data(), row.size() * sizeof(float));
      out += row.size();
    }
    return {};
  }
};

Status run(Suite& s, const Plan& plan, const Script& script, const Kernels& kernels, const Output& output,
           std::size_t floats) {
  auto* arena = s.memory.take<std::byte>(plan.arena_bytes);
  const char* isa = &kernels == stand_in() ? "portable" : kernels.name;  // a session finds the sets of the library
  auto session = Session::create(plan, {arena, plan.arena_bytes},
                                 {.isa = isa, .features = s.features, .parallel = {}, .observer = {}});
  if (!session.ok()) return session.status();
  Run calls{s, **session, script, plan.model.root().types() > 1, output.floats, output.floats + floats};
  for (std::size_t i = plan.model.has_encoder() ? 0 : 1; i <= (plan.model.has_decoder() ? kCalls : 0); ++i) {
    if (auto status = calls.call(i); !status.ok()) return status;
  }
  return calls.out == output.floats ? Status{Code::kBadArgument, "no output"} : Status{};
}

Status compare(Suite& s, std::span<const std::byte> file) {
  s.memory.clear();
  auto model = Model::open(file);
  if (!model.ok()) return model.status();
  if (auto status = model->verify_checksums(); !status.ok()) return status;
  Limits limits;
  limits.context = model->has_decoder() ? kLength : 0;
  limits.source = model->has_encoder() ? kRows / kSequences : 0;
  limits.rows = model->has_decoder() ? kRows : 0;
  limits.source_rows = model->has_encoder() ? kRows : 0;
  limits.outputs = kRows;
  limits.sequences = kSequences;
  auto plan = Plan::make(*model, limits);
  if (!plan.ok()) return plan.status();
  const fb::Model& root = model->root();
  const std::uint32_t vocabulary = root.vocabulary() > 0 ? root.vocabulary() : root.source_vocabulary();
  const Script calls = script(s, vocabulary);
  const std::size_t floats = kRows * (kCalls + 1) * 64;  // rows of at most 64
  Status status;
  s.compare(floats, 0, [&](const Kernels& kernels, const Output& out) {
    if (auto one = run(s, *plan, calls, kernels, out, floats); !one.ok()) status = one;
  });
  return status;
}

}  // namespace

void model_cases(Suite& s) {
  const std::span<const std::byte> files[] = {{tiny_decoder, tiny_decoder_end},
                                              {tiny_encoder, tiny_encoder_end},
                                              {tiny_translator, tiny_translator_end},
                                              {tiny_recurrent, tiny_recurrent_end}};
  for (const auto& file : files) {
    for (int i = 0; i < 3; ++i) {
      if (auto status = compare(s, file); !status.ok()) s.fail(status.message());
    }
  }
}

}  // namespace kinglet::emulation
