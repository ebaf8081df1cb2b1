// What is timed: runs of a model over token ids that are no pattern and the same every time. Every function throws Failure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine.h"

namespace kinglet::host {

// Is told of every call of the session.
class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual void before(const Session& session) = 0;
  virtual void after() = 0;
};

class Workload {
 public:
  // Both outlive it. `most` tokens are the longest run, on either side.
  Workload(const Opened& opened, Engine& engine, std::uint32_t most);

  void listen(CallListener* listener) { listener_ = listener; }  // nullptr: nobody does

  void encode(std::uint32_t tokens, std::uint32_t texts = 1);  // of a model that reads grids, so many of these
  void prompt(std::uint32_t tokens);  // from an empty context, in calls as long as the plan has them
  void steps(std::uint32_t count);    // one token after the other, from where the sequence is
  void empty();                       // forgets what was decoded

  // Several texts at once have sequences that lie as far from each other as the plan has room for.
  // From empty contexts: the likeliest token of each text, `count` times.
  void greedy(std::uint32_t count, std::uint32_t texts);
  // From empty contexts: for each text a search that no token ends, with its choices and reorders.
  void search(std::uint32_t count, std::uint32_t beams, std::uint32_t texts);

 private:
  Session& session() const { return engine_.session(); }
  void check(const Status& status) const;
  void step(std::span<const Chunk> chunks);

  const Opened& opened_;
  Engine& engine_;
  CallListener* listener_ = nullptr;
  std::vector<std::int32_t> source_, tokens_;
  std::vector<float> grid_;  // of a model that reads these
};

// Rows of an encoder's source, or of a prompt: so many, if the model takes as many. A model that reads grids has one number of them.
std::uint32_t source_or_prompt(const Opened& opened, std::uint32_t wanted);

}  // namespace kinglet::host
