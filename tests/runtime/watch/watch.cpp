// An allocator that ends the program when the runtime uses the heap. The runtime and the tests are compiled with -finstrument-functions, the
// runtime's calls under other names (watched.cmake): so each thread knows whose function it is in, and callbacks of a test may allocate. What
// says nothing of itself (kernels, another engine's library) is whose function called it.
#include <unistd.h>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// Functions that were entered and not left, on this thread: bit n of `runtime` says whose the n-th is.
constexpr unsigned kDeepest = 4096;
struct Calls {
  std::uint64_t runtime[kDeepest / 64];
  unsigned depth;
};
thread_local constinit Calls calls = {};

unsigned long entered = 0;  // calls of the runtime's functions, on all threads

void enter(bool runtime) {
  if (calls.depth == kDeepest) std::abort();
  const std::uint64_t bit = std::uint64_t{1} << (calls.depth % 64);
  std::uint64_t& word = calls.runtime[calls.depth / 64];
  word = runtime ? word | bit : word & ~bit;
  ++calls.depth;
}

void leave() { --calls.depth; }

bool in_runtime() {
  if (calls.depth == 0) return false;
  const unsigned last = calls.depth - 1;
  return (calls.runtime[last / 64] >> (last % 64) & 1) != 0;
}

void refuse_runtime(const char* what, std::size_t length) {
  if (!in_runtime()) return;
  _exit(write(STDERR_FILENO, what, length) < 0 ? 71 : 70);
}

template <std::size_t N>
void refuse_runtime(const char (&what)[N]) {
  refuse_runtime(what, N - 1);
}

struct Report {
  ~Report() { std::printf("watched: %lu calls of the runtime's functions, none of which used the heap\n", entered); }
} report;

}  // namespace

extern "C" {

void __cyg_profile_func_enter(void*, void*) { enter(false); }
void __cyg_profile_func_exit(void*, void*) { leave(); }
void kinglet_runtime_enter(void*, void*) {
  __atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
  enter(true);
}
void kinglet_runtime_exit(void*, void*) { leave(); }

// The C library's own, under the names that it keeps for them.
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) noexcept {
  refuse_runtime("the runtime called malloc\n");
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  refuse_runtime("the runtime called calloc\n");
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  refuse_runtime("the runtime called realloc\n");
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  refuse_runtime("the runtime called memalign\n");
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  refuse_runtime("the runtime called aligned_alloc\n");
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  refuse_runtime("the runtime called posix_memalign\n");
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}
void free(void* memory) noexcept {
  refuse_runtime("the runtime called free\n");
  __libc_free(memory);
}

}  // extern "C"
