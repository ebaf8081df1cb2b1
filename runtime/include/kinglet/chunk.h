// What a call of a session reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kinglet {

// Which rows of a chunk give an output row.
enum class Want : std::uint8_t { kLast, kAll, kNone };

// What a model reads instead of a text, one of these: [height, width, channels] of its input. PictureInput and SoundInput make them.
struct Grid {
  std::span<const std::uint8_t> bytes = {};  // pixels; the model makes its floats of them
  std::span<const float> features = {};      // as the model was trained on
};

// The next tokens of one sequence; of a model that reads a grid instead of a source text, that. A call takes several chunks, each of another
// sequence.
struct Chunk {
  std::uint32_t sequence = 0;
  std::span<const std::int32_t> tokens = {};
  std::span<const std::uint8_t> types = {};  // token types, as many as tokens, or none (all 0)
  Want want = Want::kLast;
  Grid grid = {};  // instead of tokens
};

}  // namespace kinglet
