// The comparisons on this machine: `kinglet_same_bits [DEPTH]`.
#include <cstdio>
#include <cstdlib>

#include "tests/emulation/same_bits.h"

int main(int argc, char** argv) {
  const kinglet::emulation::Console console{
      [](const char* text, std::size_t length) { std::fwrite(text, 1, length, stdout); }};
  const int depth = argc > 1 ? std::atoi(argv[1]) : 1;
  if (argc > 2 || depth < 1) {
    std::fputs("usage: kinglet_same_bits [DEPTH]\n", stderr);
    return 2;
  }
  return kinglet::emulation::run_all(console, static_cast<unsigned>(depth), nullptr) ? 0 : 1;
}
