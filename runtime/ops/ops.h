// The operators: the single list. An operator is a table in the schema and three functions in the file of its name here:
//   verify         shapes and indices, once, when a file is opened; afterwards nothing is checked again
//   scratch_bytes  what `run` needs beside its values, the same for every kernel set
//   run            one call
#pragma once

#include <cstdint>

#include "kinglet/status.h"
#include "model/checker.h"
#include "ops/frame.h"

namespace kinglet::ops {

bool verify(const fb::Embed& op, Checker& check);
bool verify(const fb::RotaryAngles& op, Checker& check);
bool verify(const fb::Norm& op, Checker& check);
bool verify(const fb::Linear& op, Checker& check);
bool verify(const fb::Attention& op, Checker& check);
bool verify(const fb::CacheKeyValue& op, Checker& check);
bool verify(const fb::Gate& op, Checker& check);
bool verify(const fb::Activate& op, Checker& check);
bool verify(const fb::Add& op, Checker& check);
bool verify(const fb::Select& op, Checker& check);
bool verify(const fb::PoolRows& op, Checker& check);
bool verify(const fb::Recurrent& op, Checker& check);
bool verify(const fb::Recall& op, Checker& check);
bool verify(const fb::Keep& op, Checker& check);
bool verify(const fb::Concat& op, Checker& check);
bool verify(const fb::Align& op, Checker& check);
bool verify(const fb::Conv2d& op, Checker& check);
bool verify(const fb::DepthwiseConv2d& op, Checker& check);
bool verify(const fb::Pool2d& op, Checker& check);
bool verify(const fb::Regions& op, Checker& check);

std::uint64_t scratch_bytes(const fb::Embed& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::RotaryAngles& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Norm& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Linear& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Attention& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::CacheKeyValue& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Gate& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Activate& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Add& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Select& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::PoolRows& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Recurrent& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Recall& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Keep& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Concat& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Align& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Conv2d& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::DepthwiseConv2d& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Pool2d& op, const fb::Function& function, const Shapes& shapes);
std::uint64_t scratch_bytes(const fb::Regions& op, const fb::Function& function, const Shapes& shapes);

Status run(const fb::Embed& op, const Frame& frame);
Status run(const fb::RotaryAngles& op, const Frame& frame);
Status run(const fb::Norm& op, const Frame& frame);
Status run(const fb::Linear& op, const Frame& frame);
Status run(const fb::Attention& op, const Frame& frame);
Status run(const fb::CacheKeyValue& op, const Frame& frame);
Status run(const fb::Gate& op, const Frame& frame);
Status run(const fb::Activate& op, const Frame& frame);
Status run(const fb::Add& op, const Frame& frame);
Status run(const fb::Select& op, const Frame& frame);
Status run(const fb::PoolRows& op, const Frame& frame);
Status run(const fb::Recurrent& op, const Frame& frame);
Status run(const fb::Recall& op, const Frame& frame);
Status run(const fb::Keep& op, const Frame& frame);
Status run(const fb::Concat& op, const Frame& frame);
Status run(const fb::Align& op, const Frame& frame);
Status run(const fb::Conv2d& op, const Frame& frame);
Status run(const fb::DepthwiseConv2d& op, const Frame& frame);
Status run(const fb::Pool2d& op, const Frame& frame);
Status run(const fb::Regions& op, const Frame& frame);

// Calls visitor(table) with the operator's own table; `unknown` where this version has none of that name.
template <class Visitor, class Unknown>
auto visit(const fb::Operator& op, const Visitor& visitor, Unknown unknown) -> decltype(visitor(*op.body_as_Embed())) {
  switch (op.body_type()) {
    case fb::Body::NONE: return unknown;
    case fb::Body::Embed: return visitor(*op.body_as_Embed());
    case fb::Body::RotaryAngles: return visitor(*op.body_as_RotaryAngles());
    case fb::Body::Norm: return visitor(*op.body_as_Norm());
    case fb::Body::Linear: return visitor(*op.body_as_Linear());
    case fb::Body::Attention: return visitor(*op.body_as_Attention());
    case fb::Body::CacheKeyValue: return visitor(*op.body_as_CacheKeyValue());
    case fb::Body::Gate: return visitor(*op.body_as_Gate());
    case fb::Body::Activate: return visitor(*op.body_as_Activate());
    case fb::Body::Add: return visitor(*op.body_as_Add());
    case fb::Body::Select: return visitor(*op.body_as_Select());
    case fb::Body::PoolRows: return visitor(*op.body_as_PoolRows());
    case fb::Body::Recurrent: return visitor(*op.body_as_Recurrent());
    case fb::Body::Recall: return visitor(*op.body_as_Recall());
    case fb::Body::Keep: return visitor(*op.body_as_Keep());
    case fb::Body::Concat: return visitor(*op.body_as_Concat());
    case fb::Body::Align: return visitor(*op.body_as_Align());
    case fb::Body::Conv2d: return visitor(*op.body_as_Conv2d());
    case fb::Body::DepthwiseConv2d: return visitor(*op.body_as_DepthwiseConv2d());
    case fb::Body::Pool2d: return visitor(*op.body_as_Pool2d());
    case fb::Body::Regions: return visitor(*op.body_as_Regions());
  }
  return unknown;
}

// The values an operator makes, in order; -1: none.
inline fb::Emit results(const fb::RotaryAngles& op) { return {op.output(), -1}; }
inline fb::Emit results(const fb::CacheKeyValue&) { return {-1, -1}; }
inline fb::Emit results(const fb::Keep&) { return {-1, -1}; }
template <class Op>
fb::Emit results(const Op& op) {
  return *op.output();
}
inline fb::Emit results_of(const fb::Operator& op) {
  return visit(
      op, [](const auto& table) { return results(table); }, fb::Emit{-1, -1});
}

}  // namespace kinglet::ops
