// Products by the DSP instructions of Cortex-M4, M7 and M33: SMLAD adds two products of 16 bits to 32.
//
// Four weights of a channel are a word; SXTB16 makes 16 bits of its bytes 0 and 2, and of 1 and 3 once it is turned by 8. Activations are made
// such pairs once for several tiles. Eight channels go through kBlock groups of k: their sums are in eight registers, the pairs of all groups in
// those of the floating-point unit, which leaves six for two words of weights, a pair on its way and addresses. For 32 products that is
//   1 VMOV (two pairs) + 4 x (1 LDRD (two channels) + 4 SXTB16 + 4 SMLAD) = 37 instructions, and 7 for a block: 1.18 for a product
// The sums are exact in any order, and no pair of products overflows: 2 * 127 * 128 < 2^31.
#pragma once

#include <cstring>

#include "kernels/generic/matmul.h"

namespace kinglet::kernels::cortex_m {
namespace {

inline constexpr std::size_t kBlock = 8;     // groups of k whose pairs fit the registers s0 to s15
inline constexpr std::size_t kPairs = 64;    // groups whose pairs are made at a time
inline constexpr std::size_t kChannels = 8;  // at a time

// The four activations of a group as two pairs of 16 bits: 0 and 2, 1 and 3.
struct Pairs {
  std::uint32_t even, odd;
};

inline std::uint32_t sign_extend_even(std::uint32_t bytes) {
  std::uint32_t r;
  asm("sxtb16 %0, %1" : "=r"(r) : "r"(bytes));
  return r;
}
inline std::uint32_t sign_extend_odd(std::uint32_t bytes) {
  std::uint32_t r;
  asm("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(bytes));
  return r;
}
inline Pairs pairs_of(std::uint32_t bytes) { return {sign_extend_even(bytes), sign_extend_odd(bytes)}; }
inline std::int32_t multiply_add(Pairs w, Pairs x, std::int32_t sum) {
  asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(w.even), "r"(x.even));
  asm("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(w.odd), "r"(x.odd));
  return sum;
}
using Word [[gnu::may_alias]] = std::uint32_t;
inline bool aligned(const std::int8_t* p) { return reinterpret_cast<std::uintptr_t>(p) % sizeof(Word) == 0; }

// Four bytes, wherever they begin.
inline std::uint32_t word_at(const std::int8_t* p) {
  if (aligned(p)) return *reinterpret_cast<const Word*>(p);
  const auto byte = [p](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>(p[i])} << 8 * i; };
  return byte(0) | byte(1) | byte(2) | byte(3);
}

// Eight channels through the groups [x + skipped, end), blocks of kBlock from x on, of which the first begins in its middle: what is skipped is
// read of the pairs, not of the weights. w is aligned to 4 bytes. In registers: r2 to r9 the sums, r1 where the weights are, r0 and r10 two
// channels' weights, r11 a pair of them, r12 and lr the activations' pairs. On the stack: x, end, sums, then what was saved, then `skipped`.
[[gnu::naked, gnu::noinline]] void add_blocks(const Pairs*, const std::int8_t*, const Pairs*, std::int32_t*,
                                              std::size_t) {
  asm volatile(
      ".macro two_channels first, second, at\n"
      "  ldrd r0, r10, [r1, #\\at]\n"
      "  sxtb16 r11, r0\n"
      "  smlad \\first, r11, r12, \\first\n"
      "  sxtb16 r0, r0, ror #8\n"
      "  smlad \\first, r0, lr, \\first\n"
      "  sxtb16 r11, r10\n"
      "  smlad \\second, r11, r12, \\second\n"
      "  sxtb16 r10, r10, ror #8\n"
      "  smlad \\second, r10, lr, \\second\n"
      ".endm\n"
      ".macro group even, odd, at\n"
      "  vmov r12, lr, \\even, \\odd\n"
      "  two_channels r2, r3, \\at\n"
      "  two_channels r4, r5, \\at + 8\n"
      "  two_channels r6, r7, \\at + 16\n"
      "  two_channels r8, r9, \\at + 24\n"
      ".endm\n"
      "push {r0, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldm r3, {r2, r3, r4, r5, r6, r7, r8, r9}\n"
      ".macro next_block\n"
      "  ldr r11, [sp]\n"
      "  vldmia r11!, {s0-s15}\n"
      "  str r11, [sp]\n"
      "  ldr r0, [sp, #4]\n"
      "  cmp r11, r0\n"
      ".endm\n"
      "next_block\n"
      "ldr r0, [sp, #48]\n"
      "adr r10, 2f\n"
      "mov r11, #(3f - 2f)\n"
      "mla r10, r0, r11, r10\n"
      "sub r1, r1, r0, lsl #6\n"
      "orr r10, r10, #1\n"
      "bx r10\n"
      "1:\n"
      "next_block\n"
      ".balign 4\n"
      "2:\n"
      "group s0, s1, 0\n"
      "3:\n"
      "group s2, s3, 64\n"
      "group s4, s5, 128\n"
      "group s6, s7, 192\n"
      "group s8, s9, 256\n"
      "group s10, s11, 320\n"
      "group s12, s13, 384\n"
      "group s14, s15, 448\n"
      "add r1, r1, #512\n"
      "bne 1b\n"
      "ldr r0, [sp, #8]\n"
      "stm r0, {r2, r3, r4, r5, r6, r7, r8, r9}\n"
      "add sp, sp, #12\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n"
      ".purgem next_block\n"
      ".purgem two_channels\n"
      ".purgem group\n");
}

// One row's pairs against one tile: w from their first group on. Before x there are kBlock pairs of any kind.
inline void add_tile(const Pairs* x, std::size_t groups, const std::int8_t* w, std::int32_t* sums) {
  if (!aligned(w)) {
    for (std::size_t i = 0; i < groups * kLanes; ++i)
      sums[i % kLanes] = multiply_add(pairs_of(word_at(w + i * kGroup)), x[i / kLanes], sums[i % kLanes]);
    return;
  }
  const std::size_t skipped = (kBlock - groups % kBlock) % kBlock;
  for (std::size_t channel = 0; channel < kLanes; channel += kChannels)
    add_blocks(x - skipped, w + channel * kGroup, x + groups, sums + channel, skipped);
}

inline void make_pairs(const std::int8_t* x, std::size_t groups, Pairs* pairs) {
  if (aligned(x)) {
    const auto* words = reinterpret_cast<const Word*>(x);
    for (const Pairs* end = pairs + groups; pairs < end;) *pairs++ = pairs_of(*words++);
  } else {
    for (std::size_t g = 0; g < groups; ++g) pairs[g] = pairs_of(word_at(x + g * kGroup));
  }
}

// Any number of rows and tiles: out [rows, tiles, 16].
[[gnu::noinline]] inline void add_tiles(const TileArgs& args, std::size_t rows, std::size_t tiles) {
  std::memset(args.out, 0, rows * tiles * kLanes * sizeof(std::int32_t));
  Pairs block[kBlock + kPairs];
  Pairs* const pairs = block + kBlock;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t first = 0; first < args.groups; first += kPairs) {
      const std::size_t groups = args.groups - first < kPairs ? args.groups - first : kPairs;
      make_pairs(args.x[r] + first * kGroup, groups, pairs);
      for (std::size_t t = 0; t < tiles; ++t)
        add_tile(pairs, groups, args.w[t] + first * kGroupBytes, args.out + (r * tiles + t) * kLanes);
    }
  }
}

// What an Isa with these products has.
struct Dsp : Plain {
  static constexpr int kTiles = 3;  // of more the pairs would serve longer, and the sums take more of the stack

  using Activations = Pairs;
  static Activations broadcast(const std::int8_t* p) { return pairs_of(word_at(p)); }
  static I32 dot4(I32 acc, Weights w, Activations x) {
    for (std::size_t n = 0; n < kLanes; ++n)
      acc.lane[n] = multiply_add(pairs_of(word_at(w.channels + n * kGroup)), x, acc.lane[n]);
    return acc;
  }
  static I32 dot4_positive(const I32& acc, Signed w, Activations x) { return dot4(acc, w, x); }
  static float square_root(float x) { return lanes::square_root(x); }

  template <int kPanel, int kGroupTiles>
  static void tile(const TileArgs& args) {
    add_tiles(args, kPanel, kGroupTiles);
  }
};

}  // namespace
}  // namespace kinglet::kernels::cortex_m
