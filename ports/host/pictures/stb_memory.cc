#include "pictures/stb_memory.h"

#include <cstdlib>
#include <new>

namespace kinglet::host {

void* stb_zeros(std::size_t bytes) { return std::calloc(1, bytes); }

void* stb_malloc(std::size_t bytes) { return stb_realloc(nullptr, bytes); }

void* stb_realloc(void* memory, std::size_t bytes) {
  void* larger = std::realloc(memory, bytes);
  if (larger == nullptr) throw std::bad_alloc();
  return larger;
}

void stb_free(void* memory) { std::free(memory); }

}  // namespace kinglet::host
