// Memory of stb's writer, which does not look whether it got any: these throw std::bad_alloc.
#pragma once

#include <cstddef>

namespace kinglet::host {

void* stb_malloc(std::size_t bytes);
void* stb_realloc(void* memory, std::size_t bytes);
void stb_free(void* memory);

}  // namespace kinglet::host
