#include "text.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "failure.h"
#include "interrupt.h"
#include "text/utf8.h"

namespace kinglet::host {

std::string error_text(int error) { return std::generic_category().message(error); }
bool stdin_is_terminal() { return isatty(STDIN_FILENO) == 1; }
bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

// More bytes of stdin; without `wait` only those that are there. False: none.
bool Lines::fill(bool wait) {
  if (ended_) return false;
  if (!wait) {
    pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) return false;
  }
  char block[1 << 16];
  ssize_t size = -1;
  do size = read(STDIN_FILENO, block, sizeof(block));
  while (size < 0 && errno == EINTR && !interrupted());
  if (size < 0 && errno == EINTR) size = 0;
  if (size < 0) throw Failure("stdin: cannot be read: " + error_text(errno));
  ended_ = size == 0;
  buffer_.append(block, static_cast<std::size_t>(size));
  return !ended_;
}

std::vector<std::string> Lines::next(std::size_t most) {
  std::vector<std::string> lines;
  while (lines.size() < most) {
    const std::size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      if (fill(lines.empty())) continue;
      if (!ended_ || buffer_.empty()) break;
      lines.push_back(std::move(buffer_));
      buffer_.clear();
    } else {
      lines.push_back(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
    }
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
  }
  return lines;
}

std::string Lines::all() {
  while (fill(true)) {
  }
  return std::move(buffer_);
}

std::string bytes_text(std::uint64_t bytes) {
  const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit < 4; ++unit) value /= 1024;
  return number_text(value) + " " + units[unit];
}

std::string seconds_text(double seconds) {
  if (seconds < 1e-3) return number_text(seconds * 1e6) + " us";
  if (seconds < 1) return number_text(seconds * 1e3) + " ms";
  return number_text(seconds) + " s";
}

std::string number_text(double value) {
  const double size = value < 0 ? -value : value;
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", size >= 99.95 ? 0 : (size >= 9.995 ? 1 : 2), value);
  return text;
}

namespace {

// Bytes at the beginning of a text that can be shown as they are: neither control characters, but for those allowed, nor no UTF-8.
std::size_t harmless(std::string_view text, std::string_view allowed) {
  std::size_t at = 0;
  while (at < text.size()) {
    const text::CodePoint c = text::code_point(text, at);
    const bool control = c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
    if (!c.valid || (control && allowed.find(text[at]) == std::string_view::npos)) break;
    at += c.bytes;
  }
  return at;
}

struct Escape {
  explicit Escape(char byte) {
    std::snprintf(text, sizeof(text), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  }
  char text[8];
};

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t plain = harmless(text, "");
    shown.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t bytes = text::code_point(text, 0).bytes;
    for (const char byte : text.substr(0, bytes)) shown += Escape(byte).text;
    text.remove_prefix(bytes);
  }
  return shown;
}

int write_out(std::string_view text) noexcept {
  static const bool terminal = stdout_is_terminal();
  const auto put = [](std::string_view some) {
    return std::fwrite(some.data(), 1, some.size(), stdout) == some.size();
  };
  bool done = true;
  while (terminal && done && !text.empty()) {
    const std::size_t plain = harmless(text, "\n\t");
    done = put(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const std::size_t bytes = text::code_point(text, 0).bytes;
    for (const char byte : text.substr(0, bytes)) done = done && put(Escape(byte).text);
    text.remove_prefix(bytes);
  }
  done = done && put(text) && std::fflush(stdout) == 0;
  return done ? 0 : errno;
}

bool print(std::string_view text) {
  const int error = write_out(text);
  if (error != 0 && error != EPIPE)
    throw Failure("stdout: cannot be written: " + error_text(error) + ": make room, or write elsewhere");
  return error == 0;
}

}  // namespace kinglet::host
