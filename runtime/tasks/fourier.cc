#include "tasks/fourier.h"

#include "tasks/sine.h"

namespace kinglet {
namespace {

// The next factor: 4 as long as there is one, then primes.
std::uint32_t factor_of(std::uint32_t n) {
  if (n % 4 == 0) return 4;
  if (n % 2 == 0) return 2;
  for (std::uint32_t p = 3; p * p <= n; p += 2) {
    if (n % p == 0) return p;
  }
  return n;
}

}  // namespace

Fourier::Fourier(Workspace& workspace, std::uint32_t size) : size_(size), points_(size % 2 == 0 ? size / 2 : size) {
  roots_ = workspace.take<Complex>(size_);
  from_ = workspace.take<Complex>(points_);
  to_ = workspace.take<Complex>(points_);
  pairs_ = workspace.take<Complex>(points_);
}

void Fourier::prepare() {
  for (std::uint32_t i = 0; i < size_; ++i) {
    const double turns = static_cast<double>(i) / size_;
    roots_[i] = {cosine_of_turns(turns), sine_of_turns(turns)};
  }
}

// x exp(-i a), where the root is cos a and sin a.
Fourier::Complex Fourier::turned(Complex x, Complex root) {
  return {x.re * root.re + x.im * root.im, x.im * root.re - x.re * root.im};
}

// out[k] = turned(sum of in[j] exp(-2 pi i j k / radix), k * turn), odd radices: points from both ends share their products, since cos is
// the same forwards and backwards and sin its negative.
void Fourier::butterfly(const Complex* in, std::size_t in_step, std::uint32_t radix, Complex* out, std::size_t out_step,
                        std::size_t turn) {
  const Complex first = in[0];
  Complex sum = first;
  for (std::uint32_t j = 1; j <= radix / 2; ++j) {
    const Complex a = in[j * in_step], b = in[(radix - j) * in_step];
    pairs_[2 * j - 1] = {a.re + b.re, a.im + b.im};
    pairs_[2 * j] = {a.re - b.re, a.im - b.im};
    sum = {sum.re + pairs_[2 * j - 1].re, sum.im + pairs_[2 * j - 1].im};
  }
  out[0] = sum;
  for (std::uint32_t k = 1; k <= radix / 2; ++k) {
    Complex even = first, odd{0, 0};
    std::uint32_t at = 0;  // j * k, modulo the radix
    for (std::uint32_t j = 1; j <= radix / 2; ++j) {
      at += k;
      at -= at >= radix ? radix : 0;
      const Complex& w = root(std::size_t{at} * (size_ / radix));
      even = {even.re + pairs_[2 * j - 1].re * w.re, even.im + pairs_[2 * j - 1].im * w.re};
      odd = {odd.re + pairs_[2 * j].re * w.im, odd.im + pairs_[2 * j].im * w.im};
    }
    out[k * out_step] = turned({even.re + odd.im, even.im - odd.re}, root(k * turn));
    out[(radix - k) * out_step] = turned({even.re - odd.im, even.im + odd.re}, root((radix - k) * turn));
  }
}

void Fourier::butterfly_of_two(const Complex* in, std::size_t in_step, Complex* out, std::size_t out_step,
                               std::size_t turn) {
  const Complex a = in[0], b = in[in_step];
  out[0] = {a.re + b.re, a.im + b.im};
  out[out_step] = turned({a.re - b.re, a.im - b.im}, root(turn));
}

void Fourier::butterfly_of_four(const Complex* in, std::size_t in_step, Complex* out, std::size_t out_step,
                                std::size_t turn) {
  const Complex a = in[0], b = in[in_step], c = in[2 * in_step], d = in[3 * in_step];
  const Complex ac{a.re + c.re, a.im + c.im}, bd{b.re + d.re, b.im + d.im};
  const Complex a_c{a.re - c.re, a.im - c.im}, b_d{b.re - d.re, b.im - d.im};
  out[0] = {ac.re + bd.re, ac.im + bd.im};
  out[out_step] = turned({a_c.re + b_d.im, a_c.im - b_d.re}, root(turn));
  out[2 * out_step] = turned({ac.re - bd.re, ac.im - bd.im}, root(2 * turn));
  out[3 * out_step] = turned({a_c.re - b_d.im, a_c.im + b_d.re}, root(3 * turn));
}

// Of from_; where it lies afterwards.
const Fourier::Complex* Fourier::transform() {
  Complex* in = from_.data();
  Complex* out = to_.data();
  std::size_t stride = 1;  // transforms that run beside each other
  for (std::uint32_t left = points_; left > 1;) {
    const std::uint32_t radix = factor_of(left);
    left /= radix;
    for (std::size_t p = 0; p < left; ++p) {
      const std::size_t turn = p * stride * (size_ / points_);
      for (std::size_t q = p * stride; q < (p + 1) * stride; ++q) {
        const Complex* from = in + q;
        Complex* to = out + q + p * stride * (radix - 1);
        if (radix == 4) butterfly_of_four(from, left * stride, to, stride, turn);
        else if (radix == 2) butterfly_of_two(from, left * stride, to, stride, turn);
        else butterfly(from, left * stride, radix, to, stride, turn);
      }
    }
    stride *= radix;
    Complex* const made = out;
    out = in;
    in = made;
  }
  return in;
}

void Fourier::powers(std::span<const double> frame, std::span<double> out) {
  const bool even = points_ != size_;
  for (std::uint32_t i = 0; i < points_; ++i)
    from_[i] = even ? Complex{frame[2 * i], frame[2 * i + 1]} : Complex{frame[i], 0};
  const Complex* z = transform();
  for (std::uint32_t k = 0; k < bins(); ++k) {
    Complex x = z[k == points_ ? 0 : k];
    if (even) {  // the transforms of the two parts, and the second one's place
      const Complex back = z[k == 0 ? 0 : points_ - k];
      const Complex second = turned({(x.im + back.im) / 2, (back.re - x.re) / 2}, root(k));
      x = {(x.re + back.re) / 2 + second.re, (x.im - back.im) / 2 + second.im};
    }
    out[k] = x.re * x.re + x.im * x.im;
  }
}

}  // namespace kinglet
