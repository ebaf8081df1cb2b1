// An operator of a model as XNNPACK computes it. Whatever it keeps is in the block that is in use, and lives as long as that.
#pragma once

#include <xnnpack.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kinglet/provider.h"

namespace kinglet::xnnpack {

// A call's numbers. `input`, `addend` and `output` are floats as `Layer` says; the others are there where an operator wants them.
struct Numbers {
  const float* input = nullptr;
  const float* addend = nullptr;           // of a sum
  const std::int8_t* quantized = nullptr;  // of a linear layer, instead of `input`
  const float* scales = nullptr;           // of its rows
  float* output = nullptr;
  void* workspace = nullptr;       // as `shape` said
  std::int8_t* between = nullptr;  // [int8_between]
};

class Operator {
 public:
  virtual ~Operator() = default;

  // Before the first `place`, and whenever there are other numbers of grids (or rows): how many bytes of workspace that takes.
  virtual xnn_status shape(std::size_t grids, std::size_t* workspace, pthreadpool_t pool) = 0;
  virtual xnn_status place(const Numbers& numbers, std::size_t grids, pthreadpool_t pool) = 0;
  virtual xnn_status run(pthreadpool_t pool) = 0;

  virtual std::size_t int8_between(std::size_t) const {
    return 0;
  }  // int8 numbers between its steps, for so many grids
  virtual bool reads(const float*, std::size_t) const {
    return true;
  }  // false: these numbers would not come out as they are
};

// How XNNPACK is to compute it.
enum class Arithmetic { kFloat, kStaticInt8 };

xnn_status make_operator(const Layer& layer, const Provided& provided, Arithmetic arithmetic,
                         std::unique_ptr<Operator>& made);

}  // namespace kinglet::xnnpack
