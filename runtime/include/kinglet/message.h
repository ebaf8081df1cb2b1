// What a Status says in words: a string literal. A build that leaves out Messages (KINGLET_PARTS) has runtime/base/left_out/kinglet/message.h in
// its place.
#pragma once

namespace kinglet {

class Message {
 public:
  constexpr Message(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  constexpr const char* text() const { return text_; }

 private:
  const char* text_;
};

}  // namespace kinglet
