// Layout: liveness to offsets. Walks a function's operators in order; each result takes the lowest gap of the working memory
// that is large enough, each operator's scratch likewise for its own duration, and what was used for the last time is free.
//
//     op 0   [ x        ]
//     op 1   [ x        ][ h    ]
//     op 2   [ x        ][ h    ][ qkv          ]
//     op 3   [ x        ][ attn  ][ qkv         ]      h was free: attn took its place
//
// It needs no memory but a fixed list of the blocks alive at once, so a plan costs nothing and gives the same offsets
// wherever it is computed.
#pragma once

#include <cstdint>

#include "kinglet/status.h"
#include "model_generated.h"
#include "ops/frame.h"

namespace kinglet {

class Layout {
 public:
  static constexpr std::uint32_t kMostAlive = 64;

  // Offsets are reported to `values` [function values] and `scratches` [operators] where these are given.
  static Result<std::uint64_t> make(const fb::Function& function, const Shapes& shapes, std::uint64_t* values = nullptr,
                                    std::uint64_t* scratches = nullptr);

 private:
  struct Block {
    std::uint64_t begin, end;
    std::uint32_t last_use;
  };

  Result<std::uint64_t> place(std::uint64_t bytes, std::uint32_t last_use);
  void release(std::uint32_t op);

  Block alive_[kMostAlive];  // by begin
  std::uint32_t count_ = 0;
  std::uint64_t peak_ = 0;
};

}  // namespace kinglet
