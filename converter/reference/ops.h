// One plain float definition of every operator in schema/model.fbs: the operator's meaning, which the int8 runtime
// approximates.
//
// A View is a matrix of floats that somebody else owns: `width` columns of rows that lie `stride` floats apart.
// Results are new matrices that the caller owns. Sizes were checked when the program was built; nothing is checked
// here.
#pragma once

#include <cstdint>
#include <span>

#include "converter/reference/reference.h"
#include "model_generated.h"

namespace kinglet::converter::ops {

struct View {
  const float* data = nullptr;
  std::uint32_t rows = 0;
  std::uint32_t width = 0;
  std::size_t stride = 0;

  const float* row(std::size_t r) const { return data + r * stride; }
  bool empty() const { return data == nullptr; }
};

View view(const Matrix& m);
View view(const Matrix& m, std::uint32_t first, std::uint32_t width);  // some of its columns

float activate(float x, fb::Activation activation, float cap);

// y += scale * table[index of each row]
void embed(Matrix& y, View table, std::span<const std::uint32_t> indices, float scale);

Matrix rotary_angles(std::uint32_t rows, View frequencies, float scale);

struct Norm {
  fb::NormKind kind;
  std::uint32_t group;
  float epsilon;
  View gain, bias, residual;  // empty: none
};
Matrix norm(View x, const Norm& args);

struct Linear {
  View weight;                    // [N, K]
  View bias = {}, residual = {};  // empty: none
  fb::Activation activation = fb::Activation::None;
  float cap = 0;
};
Matrix linear(View x, const Linear& args, unsigned threads);

struct Attention {
  std::uint32_t heads, kv_heads, head_dim;
  fb::Mask mask;
  std::uint32_t window;
  float scale, cap;
  View angles;  // [rows, 2n] of queries and keys; empty: none
  View bias;    // [heads, 2r + 1]; empty: none
};
Matrix attention(View query, View key, View value, const Attention& args, unsigned threads);

struct Recurrent {
  fb::Cell cell;
  View weight, bias, candidate, candidate_bias;
  bool reverse;
};
// `state`: h, and c of an LSTM; what a sequence begins with, then what it ends with.
Matrix recurrent(View gates, const Recurrent& args, std::span<float> state);

struct Align {
  View v;  // empty: dot product
  float scale;
  fb::Place place;
  std::uint32_t window;
  View centre;  // of Predicted
  bool hard;
  std::uint32_t first_position;  // of the first row
};
Matrix align(View query, View keys, View values, const Align& args);

struct Window {
  fb::Size input, output, kernel, stride, padding, dilation;
};
// Rows of all windows of columns [first, first + count), zeros outside the grid: [output places, kernel places * count].
Matrix windows(View x, const Window& window, std::uint32_t first, std::uint32_t count);

struct Convolution {
  Window window;
  View weight, bias = {}, residual = {};
  fb::Activation activation = fb::Activation::None;
  float cap = 0;
  std::uint32_t groups = 1;
};
Matrix conv2d(View x, const Convolution& args, unsigned threads);
Matrix depthwise_conv2d(View x, const Convolution& args);
Matrix pool2d(View x, const Window& window, fb::PoolKind kind, bool adaptive);
Matrix regions(View x, View before, View positions);

// What has one row stands in each of the rows.
Matrix concat(std::span<const View> parts, std::uint32_t rows);

Matrix gate(View gate, View up, fb::Activation activation);
Matrix activate(View x, fb::Activation activation);
Matrix add(View left, View right, fb::Activation activation = fb::Activation::None);
Matrix pool_rows(View x, fb::Pooling pooling, std::uint32_t row = 0);

}  // namespace kinglet::converter::ops
