#include "bench/first_token.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "failure.h"
#include "json.h"
#include "kinglet/sampler.h"
#include "text.h"
#include "workloads.h"

namespace kinglet::host {
namespace {

constexpr const char* kSelf = "/proc/self/exe";

std::vector<std::string> arguments_for(const Common& common) {
  std::vector<std::string> arguments = {"kinglet", "bench", common.file, "--first-token", "--json"};
  const auto add = [&arguments](const char* option, const std::string& value) {
    arguments.push_back(option);
    arguments.push_back(value);
  };
  add("--threads", std::to_string(threads_of(common)));
  if (!common.isa.empty()) add("--isa", common.isa);
  if (common.context != 0) add("--context", std::to_string(common.context));
  return arguments;
}

// Runs the program and reads all it says; `first` is the time of the first byte.
std::string said_by(const std::vector<std::string>& arguments, double& first) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) throw Failure("bench: no pipe: " + error_text(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  pid_t child = 0;
  const int error = posix_spawn(&child, kSelf, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string said;
  char block[1024];
  for (ssize_t size = 0; error == 0 && (size = read(ends[0], block, sizeof(block))) > 0;) {
    if (said.empty()) first = now();
    said.append(block, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  if (error == 0) waitpid(child, &status, 0);
  if (error != 0 || status != 0 || said.empty())
    throw Failure("bench: a process for the first token failed" + (error != 0 ? ": " + error_text(error) : ""));
  return said;
}

}  // namespace

FirstToken measure_first_token(const Opened& opened, const Common& common, std::uint32_t repetitions) {
  FirstToken made;
  const auto arguments = arguments_for(common);
  for (std::uint32_t i = 0; i <= repetitions; ++i) {
    double first = 0;
    const double start = now();
    const Json said = Json::parse(said_by(arguments, first), nullptr, false);
    if (!said.is_object()) throw Failure(opened.path() + ": a process for the first token said no JSON");
    if (i > 0) made.times.seconds.push_back(first - start);
    made.resident_bytes = std::max(made.resident_bytes, said.value("peak_resident_bytes", std::uint64_t{0}));
    made.arena_bytes = said.value("arena_bytes", std::uint64_t{0});
  }
  return made;
}

int show_first_token(const Common& common) {
  const double start = now();
  const Opened opened(common.file);
  Engine engine(opened, common, limits_of(opened, common));
  const double ready = now() - start;
  Workload workload(opened, engine, 1);
  if (opened.model().has_encoder()) workload.encode(1);
  if (opened.model().has_decoder()) workload.greedy(1, 1);
  const double first = now() - start;
  const std::uint64_t resident = peak_resident_bytes(), arena = engine.plan().arena_bytes;
  if (common.json) {
    print(json_line({{"ready_seconds", ready},
                     {"first_seconds", first},
                     {"peak_resident_bytes", resident},
                     {"arena_bytes", arena}}));
  } else {
    print("ready after " + seconds_text(ready) + ", first token after " + seconds_text(first) + "; " +
          bytes_text(resident) + " resident at most\n");
  }
  return 0;
}

}  // namespace kinglet::host
