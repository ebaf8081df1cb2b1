// A progress bar on stderr, where that is a terminal and the work takes more than a second.
#pragma once

#include <chrono>

namespace kinglet::converter {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();  // clears the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(const char* stage, double done);  // done in [0, 1]
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_;
  bool drawn_ = false;
  const char* stage_ = nullptr;
  int percent_ = -1;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace kinglet::converter
