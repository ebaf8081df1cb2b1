// A provider: another engine that computes linear layers, sums, activations and some of the operators over grids (ports/xnnpack). It adds up
// floats in an order of its own, so a session with a provider gives up what all others promise: the same bits everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/status.h"

namespace kinglet {

struct Extent {
  std::uint32_t height, width;
};

// What a calibration saw of some numbers, as the file says: any floats, and both 0 where there was none.
struct Range {
  float low, high;
};

// What an operator computes, over grids of pixels with their channels side by side (NHWC). A row of a linear layer, a sum or an activation is
// a grid of one pixel.
struct Layer {
  enum class Kind : std::uint8_t {
    kConv2d,
    kDepthwiseConv2d,
    kMaxPool,
    kAveragePool,
    kLinear,
    kAdd,
    kRelu,
    kSigmoid,
    kTanh
  };

  Kind kind;
  Extent input, output, kernel, stride, padding,
      dilation;          // padding: above and left; below and right as `output` needs
  std::uint32_t groups;  // of kConv2d
  std::uint32_t input_channels, output_channels;
  std::size_t input_stride, output_stride;  // numbers from one pixel to the next; of a sum all are alike
  float least, most;                        // results below and above become these
  const float* bias;                        // [output_channels], or null
  Range seen, made;                         // of a calibrated convolution: its input, and what it gives to `finish`
  bool reads_caller;                        // its input is what the caller gave: there is no `input`, but `copy_input`
};

// An operator of a model's function, as a provider sees it.
class Provided {
 public:
  bool encode = false;      // of the function `encode`, else of `step`
  std::uint32_t index = 0;  // among the function's operators

  // kUnsupported: it is none of the kinds above, or an average counts its padding; a linear layer has two weights, reads 16 bits, or makes the function's results, of which a session may want a part only.
  Result<Layer> layer() const;
  // One output channel's weights as floats, or nothing where there is no such channel or too little room: [kernel.height, kernel.width, input channels of its group], of a depthwise convolution
  // [kernel.height, kernel.width].
  void weights(std::uint32_t channel, std::span<float> out) const;
  // Of what has int8 weights (linear layers, convolutions; depthwise ones before 0.3 had floats) these, and what they are times; else NaN.
  float weights(std::uint32_t channel, std::span<std::int8_t> out) const;
  std::uint32_t most_grids() const;  // of a call

  // While it runs, of what `layer` describes:
  std::uint32_t grids() const;
  const float* input() const;
  // What the caller gave, [grids, input.height, input.width, input_channels]; nothing where there is less room.
  void copy_input(std::span<float> out) const;
  const float* addend() const;                 // of a sum, the other input
  const std::int8_t* quantized_input() const;  // of a linear layer, and what each of its rows is times
  const float* input_scales() const;
  float* output() const;  // null: the model keeps no floats of it, and the provider lends memory for them
  // What remains of the operator when its results are in `results` (`output`, or the lent memory): activation, residual, the quantized
  // form. `results`: as many rows as `output` has. kNotFinite as of any operator.
  Status finish(float* results) const;

 private:
  friend struct Runner;
  const struct Frame* frame_ = nullptr;
};

// Both give kUnsupported for an operator that the runtime is to run itself; any other failure is the session's.
struct Provider {
  void* context = nullptr;
  Status (*prepare)(void* context, const Provided& op) = nullptr;  // once for each operator, in Session::create
  Status (*run)(void* context, const Provided& op) = nullptr;
};

}  // namespace kinglet
