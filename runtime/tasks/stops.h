// Stop strings over text that comes in pieces. Text is held back while it could still become a stop string, and passed on as
// soon as it cannot; a stop string itself, and what comes after it, never comes out.
//
//     stop "\nUser:"   pieces "Hello" ".\n" "Us" "ually"   comes out: "Hello" "." (nothing) "\nUsually"
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kinglet/generator.h"
#include "kinglet/status.h"

namespace kinglet {

class Stops {
 public:
  static constexpr std::size_t kLongest = 256;  // bytes of one stop string

  // `buffer` holds kLongest bytes and the longest piece. kBadArgument: a stop string is empty or too long (the subject is its index).
  static Result<Stops> create(std::span<const std::string_view> stops, std::span<char> buffer);

  // Where the next piece (at most so many bytes) is to be written before `commit`.
  std::span<char> room() const { return {buffer_.data() + held_, buffer_.size() - held_}; }

  // Takes `bytes` bytes from `room` and passes on what can be passed on. True: a stop string is complete.
  Result<bool> commit(std::size_t bytes, const TextSink& sink);

  // Passes on what is held: no more text comes.
  Status finish(const TextSink& sink);

 private:
  // The first place of the held text where match(text from there on, a stop string) holds; held_ if there is none.
  template <class Match>
  std::size_t find(const Match& match) const;
  Status pass(std::size_t bytes, const TextSink& sink);

  std::span<const std::string_view> stops_;
  std::span<char> buffer_;
  std::size_t held_ = 0;
};

}  // namespace kinglet
