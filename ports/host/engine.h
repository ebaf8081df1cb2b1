// From a path to a session: the mapped file, its verified view, and with limits the arena, the threads and the session. The objects
// own what they show; they live as long as the command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "file.h"
#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "provider.h"
#include "threads.h"

namespace kinglet::host {

// Options that most commands have.
struct Common {
  std::string file;
  std::uint32_t threads = 0;  // 0: physical cores
  std::string isa;            // empty: the best
  std::uint32_t context = 0;  // 0: the model's, at most 2048
  bool json = false;
  std::string provider = "none";  // of some operators
};

// A file of a model. Throws Failure.
class Opened {
 public:
  explicit Opened(const std::string& path);

  const std::string& path() const { return path_; }
  std::uint64_t bytes() const { return file_.bytes().size(); }
  const Model& model() const { return model_; }
  const fb::Model& root() const { return model_.root(); }
  std::string name() const;

 private:
  std::string path_;
  MappedFile file_;
  Model model_;
};

// A session with everything it needs. Throws Failure.
class Engine {
 public:
  Engine(const Opened& opened, const Common& common, Limits limits);

  // A new session in the same memory, with nothing in it; `observer` is told of every operator, the default is told of none.
  void restart(const Observer& observer);

  const Plan& plan() const { return plan_; }
  Session& session() { return *session_; }
  Threads& threads() { return threads_; }

 private:
  std::string path_, isa_;
  Threads threads_;
  Plan plan_;
  Arena arena_;
  OtherEngine other_;
  Session* session_;
};

std::uint32_t threads_of(const Common& common);
// Throws where there is no such kernel set or this processor does not run it, and says which there are. Empty: the best.
void check_isa(const std::string& name);
// Throws where the file has no tokenizer that makes texts of tokens.
void require_words(const Opened& opened);
// The limits of one sequence: --context for a decoder, or for the texts of a model that has none.
Limits limits_of(const Opened& opened, const Common& common);

}  // namespace kinglet::host
