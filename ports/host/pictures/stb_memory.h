// Where stb takes memory.
#pragma once

#include <cstddef>

namespace kinglet::host {

// For its readers: zeros, or null. A damaged JPEG uses Huffman tables that it never defined.
void* stb_zeros(std::size_t bytes);

// For its writer, which does not look whether it got any: these throw std::bad_alloc.
void* stb_malloc(std::size_t bytes);
void* stb_realloc(void* memory, std::size_t bytes);
void stb_free(void* memory);

}  // namespace kinglet::host
