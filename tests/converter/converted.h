// A checkpoint converted to a file in memory, and the runtime's answers to inputs.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "converter/reference/reference.h"
#include "kinglet/session.h"
#include "tests/aligned.h"

namespace kinglet::converter::testing {

struct How {
  const char* isa = nullptr;  // the best one
  std::uint32_t threads = 1;
  std::size_t chunk = 1000;    // tokens in one call of `step`, where there is one input
  bool grid_as_bytes = false;  // grids go in as the pixels that these floats were made of
  Provider provider = {};
};

class Converted {
 public:
  // `calibrated`: grids whose ranges the file knows.
  explicit Converted(const std::filesystem::path& checkpoint, const std::vector<ReferenceInput>& calibrated = {});
  explicit Converted(const Program& program, const std::vector<ReferenceInput>& calibrated = {});

  const Model& model() const { return model_; }

  // Output rows of all positions of every input, one input after the other; all of them are sequences of one session with
  // exactly the room they need. A failure, or a byte written behind the arena, fails the test.
  std::vector<float> run(std::span<const ReferenceInput> inputs, const How& how = {}) const;

  // What the runtime makes of the pixels that these floats were made of.
  std::vector<float> floats_of_pixels(std::span<const float> features) const;

 private:
  void open(const std::filesystem::path& file);
  const float* vector(int weight) const;
  std::vector<std::uint8_t> pixels_of(std::span<const float> features) const;

  std::optional<kinglet::testing::AlignedBytes> bytes_;
  Model model_;
};

}  // namespace kinglet::converter::testing
