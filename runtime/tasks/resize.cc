#include "tasks/resize.h"

#include "tasks/sine.h"

namespace kinglet {
namespace {

constexpr double kPi = 3.141592653589793238462643383279503;

// How far a filter reaches at its own scale, and its value there.
double support_of(fb::Filter filter) {
  switch (filter) {
    case fb::Filter::Nearest: return 0;
    case fb::Filter::Box: return 0.5;
    case fb::Filter::Bilinear:
    case fb::Filter::Hamming: return 1;
    case fb::Filter::Bicubic: return 2;
    case fb::Filter::Lanczos: return 3;
  }
  return 0;
}

double sinc(double x) { return x == 0 ? 1 : sine_of_turns(x / 2) / (x * kPi); }

double value_of(fb::Filter filter, double x) {
  constexpr double kA = -0.5;  // of the cubic (Keys 1981)
  const double d = x < 0 ? -x : x;
  switch (filter) {
    case fb::Filter::Nearest: return 1;
    case fb::Filter::Box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case fb::Filter::Bilinear: return d < 1 ? 1 - d : 0;
    case fb::Filter::Hamming: return d < 1 ? sinc(x) * (0.54 + 0.46 * cosine_of_turns(x / 2)) : 0;
    case fb::Filter::Bicubic:
      if (d < 1) return ((kA + 2) * d - (kA + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * kA : 0;
    case fb::Filter::Lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

std::uint32_t least_above(double x) {
  const auto whole = static_cast<std::uint32_t>(x);
  return whole + (static_cast<double>(whole) < x ? 1 : 0);
}

}  // namespace

Resize::Resize(std::uint32_t from, std::uint32_t to, fb::Filter filter) : from_(from), to_(to), filter_(filter) {
  if (from == to) filter_ = fb::Filter::Nearest;  // what stays is one place's
  const double scale = static_cast<double>(from) / to;
  stretch_ = scale < 1 ? 1 : scale;
  support_ = support_of(filter_) * stretch_;
  most_ = filter_ == fb::Filter::Nearest ? 1 : least_above(support_) * 2 + 1;
}

// Pillow adds up the steps; where the middle of a place lies between two others, what that rounds off decides.
std::uint32_t Resize::nearest(std::uint32_t index) {
  const double step = static_cast<double>(from_) / to_;
  if (index < index_ || index_ == 0) {
    index_ = 0;
    middle_ = step * 0.5;
  }
  for (; index_ < index; ++index_) middle_ += step;
  const auto at = static_cast<std::uint32_t>(middle_);
  return at < from_ ? at : from_ - 1;
}

Resize::Taps Resize::taps(std::uint32_t index, std::span<std::int32_t> weights, std::span<double> values) {
  constexpr double kOne = 1 << kBits;
  if (filter_ == fb::Filter::Nearest) {
    weights[0] = 1 << kBits;
    return {nearest(index), 1};
  }
  const double centre = (index + 0.5) * (static_cast<double>(from_) / to_);
  const double low = centre - support_ + 0.5, high = centre + support_ + 0.5;
  const std::uint32_t begin = low > 0 ? static_cast<std::uint32_t>(low) : 0;
  const std::uint32_t end = high < from_ ? static_cast<std::uint32_t>(high) : from_;
  const std::uint32_t count = end - begin;
  double sum = 0;
  for (std::uint32_t k = 0; k < count; ++k) {
    values[k] = value_of(filter_, (static_cast<double>(begin + k) - centre + 0.5) / stretch_);
    sum += values[k];
  }
  for (std::uint32_t k = 0; k < count; ++k) {
    const double share = sum == 0 ? values[k] : values[k] / sum;
    weights[k] = static_cast<std::int32_t>((share < 0 ? -0.5 : 0.5) + share * kOne);  // half away from zero
  }
  return {begin, count};
}

}  // namespace kinglet
