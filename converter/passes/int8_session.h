// An int8 session for the passes that look at a finished file: arena and threads of its own, failures as Error.
#pragma once

#include <cstddef>
#include <memory>

#include "kinglet/session.h"

namespace kinglet::converter {

class Int8Session {
 public:
  Int8Session(const Model& model, const Limits& limits, const Observer& observer = {});  // limits.threads work
  Int8Session(const Int8Session&) = delete;
  Int8Session& operator=(const Int8Session&) = delete;

  void encode(const Chunk& chunk);
  void step(const Chunk& chunk);
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_; }

 private:
  unsigned threads_;
  std::unique_ptr<std::byte, void (*)(void*)> arena_;
  Session* session_ = nullptr;
};

}  // namespace kinglet::converter
