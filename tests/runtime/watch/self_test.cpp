// A test may use the heap; the runtime may not (violation.cpp). The program has to end there.
#include <cstdio>
#include <memory>

void break_the_promise();

int main() {
  const auto mine = std::make_unique<int>(1);
  std::puts("a test used the heap");
  std::fflush(stdout);
  break_the_promise();
  std::puts("not seen");
  return *mine;
}
