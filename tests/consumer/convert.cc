// Somebody else's program that converts: prints why a folder that does not exist has no checkpoint.
#include <exception>
#include <iostream>

#include "converter/convert.h"

int main() {
  try {
    kinglet::converter::convert({.source = "no such folder", .output = "none.kgl", .tokenizer = {}, .name = {}});
  } catch (const std::exception& error) {
    std::cout << error.what() << "\n";
    return 1;
  }
  return 0;
}
