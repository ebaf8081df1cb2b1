// Times among the words: the tokens by which Whisper says when something was spoken. What may follow what, and which parts of a window were
// told, as in the decoding of Radford et al. 2022 and in transformers (tests/goldens/times.py).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kinglet::host {

class TimeTokens {
 public:
  // `plain`: the token that asks for no times; all behind it are times, one for each place of the window. `end`: of a text. A text begins at
  // `most_first` at the latest.
  TimeTokens(std::int32_t plain, std::int32_t end, std::uint32_t most_first)
      : plain_(plain),
        end_(end),
        most_first_(most_first) {}

  bool is_time(std::int32_t token) const { return token > plain_; }
  std::uint32_t place(std::int32_t token) const {
    return is_time(token) ? static_cast<std::uint32_t>(token - plain_ - 1) : 0;
  }

  // Minus infinity for what may not follow the tokens made so far. A time is due where all of them together are likelier than any word.
  void allow(std::span<const std::int32_t> made, std::span<float> logits) const;

 private:
  std::int32_t plain_, end_;
  std::uint32_t most_first_;
};

// What was spoken from one place of a window to another, and its tokens [first, last).
struct Spoken {
  std::uint32_t begin, end;
  std::size_t first, last;
};

struct Told {
  std::vector<Spoken> parts;
  std::uint32_t until;  // the next window begins at this place: behind it a part had begun, which is told again there
};

// `places`: of the whole window.
Told told(std::span<const std::int32_t> made, const TimeTokens& times, std::uint32_t places);

}  // namespace kinglet::host
