// In the place of include/kinglet/message.h: a build without Messages, whose statuses are a code and a subject. The literals are a tenth of
// a small firmware.
#pragma once

namespace kinglet {

class Message {
 public:
  constexpr Message(const char*) {}  // NOLINT(google-explicit-constructor)
  constexpr const char* text() const { return ""; }
};

}  // namespace kinglet
