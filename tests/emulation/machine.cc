// The comparisons on the bare emulated processor, and what the compiler takes for granted: functions on memory and text.
// Bochs copies what is written to port 0xe9 to its standard output, and ends when "Shutdown" is written to port 0x8900.
#include "tests/emulation/same_bits.h"

namespace {

void out_byte(std::uint16_t port, char byte) { asm volatile("outb %0, %1" : : "a"(byte), "d"(port)); }

void write_to_port(const char* text, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) out_byte(0xe9, text[i]);
}

}  // namespace

extern "C" {

void* memcpy(void* to, const void* from, std::size_t count) {
  void* result = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
  return result;
}

void* memmove(void* to, const void* from, std::size_t count) {
  if (to <= from) return memcpy(to, from, count);
  void* last = static_cast<char*>(to) + count - 1;
  const void* from_last = static_cast<const char*>(from) + count - 1;
  asm volatile("std; rep movsb; cld" : "+D"(last), "+S"(from_last), "+c"(count) : : "memory");
  return to;
}

void* memset(void* to, int value, std::size_t count) {
  void* result = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
  return result;
}

int memcmp(const void* a, const void* b, std::size_t count) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (std::size_t i = 0; i < count; ++i) {
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  }
  return 0;
}

// clang calls it where a memcmp only asks for equality.
int bcmp(const void* a, const void* b, std::size_t count) { return memcmp(a, b, count); }

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  for (; text[length] != '\0'; ++length) asm volatile("");  // or the compiler sees a strlen here
  return length;
}

// FlatBuffers compares the identifier of a file with it.
int strncmp(const char* a, const char* b, std::size_t count) {
  for (; count > 0 && *a != '\0' && *a == *b; --count) ++a, ++b;
  return count == 0 ? 0 : static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

// Called by boot.S.
void emulated_main(unsigned depth) {
  const kinglet::emulation::Console console{write_to_port};
  console << "\n---- emulated\n";
  kinglet::emulation::run_all(console, depth, "avx512vnni", {});
  for (const char* c = "Shutdown"; *c != '\0'; ++c) out_byte(0x8900, *c);
}

}  // extern "C"
