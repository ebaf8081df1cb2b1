// The first half of attention.h: queries become int8 rows, their dots with the keys of a block scores, and of these the largest is known.
#pragma once

#include <cstring>

#include "kernels/generic/activation.h"
#include "kernels/generic/angles.h"
#include "kernels/generic/cache.h"
#include "kernels/generic/quantize.h"
#include "kernels/generic/scratch.h"
#include "kernels/generic/tile.h"

namespace kinglet::kernels {
namespace {

inline constexpr float kLog2E = 1.44269504f;

// Whole pages of one block.
struct Slots {
  std::size_t block;  // its first slot
  std::size_t first, last;
};

// What is known of one query's softmax, lane by lane.
template <class Isa>
struct Softmax {
  typename Isa::F32 most = typename Isa::F32(-__builtin_inff());  // the largest score so far in each lane
  typename Isa::F32 most_p = typename Isa::F32(0.0f);             // the largest probability of the block in each lane
  typename Isa::F32 total = typename Isa::F32(0.0f);              // sum of e in each lane
};

// And of all its lanes together. Apart from these, which some instruction sets want at multiples of 64 bytes.
struct Softened {
  float top = -__builtin_inff();  // the largest of the blocks that were softened
  float shrink = 1.0f;            // of the last block
  float p_scale = 0.0f;           // of the last block
  bool seen = false;              // the last block has slots of it
  bool begun = false;             // and a block before it had
};

template <class Isa>
struct AttendMemory {
  std::int8_t* queries;
  std::size_t query_stride;
  float* scores;
  std::int8_t* high;
  std::int8_t* low;
  Softmax<Isa>* softmax;  // of each query
  Softened* softened;     // of each query

