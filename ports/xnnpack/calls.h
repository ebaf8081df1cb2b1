// XNNPACK's calls as both of its interfaces have them. Until 2022 one call says an operator's shape and its memory (calls_2022.cpp); since
// 2023 one says the shape and another the memory (calls_2023.cpp).
#pragma once

#include <xnnpack.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kinglet/provider.h"
#include "xnnpack/static_convolution.h"

namespace kinglet::xnnpack {

// Padding.
struct Sides {
  std::uint32_t top, right, bottom, left;
};

inline std::uint32_t groups_of(const Layer& layer) {
  return layer.kind == Layer::Kind::kDepthwiseConv2d ? layer.input_channels : layer.groups;
}

xnn_status create_convolution(const Layer& layer, const Sides& sides, const float* weights, xnn_operator_t* op);
xnn_status create_max_pool(const Layer& layer, const Sides& sides, xnn_operator_t* op);
xnn_status create_average_pool(const Layer& layer, const Sides& sides, xnn_operator_t* op);

// Before the first `place`, and whenever there are other numbers of grids: how many bytes of `workspace` it wants.
xnn_status shape(const Layer& layer, xnn_operator_t op, std::size_t grids, std::size_t* workspace, pthreadpool_t pool);
xnn_status place(const Layer& layer, xnn_operator_t op, std::size_t grids, void* workspace, const float* input,
                 float* output, pthreadpool_t pool);

// Fully-connected layers of int8 rows, each times a scale of its own: linear_2024.cpp where XNNPACK has them, else linear_none.cpp, and
// none is created.
xnn_status create_linear(const Layer& layer, const float* scales, const std::int8_t* weights, xnn_operator_t* op);
xnn_status shape_linear(xnn_operator_t op, std::size_t rows, std::size_t* workspace, pthreadpool_t pool);
xnn_status place_linear(xnn_operator_t op, std::size_t rows, void* workspace, const std::int8_t* input,
                        const float* scales, float* output);

// Sums and activations of rows: elementwise_2022.cpp, elementwise_2024.cpp, or where XNNPACK has them otherwise elementwise_none.cpp, and none
// is created.
xnn_status create_elementwise(const Layer& layer, xnn_operator_t* op);
xnn_status shape_elementwise(const Layer& layer, xnn_operator_t op, std::size_t rows, pthreadpool_t pool);
xnn_status place_elementwise(const Layer& layer, xnn_operator_t op, std::size_t rows, const float* input,
                             const float* addend, float* output, pthreadpool_t pool);

// Whether it is faster than the runtime's, as far as that was measured; of an operator of rows, in calls of so many.
bool is_faster(const Layer& layer, std::uint32_t rows);

// The three operators of a static convolution: static_2022.cpp, static_2024.cpp, or where XNNPACK has them not static_none.cpp, and none is
// created.
inline std::int8_t int8_of(float limit, const Int8Scale& of) {
  return static_cast<std::int8_t>(
      std::clamp(std::nearbyint(limit / of.scale) + static_cast<float>(of.zero), -128.0F, 127.0F));
}
xnn_status create_static(const Layer& layer, const Sides& sides, const StaticWeights& weights, StaticConvolution& made);
xnn_status shape_static(const Layer& layer, const StaticConvolution& one, std::size_t grids, std::size_t* workspace,
                        pthreadpool_t pool);
xnn_status place_static(const Layer& layer, const StaticConvolution& one, std::size_t grids, void* workspace,
                        const float* input, float* output, pthreadpool_t pool);

extern const bool kOf2022;  // its interface of that year and before
const char* version();

}  // namespace kinglet::xnnpack
