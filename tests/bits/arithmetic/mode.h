// What a thread may have told its floating-point unit, so that sessions can be seen to refuse it. One file here for each kind of processor.
#pragma once

#include <cstdint>

namespace kinglet::testing {

enum class Mode : std::uint8_t {
  kIeee,
  kFlush,      // results that are denormals become zero
  kFlushRead,  // operands that are denormals are taken for zero
  kUpwards,
  kDownwards,
  kTowardsZero,
};

// Of the calling thread. False: this processor has no such mode; it is as it was.
bool set_mode(Mode mode);

// A mode that ends with a scope.
class InMode {
 public:
  explicit InMode(Mode mode) : there_(set_mode(mode)) {}
  ~InMode() { (void)set_mode(Mode::kIeee); }
  InMode(const InMode&) = delete;
  InMode& operator=(const InMode&) = delete;
  bool there() const { return there_; }

 private:
  bool there_;
};

}  // namespace kinglet::testing
