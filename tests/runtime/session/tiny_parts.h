// Operators of the tiny models, with the fields that they fill in.
#pragma once

#include <cmath>
#include <memory>

#include "model_generated.h"

namespace kinglet::testing {

inline std::unique_ptr<fb::Emit> emit(int rows, int quantized) { return std::make_unique<fb::Emit>(rows, quantized); }

inline std::unique_ptr<fb::Slice> slice(int value, std::uint32_t first = 0) {
  return std::make_unique<fb::Slice>(value, first);
}

inline fb::NormT norm(int input, std::uint32_t width, int rows, int quantized, int gain, int bias = -1,
                      fb::NormKind kind = fb::NormKind::Rms) {
  fb::NormT op;
  op.input = slice(input);
  op.output = emit(rows, quantized);
  op.kind = kind;
  op.width = op.group = width;
  op.gain = gain;
  op.bias = bias;
  op.epsilon = 1e-5F;
  return op;
}

inline fb::LinearT linear(int input, int weight, int rows, int quantized, int bias = -1, int residual = -1) {
  fb::LinearT op;
  op.input = input;
  op.weight = weight;
  op.output = emit(rows, quantized);
  op.bias = bias;
  op.residual = residual;
  return op;
}

inline fb::AttentionT attention(int qkv, std::uint32_t heads, std::uint32_t kv_heads, std::uint32_t head_dim,
                                int quantized, int state, fb::Mask mask) {
  fb::AttentionT op;
  op.query = slice(qkv, 0);
  op.key = slice(qkv, heads * head_dim);
  op.value = slice(qkv, (heads + kv_heads) * head_dim);
  op.output = emit(-1, quantized);
  op.state = state;
  op.heads = heads;
  op.kv_heads = kv_heads;
  op.head_dim = head_dim;
  op.mask = mask;
  op.scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
  return op;
}

}  // namespace kinglet::testing
