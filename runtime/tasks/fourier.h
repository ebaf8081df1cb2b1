// The discrete Fourier transform of real numbers, in double: Stockham's, of any size. The two halves of an even size, every second number,
// are the parts of complex numbers, so that a transform of half the size does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tasks/workspace.h"

namespace kinglet {

class Fourier {
 public:
  Fourier() = default;
  // Of `size` numbers, 2 to 2^16; its memory is the workspace's.
  Fourier(Workspace& workspace, std::uint32_t size);
  // Fills its table, before the first use.
  void prepare();

  std::uint32_t bins() const { return size_ / 2 + 1; }

  // out[k] = |sum of frame[i] exp(-2 pi i k / size)|^2, [bins]; frame: [size].
  void powers(std::span<const double> frame, std::span<double> out);

 private:
  struct Complex {
    double re, im;
  };
  static Complex turned(Complex x, Complex root);

  const Complex& root(std::size_t index) const { return roots_[index]; }
  const Complex* transform();
  void butterfly(const Complex* in, std::size_t in_step, std::uint32_t radix, Complex* out, std::size_t out_step,
                 std::size_t turn);
  void butterfly_of_four(const Complex* in, std::size_t in_step, Complex* out, std::size_t out_step, std::size_t turn);
  void butterfly_of_two(const Complex* in, std::size_t in_step, Complex* out, std::size_t out_step, std::size_t turn);

  std::uint32_t size_ = 0;
  std::uint32_t points_ = 0;      // of the complex transform: size, or half of it
  std::span<Complex> roots_;      // [size]: cos and sin of 2 pi i / size
  std::span<Complex> from_, to_;  // [points]
  std::span<Complex> pairs_;      // [points], of one butterfly
};

}  // namespace kinglet
