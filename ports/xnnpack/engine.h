// XNNPACK as a provider of operators (kinglet/provider.h): convolutions and pooling of grids in floats, or in int8 with
// scales that the file has; sums and activations; and linear layers of int8 rows.
//
//     xnnpack::Engine measuring(pool, {});                        // a session made with it says how much memory XNNPACK wants
//     Session::create(plan, arena, {.provider = measuring.provider()});
//     xnnpack::Engine engine(pool, {}, block);                    // `block` of measuring.bytes()
//     Session::create(plan, arena, {.provider = engine.provider()});
//
// After the second create nothing is allocated. XNNPACK reads up to kReadsBehind bytes behind an operator's input, so as many behind the
// arena must be readable. Its library is initialized once in a process, with a hook that takes all its memory
// from the engines' blocks; a program that has initialized it before cannot have an engine.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "kinglet/provider.h"

struct pthreadpool;

namespace kinglet::xnnpack {

inline constexpr std::size_t kReadsBehind = 64;

extern const bool kHasLinear;              // dynamically quantized fully-connected layers
extern const bool kHasStaticConvolutions;  // statically quantized ones
extern const bool kHasElementwise;         // sums and activations

struct Options {
  // Which kinds of operators it may take.
  bool convolutions = true;  // of one group
  bool grouped = true;       // convolutions of several
  bool depthwise = true;
  bool pooling = true;
  bool linear = true;       // where XNNPACK has them (kHasLinear)
  bool elementwise = true;  // sums, ReLU, sigmoid, tanh (kHasElementwise)
  // Of these only the shapes at which this version of XNNPACK was measured to be the faster (faster.cc, `./dev bench --provider`).
  bool only_faster = true;
  // Convolutions in int8 numbers with one scale for all places, where the file knows their ranges (kinglet-convert --calibrate) and XNNPACK
  // has them (kHasStaticConvolutions); all others stay as the lines above say. Less precise than both floats and the runtime's int8.
  bool static_convolutions = false;  // of any groups; whether it is faster than the runtime is up to XNNPACK's version
  bool static_depthwise = false;     // slower than in floats
  // An operator in which XNNPACK fails is the runtime's again; otherwise the failure is the session's. What XNNPACK does not have is the
  // runtime's in any case.
  bool fall_back = false;
};

class Engine {
 public:
  // Measures: its memory is the heap's. `pool` may be null (one thread) and outlives the engine.
  Engine(pthreadpool* pool, const Options& options);
  // `block` outlives the engine; XNNPACK's memory begins at any address.
  Engine(pthreadpool* pool, const Options& options, std::span<std::byte> block);
  ~Engine();

  // For one session, which the engine outlives.
  Provider provider();
  std::size_t bytes() const;      // of memory that XNNPACK took until now
  std::size_t operators() const;  // that it computes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

const char* version();  // which of XNNPACK's interfaces this was built for

}  // namespace kinglet::xnnpack
