// Text in and out of the program: lines of stdin, numbers for people, whether somebody is watching.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kinglet::host {

std::string error_text(int error);  // of errno
bool stdin_is_terminal();
bool stdout_is_terminal();
bool stderr_is_terminal();

// Lines of stdin as they come; a last line needs no end.
class Lines {
 public:
  // Waits for one line and takes those that are there already, up to `most`. Empty: stdin has ended.
  std::vector<std::string> next(std::size_t most);
  // The rest of stdin as it is.
  std::string all();

 private:
  bool fill(bool wait);
  std::string buffer_;
  bool ended_ = false;
};

std::string bytes_text(std::uint64_t bytes);  // "1.88 MiB"
std::string seconds_text(double seconds);     // "12.3 ms"
std::string number_text(double value);        // three significant digits or whole: "1.23", "45.6", "1234"

// What stands in files and texts, on one line: control characters and what is no UTF-8 become "\x1b", one for each byte, so that a
// terminal does not act on them.
std::string printable(std::string_view text);

// Writes all of it to stdout at once; on a terminal control characters other than line ends and tabs as `printable` has them. False: nobody reads it any more. Throws Failure where it cannot be written.
bool print(std::string_view text);

// The same without an exception: 0, or errno. For callbacks of the runtime, through which nothing may be thrown.
int write_out(std::string_view text) noexcept;

}  // namespace kinglet::host
