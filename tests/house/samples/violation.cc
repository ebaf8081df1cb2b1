// A library that breaks every rule about what an archive may hold, for the self-test of archive_test.cc.
#include <cstdlib>

namespace sample {

int counter = 1;                                // writable data
int zeroed;                                     // writable data in .bss
const int from_outside = *std::getenv("HOME");  // runs before main

inline int* shared(int n) { return static_cast<int*>(std::malloc(sizeof(int) * static_cast<unsigned>(n))); }

int* allocate(int n) { return shared(n + counter + zeroed + from_outside); }
int* (*keep)(int) = shared;  // keeps the shared inline function as a weak symbol

}  // namespace sample