  explicit AttendMemory(const AttendArgs& args) {
    const AttendScratch layout = attend_scratch(args.count, args.head_dim);
    queries = reinterpret_cast<std::int8_t*>(args.scratch);
    query_stride = layout.query_stride;
    scores = reinterpret_cast<float*>(args.scratch + layout.scores);
    high = reinterpret_cast<std::int8_t*>(args.scratch + layout.high);
    low = reinterpret_cast<std::int8_t*>(args.scratch + layout.low);
    static_assert(sizeof(Softmax<Isa>) == kSoftmaxBytes && alignof(Softmax<Isa>) <= 64);
    softmax = reinterpret_cast<Softmax<Isa>*>(args.scratch + layout.softmax);
    static_assert(sizeof(Softened) == kSoftenedBytes && alignof(Softened) <= kSoftenedBytes);
    softened = reinterpret_cast<Softened*>(args.scratch + layout.softened);
  }
};

// All 16 slots from `first` are within [begin, end), or these are.
struct AllLanes {};
template <class Isa>
typename Isa::Mask slots_within(const AttendQuery& query, std::size_t first) {
  using I32 = typename Isa::I32;
  const I32 slots = I32::iota() + I32(static_cast<std::int32_t>(first));
  return (I32(static_cast<std::int32_t>(query.begin) - 1) < slots) &
         (slots < I32(static_cast<std::int32_t>(query.end)));
}
template <class V>
V select(AllLanes, V a, V) {
  return a;
}

// Calls f(slot, AllLanes or Mask) for each page of `slots`.
template <class Isa, class F>
void for_pages(const AttendQuery& query, const Slots& slots, F&& f) {
  for (std::size_t slot = slots.first; slot < slots.last; slot += kLanes) {
    if (slot >= query.begin && slot + kLanes <= query.end) f(slot, AllLanes{});
    else f(slot, slots_within<Isa>(query, slot));
  }
}

// The largest of `most` and of the 16 scores from `slot` on that the query sees.
template <class Isa>
[[gnu::always_inline]] inline typename Isa::F32 more(const AttendQuery& query, std::size_t slot,
                                                     typename Isa::F32 score, typename Isa::F32 most) {
  if (slot >= query.begin && slot + kLanes <= query.end) return max(score, most);
  return max(select(slots_within<Isa>(query, slot), score, most), most);
}

// bias[clamp(slot - position, -reach, reach) + reach] for 16 slots.
template <class Isa>
typename Isa::F32 position_bias(const AttendQuery& query, std::size_t reach_of, std::size_t first) {
  const auto reach = static_cast<std::int64_t>(reach_of);
  const std::int64_t distance = static_cast<std::int64_t>(first) - static_cast<std::int64_t>(query.position);
  float values[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    const std::int64_t d = distance + static_cast<std::int64_t>(i);
    values[i] = query.bias[(d < -reach ? -reach : d > reach ? reach : d) + reach];
  }
  return Isa::F32::load(values);
}

// The queries as int8 rows; false if one is not finite.
template <class Isa>
bool quantize_queries(const AttendArgs& args, const AttendMemory<Isa>& memory, RowScale* scales) {
  for (std::size_t i = 0; i < args.count; ++i) {  // a head's rows lie far apart
    for (std::size_t d = 0; d < args.head_dim; d += kLanes) Isa::prefetch(args.queries[i].x + d);
  }
  for (std::size_t i = 0; i < args.count; ++i) {
    std::int8_t* q = memory.queries + i * memory.query_stride;
    const TurnedRow<Isa> row{args.queries[i].x, args.head_dim, args.queries[i].angles, args.n};
    if (!quantize_row<Isa>(row, PlainPlane<Isa>{q}, scales[i])) return false;
    std::memset(q + args.head_dim, 0, round_up_to(args.head_dim, kGroup) - args.head_dim);
  }
  return true;
}

inline bool is_plain(const AttendArgs& args) { return args.cap == 0.0f && args.queries[0].bias == nullptr; }

// A score without cap and bias, in units of ln 2, is dot * (factor * key scale), where `factor` is this.
inline float plain_factor(float query_scale, float scale) { return (query_scale * scale) * kLog2E; }

// With a cap or a bias, and then in units of ln 2.
template <class Isa>
typename Isa::F32 unusual_score(const AttendArgs& args, const AttendQuery& query, std::size_t slot,
                                typename Isa::F32 score) {
  using F32 = typename Isa::F32;
  if (args.cap != 0.0f) score = soft_cap(score, F32(args.cap));
  if (query.bias != nullptr) score = score + position_bias<Isa>(query, args.reach, slot);
  score = score * F32(kLog2E);
  return select(abs(score) < F32(__builtin_inff()), score, F32(__builtin_nanf("")));  // an infinite bias is refused
}

// All of a query's scores with the pages from `first` on, where there is a cap or a bias.
template <class Isa>
[[gnu::noinline]] void unusual_scores(const AttendArgs& args, const AttendQuery& query, std::size_t first,
                                      std::size_t tiles, float* scores, Softmax<Isa>& noted) {
  using F32 = typename Isa::F32;
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::size_t slot = first + t * kLanes;
    const F32 score = unusual_score<Isa>(args, query, slot, F32::load(scores + t * kLanes));
    score.store(scores + t * kLanes);
    noted.most = more<Isa>(query, slot, score, noted.most);
  }
}

// What the dots of one query with the pages from `first` on become; with a cap or a bias unusual_scores goes on. Functions of their own, so that
// on a small stack the numbers of one do not lie below the other's, nor below those of the dots.
template <class Isa>
void finish_scores(const AttendArgs& args, const AttendQuery& query, float query_scale, const std::size_t* scales,
                   const std::int32_t* dots, std::size_t first, std::size_t tiles, float* out, Softmax<Isa>& noted) {
  using F32 = typename Isa::F32;
  using I32 = typename Isa::I32;
  const bool plain = is_plain(args);
  const F32 factor(plain ? plain_factor(query_scale, args.scale) : query_scale * args.scale);
  F32 most = noted.most;
  for (std::size_t t = 0; t < tiles; ++t) {
    const F32 score = to_float(I32::load(dots + t * kLanes)) * (factor * F32::load(args.head.key_scale + scales[t]));
    score.store(out + t * kLanes);
    most = more<Isa>(query, first + t * kLanes, score, most);
  }
  if (plain) noted.most = most;
}

// Queries [row, row + rows) and the pages of [slot, slot + tiles * 16).
struct ScorePanel {
  std::size_t row, rows;
  std::size_t slot, tiles;
  const std::size_t* scales_at;  // of each tile: where its slots' scales begin
};

// A tile whose sums become scores while they are in registers; every query sees all of its slots.
template <class Isa>
struct ScoreTileArgs : TileArgs {
  const AttendArgs& attend;
  const RowScale* scales;  // of the panel's queries
  const ScorePanel& panel;
  float* scores;  // [rows, kSlotBlock]
  Softmax<Isa>* softmax;
};

struct ScoreSums {
  template <class Isa, int kRows, int kTiles>
  [[gnu::always_inline]] static inline void end(const ScoreTileArgs<Isa>& tile,
                                                const typename Isa::I32 (&acc)[kRows][kTiles]) {
    using F32 = typename Isa::F32;
    F32 key_scale[kTiles];
    unroll<kTiles>([&](auto t) {
      constexpr int kTile = decltype(t)::value;
      key_scale[kTile] = F32::load(tile.attend.head.key_scale + tile.panel.scales_at[kTile]);
    });
    const float scale = tile.attend.scale;
    const RowScale* row_scale = tile.scales;
    float* scores = tile.scores;
    Softmax<Isa>* softmax = tile.softmax;
    unroll<kRows>([&](auto r) {
      constexpr int kRow = decltype(r)::value;
      const F32 factor(plain_factor(row_scale[kRow].scale, scale));
      F32 most = softmax[kRow].most;
      unroll<kTiles>([&](auto t) {
        constexpr int kTile = decltype(t)::value;
        const F32 score = to_float(acc[kRow][kTile]) * (factor * key_scale[kTile]);
        score.store(scores + kTile * kLanes);
        most = max(score, most);
      });
      softmax[kRow].most = most;
      scores += kSlotBlock;
    });
  }
};

// False: this instruction set has too few registers, or the panel is not of that kind.
template <class Isa>
bool score_in_registers(const ScoreTileArgs<Isa>& tile) {
  if constexpr (kScalesSums<Isa>) {
    const AttendArgs& args = tile.attend;
    const ScorePanel& panel = tile.panel;
    if (!is_plain(args) || panel.tiles != Isa::kTiles || panel.rows <= kFew) return false;
    for (std::size_t i = panel.row; i < panel.row + panel.rows; ++i) {
      const AttendQuery& query = args.queries[i];
      if (query.begin > panel.slot || query.end < panel.slot + Isa::kTiles * kLanes) return false;
    }
    with_count<Isa::kRows>(panel.rows, [&](auto rows) {
      constexpr int kRows = decltype(rows)::value;
      if constexpr (kRows > static_cast<int>(kFew)) dot_tile<Isa, kRows, Isa::kTiles, ScoreSums>(tile);
    });
    return true;
  } else {
    return false;
  }
}

// Scores of all queries for the pages [first, first + tiles * 16).
template <class Isa>
void dot_scores(const AttendArgs& args, const AttendMemory<Isa>& memory, const RowScale* scales, const Slots& slots,
                std::size_t first, std::size_t tiles, Softmax<Isa>* softmax) {
  const std::size_t dim4 = round_up_to(args.head_dim, kGroup);
  const std::int8_t* keys[Isa::kTiles];
  std::size_t scales_at[Isa::kTiles];
  for (std::size_t t = 0; t < tiles; ++t) {
    scales_at[t] = page_at(args.head, first / kLanes + t) * kLanes;
    keys[t] = args.head.keys + scales_at[t] * dim4;
  }
  alignas(64) std::int32_t dots[Isa::kRows * Isa::kTiles * kLanes];
  const std::size_t panels = (args.count + Isa::kRows - 1) / Isa::kRows;
  for (std::size_t p = 0; p < panels; ++p) {
    const std::size_t row = share_of(args.count, p, panels);
    const ScorePanel panel{row, share_of(args.count, p + 1, panels) - row, first, tiles, scales_at};
    const std::int8_t* x[Isa::kRows];
    std::int32_t sums[Isa::kRows];
    for (std::size_t i = 0; i < panel.rows; ++i) {
      x[i] = memory.queries + (row + i) * memory.query_stride;
      sums[i] = scales[row + i].sum;
    }
    float* out = memory.scores + row * kSlotBlock + (first - slots.block);
    const ScoreTileArgs<Isa> tile{
        {x, sums, keys, dim4 / kGroup, 0, dots}, args, scales + row, panel, out, softmax + row};
    if (score_in_registers<Isa>(tile)) continue;
    DotTiles<Isa>::find(panel.rows, tiles)(tile);
    for (std::size_t i = 0; i < panel.rows; ++i) {
      const AttendQuery& query = args.queries[row + i];
      float* scores = out + i * kSlotBlock;
      finish_scores<Isa>(args, query, scales[row + i].scale, scales_at, dots + i * tiles * kLanes, first, tiles, scores,
                         softmax[row + i]);
      if (!is_plain(args)) unusual_scores<Isa>(args, query, first, tiles, scores, softmax[row + i]);
    }
  }
}

// Writes the scores of one block.
template <class Isa>
void block_scores(const AttendArgs& args, const AttendMemory<Isa>& memory, const RowScale* scales, const Slots& slots,
                  Softmax<Isa>* softmax) {
  for (std::size_t done = slots.first; done < slots.last;) {
    const std::size_t left = (slots.last - done) / kLanes;
    const std::size_t tiles = left < Isa::kTiles ? left : Isa::kTiles;
    dot_scores<Isa>(args, memory, scales, slots, done, tiles, softmax);
    done += tiles * kLanes;
  }
}

}  // namespace
}  // namespace kinglet::kernels
