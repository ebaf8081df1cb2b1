// One step of an RNN cell: Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000), and the two forms of Cho et al. 2014.
#pragma once

#include "kernels/generic/isa.h"
#include "kernels/generic/math.h"
#include "kernels/kernels.h"

namespace kinglet::kernels {
namespace {

template <class Isa>
void lstm_cell(const CellArgs& args) {
  using F32 = typename Isa::F32;
  for_some_lanes(args.hidden, [&](std::size_t d, auto part) {
    const auto gate = [&](std::size_t index) {
      const std::size_t at = index * args.hidden + d;
      return load<F32>(args.x + at, part) + load<F32>(args.r + at, part);
    };
    const F32 c = call_sigmoid(gate(1)) * load<F32>(args.c + d, part) + call_sigmoid(gate(0)) * call_tanh(gate(2));
    store(args.c + d, c, part);
    store(args.h + d, call_sigmoid(gate(3)) * call_tanh(c), part);
  });
}

template <class Isa>
void gru_cell(const CellArgs& args) {
  using F32 = typename Isa::F32;
  for_some_lanes(args.hidden, [&](std::size_t d, auto part) {
    const auto gate = [&](std::size_t index) {
      const std::size_t at = index * args.hidden + d;
      return call_sigmoid(load<F32>(args.x + at, part) + load<F32>(args.r + at, part));
    };
    F32 n = load<F32>(args.n + d, part);
    if (args.cell == Cell::kGru) n = gate(0) * n;
    n = call_tanh(load<F32>(args.x + 2 * args.hidden + d, part) + n);
    store(args.h + d, n + gate(1) * (load<F32>(args.h + d, part) - n), part);
  });
}

template <class Isa>
void cell(const CellArgs& args) {
  if (args.cell == Cell::kLstm) {
    lstm_cell<Isa>(args);
  } else {
    gru_cell<Isa>(args);
  }
}

}  // namespace
}  // namespace kinglet::kernels
