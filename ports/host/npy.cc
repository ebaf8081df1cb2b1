#include "npy.h"

namespace kinglet::host {

std::string npy_head(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kPrefix = 10, kMultiple = 64;  // magic, version and length of the text
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                     std::to_string(columns) + "), }";
  while ((kPrefix + text.size() + 1) % kMultiple != 0) text.push_back(' ');
  text.push_back('\n');
  std::string head("\x93NUMPY\x01\x00", 8);
  head.push_back(static_cast<char>(text.size() & 0xFF));
  head.push_back(static_cast<char>(text.size() >> 8));
  return head + text;
}

}  // namespace kinglet::host
