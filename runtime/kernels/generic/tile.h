// A register tile: exact int32 dots of a few int8 rows with a few tiles of 16 output channels each.
//
// The innermost body keeps rows x tiles accumulators in registers, and loads each weight once for all rows and each activation once for all tiles.
// Weights or activations, whichever are fewer, are in registers beside them.
// What becomes of the sums is the template argument End's: they are kept, or go on while they are in registers.
#pragma once

#include "kernels/generic/isa.h"

namespace kinglet::kernels {
namespace {

// Whether dot_tile's sums may go on while they are in registers: there are enough of these.
template <class Isa>
inline constexpr bool kScalesSums = requires {
  requires Isa::kScalesSums;
};

struct TileArgs {
  const std::int8_t* const* x;  // one pointer per integer row, 4 * groups bytes each
  const std::int32_t* sums;     // of each integer row
  const std::int8_t* const* w;  // one pointer per tile
  std::size_t groups;           // of 4 k
  std::size_t ahead;            // bytes to the tiles that come after these, fetched meanwhile; or 0
  std::int32_t* out;            // [rows, tiles, 16]
};

// How dot_tile ends: with the sums in args.out.
struct KeepSums {
  template <class Isa, int kRows, int kTiles>
  static void end(const TileArgs& args, const typename Isa::I32 (&acc)[kRows][kTiles]) {
    unroll<kRows>([&](auto r) {
      unroll<kTiles>([&](auto t) {
        constexpr int kRow = decltype(r)::value;
        constexpr int kTile = decltype(t)::value;
        acc[kRow][kTile].store(args.out + (kRow * kTiles + kTile) * static_cast<int>(kLanes));
      });
    });
  }
};

template <class Isa, int kRows, int kTiles, class End = KeepSums, class Args = TileArgs>
[[gnu::noinline]] void dot_tile(const Args& args) {
  constexpr std::ptrdiff_t kGroupStep = kGroupBytes;
  constexpr std::ptrdiff_t kRowStep = kGroup;
  typename Isa::I32 acc[kRows][kTiles];
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow] + args.groups * kGroup;
    unroll<kTiles>([&](auto t) { acc[kRow][decltype(t)::value] = Isa::start(args.sums[kRow]); });
  });
  const std::int8_t* w[kTiles];
  unroll<kTiles>([&](auto t) { w[decltype(t)::value] = args.w[decltype(t)::value] + args.groups * kGroupBytes; });
  const std::size_t ahead = args.ahead;
  // From the end of all rows: 0 is where it stops, and a register less is needed.
  for (std::ptrdiff_t g = -static_cast<std::ptrdiff_t>(args.groups); g != 0; ++g) {
    const auto weights_of = [&](auto t) {
      constexpr int kTile = decltype(t)::value;
      Isa::prefetch(w[kTile] + g * kGroupStep + ahead);
      return Isa::load_weights(w[kTile] + g * kGroupStep);
    };
    const auto activations_of = [&](auto r) { return Isa::broadcast(x[decltype(r)::value] + g * kRowStep); };
    if constexpr (kTiles <= kRows) {
      typename Isa::Weights weights[kTiles];
      unroll<kTiles>([&](auto t) { weights[decltype(t)::value] = weights_of(t); });
      unroll<kRows>([&](auto r) {
        constexpr int kRow = decltype(r)::value;
        const auto activations = activations_of(r);
        unroll<kTiles>([&](auto t) {
          constexpr int kTile = decltype(t)::value;
          acc[kRow][kTile] = Isa::dot4(acc[kRow][kTile], weights[kTile], activations);
        });
      });
    } else {
      typename Isa::Activations activations[kRows];
      unroll<kRows>([&](auto r) { activations[decltype(r)::value] = activations_of(r); });
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        const auto weights = weights_of(t);
        unroll<kRows>([&](auto r) {
          constexpr int kRow = decltype(r)::value;
          acc[kRow][kTile] = Isa::dot4(acc[kRow][kTile], weights, activations[kRow]);
        });
      });
    }
  }
  End::template end<Isa>(args, acc);
}

using TileFunction = void (*)(const TileArgs&);

// dot_tile, or the instruction set's own `tile`, for any number of rows in [1, Isa::kRows] and tiles in [1, Isa::kTiles].
template <class Isa>
class DotTiles {
 public:
  static TileFunction find(std::size_t rows, std::size_t tiles) { return kTable.at[rows - 1][tiles - 1]; }

 private:
  struct Table {
    TileFunction at[Isa::kRows][Isa::kTiles];
  };
  static constexpr Table make() {
    Table table{};
    unroll<Isa::kRows>([&](auto r) {
      unroll<Isa::kTiles>([&](auto t) {
        constexpr int kRow = decltype(r)::value;
        constexpr int kTile = decltype(t)::value;
        if constexpr (requires { &Isa::template tile<1, 1>; }) {
          table.at[kRow][kTile] = Isa::template tile<kRow + 1, kTile + 1>;
        } else {
          table.at[kRow][kTile] = dot_tile<Isa, kRow + 1, kTile + 1>;
        }
      });
    });
    return table;
  }
  static constexpr Table kTable = make();
};

// A few integer rows against one tile. Nothing but reading the weights takes time here, and memory is read fastest as one
// stream: so one tile comes after the other, and what there is of registers goes to kStreamParts groups of k at once. The sums are exact
// in any order.
template <class Isa, int kRows>
[[gnu::noinline]] void stream_tile(const TileArgs& args, std::size_t out_stride) {
  constexpr int kParts = kRows * Isa::kStreamParts < Isa::kRows * Isa::kTiles ? Isa::kStreamParts : 1;
  typename Isa::I32 acc[kRows][kParts];
  const std::int8_t* x[kRows];
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    x[kRow] = args.x[kRow];
    unroll<kParts>([&](auto i) {
      constexpr int kPart = decltype(i)::value;
      acc[kRow][kPart] = kPart == 0 ? Isa::start(args.sums[kRow]) : typename Isa::I32(0);
    });
  });
  const std::int8_t* w = args.w[0];
  std::size_t g = 0;
  const auto multiply_group = [&](auto i) {
    constexpr int kPart = decltype(i)::value;
    const auto weights = Isa::load_weights(w + (g + kPart) * kGroupBytes);
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      acc[kRow][kPart] = Isa::dot4(acc[kRow][kPart], weights, Isa::broadcast(x[kRow] + (g + kPart) * kGroup));
    });
  };
  for (; g + kParts <= args.groups; g += kParts) unroll<kParts>(multiply_group);
  for (; g < args.groups; ++g) multiply_group(Index<0>{});
  unroll<kRows>([&](auto r) {
    constexpr int kRow = decltype(r)::value;
    unroll<kParts - 1>([&](auto i) { acc[kRow][0] = acc[kRow][0] + acc[kRow][decltype(i)::value + 1]; });
    acc[kRow][0].store(args.out + kRow * out_stride);
  });
}

inline constexpr std::size_t kFew = 3;  // integer rows that wait for weights

// Tiles of weights in a cache, one after the other.
template <class Isa, int kRows>
void stream_tiles(const TileArgs& args, std::size_t tiles) {
  for (std::size_t t = 0; t < tiles; ++t) {
    TileArgs one = args;
    one.w = args.w + t;
    one.out = args.out + t * kLanes;
    stream_tile<Isa, kRows>(one, tiles * kLanes);
  }
}

}  // namespace
}  // namespace kinglet::kernels
