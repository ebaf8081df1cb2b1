// The places to change: this is a machine with a C library, the model inside the program (model.S), and memory to spare.
#include "port.h"

#include <stdint.h>
#include <stdio.h>

extern const unsigned char model_begin[], model_end[];

const void* port_model(size_t* bytes) {
  *bytes = (size_t)(model_end - model_begin);
  return model_begin;
}

void* port_arena(size_t* bytes) {
  enum { kBytes = 4 << 20, kAlignment = 64 };
  static unsigned char memory[kBytes + kAlignment];  // C99 has no word for alignment
  const size_t past = (size_t)((uintptr_t)memory % kAlignment);
  *bytes = kBytes;
  return memory + (kAlignment - past);
}

bool port_write(void* context, const char* text, size_t bytes) {
  (void)context;
  return fwrite(text, 1, bytes, stdout) == bytes;
}
