// The comparisons on this machine: `kinglet_same_bits [DEPTH [SET]]`. It fails if SET is not among the kernel sets that take part.
#include <cstdio>
#include <cstdlib>

#include "cpu_features.h"
#include "tests/emulation/same_bits.h"

int main(int argc, char** argv) {
  const kinglet::emulation::Console console{
      [](const char* text, std::size_t length) { std::fwrite(text, 1, length, stdout); }};
  const int depth = argc > 1 ? std::atoi(argv[1]) : 1;
  if (argc > 3 || depth < 1) {
    std::fputs("usage: kinglet_same_bits [DEPTH [SET]]\n", stderr);
    return 2;
  }
  const char* required = argc > 2 ? argv[2] : nullptr;
  const auto features = kinglet::host::cpu_features();
  return kinglet::emulation::run_all(console, static_cast<unsigned>(depth), required, features) ? 0 : 1;
}
