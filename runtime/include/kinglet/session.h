// Session: the only mutable object. It lives in the caller's arena; after `create` nothing allocates.
//
//     auto session = kinglet::Session::create(*plan, arena);
//     kinglet::Chunk chunk{.sequence = 0, .tokens = prompt};
//     if (auto s = (*session)->step({&chunk, 1}); !s.ok()) return s;
//     std::span<const float> logits = (*session)->output(0);       // of the last row
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/attention.h"
#include "kinglet/chunk.h"
#include "kinglet/isa.h"
#include "kinglet/parallel.h"
#include "kinglet/plan.h"
#include "kinglet/provider.h"
#include "kinglet/status.h"

namespace kinglet {

namespace kernels {
struct Kernels;
}

// One operator's result, for whoever wants to look inside (fidelity reports, profiles). Valid during the callback.
class Observation {
 public:
  bool encode = false;          // of the function `encode`, else of `step`
  std::uint32_t op = 0;         // index in the function's operators
  std::uint32_t first_row = 0;  // rows of each sequence that a sequential function ran before
  std::uint32_t rows = 0;
  std::uint32_t width = 0;  // 0: it only fills a state, or scores of which only the best are wanted
  // [width]; a quantized result is converted back. Nothing where there is no such row, or less room.
  void read(std::uint32_t row, std::span<float> out) const;

 private:
  friend struct Runner;
  const struct Frame* frame_ = nullptr;
  int floats_ = -1;
  int quantized_ = -1;
};

struct Observer {
  void (*after)(void* context, const Observation& observation) = nullptr;  // after each operator
  void* context = nullptr;
};

struct SessionOptions {
  const char* isa = nullptr;  // force a kernel set by name; nullptr: the best of `isas` (kinglet/isa.h)
  CpuFeatures features = {};  // of an Arm processor, as the port knows them
  Parallel parallel;
  Observer observer;
  std::uint64_t cache_bytes = 0;  // of the last-level cache, or 0 if unknown: larger weights are read in another way
  Provider provider = {};         // computes some operators in the runtime's place, and not with its bits
};

class Session {
 public:
  // `arena` is aligned to 64 bytes and at least plan.arena_bytes long; the session lives inside it and is never destroyed.
  // kUnsupported: no such kernel set, or a thread's floats are not those of IEEE 754 (denormals taken for zero, another rounding), so
  // that the bits would be other ones. Threads are asked once, here. A provider's failure is passed on.
  static Result<Session*> create(const Plan& plan, std::span<std::byte> arena, const SessionOptions& options = {});

  // Runs the encoder over whole sequences: an encoder-only model leaves its output rows, an encoder-decoder the memory
  // that `step` attends to (and empties the sequence's decoder cache). Each sequence gets a source of its own: kBadArgument where
  // sequences that are not named hold so many of the plan's sources that too few are left. Bad arguments change nothing; a failure later than
  // that (kNotFinite) leaves the named sequences without a source.
  Status encode(std::span<const Chunk> chunks);

  // Runs the decoder over the next tokens of each sequence. On failure the session is as before the call.
  Status step(std::span<const Chunk> chunks);

  // Output rows of the last call, in the order of the chunks and their rows. Valid until the next call.
  std::uint32_t outputs() const;
  std::span<const float> output(std::uint32_t index) const;  // [width]

  std::uint32_t length(std::uint32_t sequence) const;         // positions in the decoder cache
  std::uint32_t source_length(std::uint32_t sequence) const;  // encoder rows kept
  // Forgets positions from `length` on. kUnsupported: a recurrent model has no way back but to the beginning.
  Status truncate(std::uint32_t sequence, std::uint32_t length);
  Status forget(std::uint32_t sequence);  // all positions and the source

  // Sequence i becomes what parents[i] was, its source included, for all i at once; sequences from parents.size() on stay. No
  // cache is copied: caches are shared until a sequence goes on, which then copies the 15 positions at most that do not fill a page of 16.
  // Output rows stay valid. kBadArgument: a sequence that is not in the plan; nothing has changed.
  Status reorder(std::span<const std::uint32_t> parents);

  // From now on only these tokens get logits, all others minus infinity (none: all get them): a lexical shortlist, or the words of a
  // command grammar. Weights of the output are read only where a group of 16 tokens has one of them. `tokens` ascends, stays the
  // caller's and must outlive it; give the stop tokens, too, or no text ends. kBadArgument: not ascending, or not in the vocabulary.
  // kUnsupported: the step function does not end in scores of the vocabulary.
  Status restrict(std::span<const std::int32_t> tokens);

  // From now on `step` looks only for the best token of each output row (the largest logit; the lowest of equal tokens), and `output`
  // gives nothing: the logits are never written anywhere. `never` are tokens that are not chosen; both lists stay the caller's and must
  // outlive it. kBadArgument: one is not in the vocabulary. kUnsupported: the step function does not end in scores of the vocabulary.
  // `step` then gives kNotFinite where a logit is a NaN or +infinity. Both functions end the last call's output rows. Generator,
  // Translator and searches turn it on and off as they need it: afterwards it is off.
  Status pick(std::span<const std::int32_t> never, std::span<const std::int32_t> more_never = {});
  void stop_picking();
  // kBadArgument: no token is left to choose from, or there is no such row.
  Result<std::int32_t> picked(std::uint32_t index) const;

  // From now on writes attention weights there; `captures` and their memory stay the caller's and must outlive it (none: stops).
  // kBadArgument, the subject being the capture's index: no such attention or sequence, memory smaller than it says, or memory that is
  // another capture's, the arena's or the file's. A call whose
  // rows or columns do not fit a capture is refused, too.
  Status capture(std::span<const AttentionCapture> captures);
  std::span<const AttentionCapture> captures() const;

  const Plan& plan() const;
  const char* isa() const;                  // name of the kernel set
  const kernels::Kernels* kernels() const;  // it, for what else works on logits

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  Session() = default;
  struct Impl;  // the session itself, at the beginning of the arena
};

}  // namespace kinglet
