// Four characters are three bytes.
#include "converter/tokenizers/base64.h"

namespace kinglet::converter {
namespace {

int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::vector<std::uint8_t> decode_base64(const JsonView& text) {
  std::vector<std::uint8_t> result;
  if (text.is_null()) return result;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.text()) {
    if (c == '=') break;
    const int value = digit(c);
    if (value < 0) text.fail("is not base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    result.push_back(static_cast<std::uint8_t>(bits >> count & 0xFF));
  }
  return result;
}

}  // namespace kinglet::converter
