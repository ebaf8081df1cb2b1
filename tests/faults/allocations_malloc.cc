// The C library's memory and threads ask first (faults.h), and with them everybody's.
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <cstddef>

#include "tests/faults/faults.h"

namespace {

using kinglet::faults::ask;
using kinglet::faults::Kind;

bool fails() {
  const int error = ask(Kind::kMemory);
  if (error != 0) errno = error;
  return error != 0;
}

}  // namespace

extern "C" {

// glibc's own names of its functions: dlsym may take memory.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept { return fails() ? nullptr : __libc_malloc(size); }

void* calloc(std::size_t count, std::size_t size) noexcept { return fails() ? nullptr : __libc_calloc(count, size); }

void* realloc(void* memory, std::size_t size) noexcept { return fails() ? nullptr : __libc_realloc(memory, size); }

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  void* given = memalign(alignment, size);
  if (given == nullptr) return ENOMEM;
  *memory = given;
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
  using Function = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static auto* const real = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, "pthread_create"));
  if (const int error = ask(Kind::kThread); error != 0) return error;
  return real(thread, attributes, run, argument);
}
}
