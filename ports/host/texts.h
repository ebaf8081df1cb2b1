// The texts a command works on, some at a time, and task objects that grow with them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine.h"
#include "failure.h"
#include "text.h"

namespace kinglet::host {

// From the command line, or where there are none (or "-") the lines of stdin.
class Texts {
 public:
  explicit Texts(std::vector<std::string> given);

  // The next texts, at most so many; empty: there are no more. Of stdin only those that are there, so that somebody who waits for
  // an answer gets it.
  std::vector<std::string> next(std::size_t most);
  std::size_t first() const { return first_; }  // number of the first of them, from 0
  bool few(std::size_t most = 1) const { return !from_stdin_ && given_.size() <= most; }  // and known to be

 private:
  std::vector<std::string> given_;
  Lines lines_;
  bool from_stdin_;
  std::size_t first_ = 0;
  std::size_t after_ = 0;
};

inline std::size_t longest(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const auto& text : texts) bytes = std::max(bytes, text.size());
  return bytes;
}

// A Translator, Embedder or Classifier whose workspace is made again when a longer text comes.
template <class Task>
class Growing {
 public:
  Growing(Engine& engine, std::string file) : engine_(engine), file_(std::move(file)) {}

  template <class... Options>
  Task& fit(std::size_t text_bytes, const Options&... options) {
    if (memory_ != nullptr && text_bytes <= text_bytes_) return task_;
    constexpr std::size_t kLeast = 4096;
    text_bytes_ = std::max(text_bytes, std::max(kLeast, 2 * text_bytes_));
    memory_.reset();
    memory_ = std::make_unique<Arena>(value_of(file_, Task::workspace_bytes(engine_.plan(), text_bytes_, options...)));
    task_ = value_of(file_, Task::create(engine_.session(), memory_->bytes(), text_bytes_, options...));
    return task_;
  }

 private:
  Engine& engine_;
  std::string file_;
  std::size_t text_bytes_ = 0;
  std::unique_ptr<Arena> memory_;
  Task task_;
};

// The failure of one text among several, by its number from 1.
Failure failure_of_text(const std::string& file, const Texts& texts, const Status& status);

}  // namespace kinglet::host
