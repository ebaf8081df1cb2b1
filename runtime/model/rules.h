// The bounds every model keeps. They are small enough that no size computed from them overflows 64 bits and no int32
// accumulator overflows: 131,072 * 127 * 128 < 2^31 (K of a matmul, and keys of an attention).
#pragma once

#include <cstdint>

namespace kinglet::rules {

// Of the file format, and of the arithmetic: who reads a file gives the bits that who wrote it gave. 4: activations before a rounding are coarser.
inline constexpr std::uint32_t kVersion = 4;
inline constexpr std::uint32_t kMetadataBytes = 1U << 28;  // the FlatBuffer
inline constexpr std::uint32_t kWidth = 1U << 20;          // columns of a value
inline constexpr std::uint32_t kInner = 1U << 17;          // K of a matmul
inline constexpr std::uint32_t kPositions = 1U << 17;      // context and source of a sequence
inline constexpr std::uint32_t kRows = 1U << 20;           // rows of one call
inline constexpr std::uint32_t kSequences = 1U << 12;
inline constexpr std::uint32_t kThreads = 1U << 10;
inline constexpr std::uint32_t kHeads = 1U << 12;
inline constexpr std::uint32_t kHeadDim = 1U << 12;
inline constexpr std::uint32_t kVocabulary = 1U << 20;  // also columns of the logits
inline constexpr std::uint32_t kOperators = 1U << 14;   // of one function
inline constexpr std::uint32_t kWeights = 1U << 16;
inline constexpr std::uint32_t kGrid = 1U << 22;      // places of a grid
inline constexpr std::uint32_t kGridRows = 1U << 28;  // places of all sources' grids in one call
inline constexpr std::uint32_t kWindow = 1U << 12;    // side of a kernel, stride, padding and dilation
inline constexpr std::uint32_t kStates = 1U << 12;

}  // namespace kinglet::rules
