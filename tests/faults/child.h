// Runs a program's `main` in a process of its own, with a fault in it, and folders to run it in.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/faults/faults.h"

int kinglet_main(int argc, char** argv);          // ports/host/main.cc
int kinglet_convert_main(int argc, char** argv);  // converter/main.cc

namespace kinglet::faults {

using Main = int (*)(int, char**);

// What a user types; `{out}` in an argument is a folder that is empty before.
struct Command {
  std::string name;
  Main main;
  std::vector<std::string> arguments;
  std::string in = "";
  // Whether what it writes is the same every time: a report with times is not.
  bool same_output = true;
};

struct Ended {
  int status = -1;  // of its exit, or 128 + the signal that ended it
  std::string out, err;
  std::uint64_t seen = 0;                    // calls of the fault's kinds
  std::map<std::string, std::string> files;  // what is in {out} then, by name
};

// A folder that is removed with it, by the process that made it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int owner_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);
std::map<std::string, std::string> files_in(const std::string& folder);

class Runner {
 public:
  // `before`: files that {out} holds when the command begins.
  explicit Runner(Command command, std::map<std::string, std::string> before = {});

  Ended run(const Fault& fault) const;
  // Starts it and leaves {out} as it is; `wait` gives how it ended.
  int start(const Fault& fault) const;
  Ended wait(int process) const;
  const std::string& out() const { return out_; }
  void reset() const;  // {out} as before

 private:
  std::vector<std::string> arguments() const;

  Command command_;
  std::map<std::string, std::string> before_;
  Folder folder_;
  std::string out_;
  std::atomic<std::uint64_t>* seen_;
};

}  // namespace kinglet::faults
