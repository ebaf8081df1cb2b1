// Junctions: places of a program where channels can be divided by positive numbers that something else is multiplied by, without
// changing the function. Found by following the data, whatever the architecture:
//
//   a value before linear layers                           the keys and queries of an attention
//
//   Norm              gain and bias         ─┐              keys   rows of the key's weight (or its norm's gain)    divided
//   Gated Linear      rows of up and its bias├─► Linear     query  rows of the query's weight (or its norm's gain)  multiplied
//   Linear (no, ReLU) rows and bias          │   columns
//   Attention         rows of the value     ─┘
//
// Select and PoolRows may stand between; keys and values may come through CacheKeyValue and its state. Channels that must share one
// number form a class: those of query heads that see the same key/value head, and the two of a rotary pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "converter/program.h"

namespace kinglet::converter {

// Rows of a matrix or elements of a vector: `first + i` belongs to class `classes[i]`.
struct Part {
  int weight = -1;
  std::uint32_t first = 0;
  std::vector<std::uint32_t> classes;
};

// Columns of an operator's result: `first + i` belongs to class `classes[i]`.
struct Carried {
  bool encode = false;
  std::size_t op = 0;
  std::uint32_t first = 0;
  std::vector<std::uint32_t> classes;
};

// What makes a value: weights that scale it, and the results that are scaled with them, the value itself first.
struct Side {
  std::vector<Part> parts;
  std::vector<Carried> carried;
  Carried
      origin;  // the result that comes straight from the weights: rows before a gate or an attention; maybe the value
  int origin_input = -1;  // of a Linear with ReLU or a gate: the operator that makes its input, in the same function
};

struct Junction {
  std::uint32_t classes = 0;
  Side divided;
  std::vector<int> columns;  // weights of linear layers: column c belongs to class divided.carried.front().classes[c]
  Side multiplied;           // or the query's side
};

// In an order in which a junction comes after all that change rows of its `columns` weights.
std::vector<Junction> find_junctions(const Program& program);

}  // namespace kinglet::converter
