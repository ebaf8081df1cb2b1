#include "tasks/stops.h"

#include <cstring>

namespace kinglet {
namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && std::memcmp(text.data(), start.data(), start.size()) == 0;
}

}  // namespace

Result<Stops> Stops::create(std::span<const std::string_view> stops, std::span<char> buffer) {
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (stops[i].empty() || stops[i].size() > kLongest)
      return Status{Code::kBadArgument, "a stop string has from 1 to 256 bytes", i};
  }
  Stops result;
  result.stops_ = stops;
  result.buffer_ = buffer;
  return result;
}

// Fewer bytes than the longest stop string stay held, so the next piece always has room.
Result<bool> Stops::commit(std::size_t bytes, const TextSink& sink) {
  held_ += bytes;
  const std::string_view text{buffer_.data(), held_};
  const std::size_t complete =
      find([](std::string_view rest, std::string_view stop) { return starts_with(rest, stop); });
  if (complete < text.size()) {
    if (auto s = pass(complete, sink); !s.ok()) return s;
    held_ = 0;
    return true;
  }
  const std::size_t begun = find([](std::string_view rest, std::string_view stop) { return starts_with(stop, rest); });
  if (auto s = pass(begun, sink); !s.ok()) return s;
  return false;
}

Status Stops::finish(const TextSink& sink) { return pass(held_, sink); }

template <class Match>
std::size_t Stops::find(const Match& match) const {
  for (std::size_t at = 0; at < held_; ++at) {
    for (const std::string_view stop : stops_) {
      if (match(std::string_view{buffer_.data() + at, held_ - at}, stop)) return at;
    }
  }
  return held_;
}

Status Stops::pass(std::size_t bytes, const TextSink& sink) {
  const bool wanted = bytes == 0 || sink.write == nullptr || sink.write(sink.context, {buffer_.data(), bytes});
  held_ -= bytes;
  std::memmove(buffer_.data(), buffer_.data() + bytes, held_);
  return wanted ? Status{} : Status{Code::kStopped, "the receiver of the text asked to stop"};
}

}  // namespace kinglet
