// The C library's memory and threads ask first (faults.h), and with them everybody's.
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tests/faults/faults.h"

namespace {

using kinglet::faults::ask;
using kinglet::faults::Kind;

bool fails() {
  const int error = ask(Kind::kMemory);
  if (error != 0) errno = error;
  return error != 0;
}

// Whether the code at `address` is libsndfile's.
bool is_sndfile(const void* address) {
  const auto look = [](dl_phdr_info* library, std::size_t, void* data) {
    const auto at = *static_cast<const std::uintptr_t*>(data);
    if (std::strstr(library->dlpi_name, "libsndfile") == nullptr) return 0;
    for (int i = 0; i < library->dlpi_phnum; ++i) {
      const auto& part = library->dlpi_phdr[i];
      const std::uintptr_t begin = library->dlpi_addr + part.p_vaddr;
      if (part.p_type == PT_LOAD && at >= begin && at - begin < part.p_memsz) return 1;
    }
    return 0;
  };
  auto at = reinterpret_cast<std::uintptr_t>(address);
  return dl_iterate_phdr(look, &at) != 0;
}

// The list of a sound's first 20 chunks (libsndfile 1.2, psf_store_read_chunk): it is written to whether there was memory for it or not.
constexpr std::size_t kChunks = 20;

}  // namespace

const bool kinglet::faults::kThreadsAsk = true;

extern "C" {

// glibc's own names of its functions: dlsym may take memory.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept { return fails() ? nullptr : __libc_malloc(size); }

void* calloc(std::size_t count, std::size_t size) noexcept {
  if (count == kChunks && is_sndfile(__builtin_return_address(0))) return __libc_calloc(count, size);
  return fails() ? nullptr : __libc_calloc(count, size);
}

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
