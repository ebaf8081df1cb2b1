// Checker: what an operator's `verify` asks its questions to. One walks over a function's operators in order.
//
// Two rules make the check linear and free of memory: values are numbered in the order in which operators make them (an
// operator's Emit.rows before its Emit.quantized), and states in the order in which operators fill them.
//
// A question that is answered with no is false, or no pointer, and leaves in `failure` why: that takes less code than a Status on its way
// through every caller.
#pragma once

#include <cstdint>

#include "kinglet/model.h"
#include "kinglet/status.h"
#include "model_generated.h"

namespace kinglet {

// Whether two values have the same rows in every call.
inline bool same_rows(const fb::Value& a, const fb::Value& b) {
  if (a.extent() != b.extent()) return false;
  return a.extent() != fb::Extent::Grid ||
         (a.grid()->height() == b.grid()->height() && a.grid()->width() == b.grid()->width());
}

class Checker {
 public:
  Checker(const Model& model, const fb::Function& function, bool encode, std::uint32_t first_state)
      : model_(model),
        function_(function),
        encode_(encode),
        next_state_(first_state) {}

  const fb::Model& root() const { return model_.root(); }
  bool encode() const { return encode_; }
  bool sequential() const { return function_.sequential(); }
  std::uint32_t vocabulary() const;  // token ids of this function are below it
  std::uint32_t positions() const;   // most rows of one sequence in this function
  std::uint32_t next_state() const { return next_state_; }

  void at(std::uint32_t op) { op_ = op; }

  // What every question that fails returns.
  struct Failed {
    constexpr operator bool() const { return false; }  // NOLINT(google-explicit-constructor)
    template <class T>
    constexpr operator const T*() const {  // NOLINT(google-explicit-constructor)
      return nullptr;
    }
  };
  Failed fail(Message message) { return fail(Code::kBadFile, message); }
  Failed fail(Code code, Message message);
  const Status& failure() const { return failure_; }

  // A value that an earlier operator made and whose memory is still its own.
  const fb::Value* input(int value);
  const fb::Value* f32_input(int value);
  // Columns [first, first + width) of an F32 value.
  const fb::Value* columns(const fb::Slice* slice, std::uint32_t width);
  // The operator's results: the next values in order, of this width and extent.
  bool emits(const fb::Emit* emit, std::uint32_t width, fb::Extent extent);
  bool makes(int value, std::uint32_t width, fb::Extent extent, bool quantized);
  // As many rows as another value has, of a grid of the same size.
  bool emits_like(const fb::Emit* emit, std::uint32_t width, const fb::Value& like);
  bool emits_grid(const fb::Emit* emit, std::uint32_t width, const fb::Size& grid);
  // The size that the result has, where that is for the file to say.
  const fb::Size* grid_made(const fb::Emit* emit);

  // Weights. A vector is Float32 [1, width].
  const fb::Weight* weight(int index);
  bool vector(int index, std::uint32_t width);  // or -1
  bool table(int index, std::uint32_t min_rows, std::uint32_t width);

  const fb::State* state(int index);
  // A Memory state of this shape, or of its first head alone, that the encoder fills; or -1.
  bool remembers(int index, std::uint32_t heads, std::uint32_t head_dim);
  bool fills(int index, fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim);

  bool activation(fb::Activation activation, float cap = 1.0F);  // cap: of SoftCap
  Status finish() const;                                         // after the last operator

 private:
  const Model& model_;
  const fb::Function& function_;
  bool encode_;
  std::uint32_t op_ = 0;
  std::uint32_t next_value_ = 0;
  std::uint32_t next_state_;
  Status failure_;
};

}  // namespace kinglet
