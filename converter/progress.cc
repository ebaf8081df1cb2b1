#include "converter/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace kinglet::converter {

ProgressBar::ProgressBar() : terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::show(const char* stage, double done) {
  if (!terminal_ || Clock::now() - begin_ < std::chrono::seconds(1)) return;
  const int percent = static_cast<int>(std::clamp(done, 0.0, 1.0) * 100);
  if (stage == stage_ && percent == percent_) return;
  stage_ = stage;
  percent_ = percent;
  drawn_ = true;
  constexpr int kWidth = 30;
  std::string bar(static_cast<std::size_t>(percent * kWidth / 100), '#');
  bar.resize(kWidth, ' ');
  std::fprintf(stderr, "\r\033[K[%s] %3d %% %s", bar.c_str(), percent, stage);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

}  // namespace kinglet::converter
