// memcpy and its three sisters, all that the runtime needs of a C library. Newlib's read across words at addresses that are not aligned, which
// some cores cannot and none does while such access is trapped. Compiled so that no loop becomes a call of the function it is in.
#include <cstddef>
#include <cstdint>

namespace {

using Word [[gnu::may_alias]] = std::uint32_t;
constexpr std::size_t kWord = sizeof(Word);

struct [[gnu::may_alias]] Words {
  Word at[4];
};

// Both at the beginning of a word.
bool words(const void* a, const void* b) {
  return ((reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b)) & (kWord - 1)) == 0;
}

}  // namespace

extern "C" {

void* memcpy(void* to, const void* from, std::size_t count) {
  auto* t = static_cast<std::uint8_t*>(to);
  const auto* f = static_cast<const std::uint8_t*>(from);
  if (words(t, f)) {
    for (; count >= sizeof(Words); t += sizeof(Words), f += sizeof(Words), count -= sizeof(Words))
      *reinterpret_cast<Words*>(t) = *reinterpret_cast<const Words*>(f);
  }
  for (; words(t, f) && count >= kWord; t += kWord, f += kWord, count -= kWord)
    *reinterpret_cast<Word*>(t) = *reinterpret_cast<const Word*>(f);
  for (; count > 0; --count) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, std::size_t count) {
  if (to <= from) return memcpy(to, from, count);
  auto* t = static_cast<std::uint8_t*>(to);
  const auto* f = static_cast<const std::uint8_t*>(from);
  while (count-- > 0) t[count] = f[count];
  return to;
}

void* memset(void* to, int value, std::size_t count) {
  auto* t = static_cast<std::uint8_t*>(to);
  const Word four = static_cast<std::uint8_t>(value) * Word{0x01010101};
  if (words(t, t)) {
    for (; count >= sizeof(Words); t += sizeof(Words), count -= sizeof(Words))
      *reinterpret_cast<Words*>(t) = {{four, four, four, four}};
  }
  for (; words(t, t) && count >= kWord; t += kWord, count -= kWord) *reinterpret_cast<Word*>(t) = four;
  for (; count > 0; --count) *t++ = static_cast<std::uint8_t>(value);
  return to;
}

int memcmp(const void* a, const void* b, std::size_t count) {
  const auto* x = static_cast<const std::uint8_t*>(a);
  const auto* y = static_cast<const std::uint8_t*>(b);
  for (; count > 0; --count, ++x, ++y) {
    if (*x != *y) return *x < *y ? -1 : 1;
  }
  return 0;
}

}  // extern "C"
