// How a command of the program fails: one line on stderr that says what, where and what to do, and an exit status.
#pragma once

#include <stdexcept>
#include <string>

#include "kinglet/status.h"

namespace kinglet::host {

// Something could not be done: exit status 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The command line makes no sense: exit status 2.
class Misuse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "where: message (subject): what to do".
Failure failure(const std::string& where, const Status& status);

// The value, or the Failure.
template <class T>
T value_of(const std::string& where, Result<T> result) {
  if (!result.ok()) throw failure(where, result.status());
  return *result;
}

inline void require(const std::string& where, const Status& status) {
  if (!status.ok()) throw failure(where, status);
}

}  // namespace kinglet::host
