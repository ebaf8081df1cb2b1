// The one exception of the converter: a sentence that says what is wrong, where, and what to do.
#pragma once

#include <stdexcept>
#include <string>

namespace kinglet::converter {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kinglet::converter
