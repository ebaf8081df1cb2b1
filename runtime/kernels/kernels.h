// The contract between operators and kernels: a struct of function pointers, chosen once per session.
//
// Kernels know pointers and sizes only. Every kernel set computes the same bits as `portable` (kernels/isa/portable.h),
// which is the specification, wherever the result is finite. A NaN, an infinity or an overflow gives a NaN or an infinity
// on every set, but which bits a NaN has may differ: callers refuse rows that are not finite.
//
// Common conventions:
//   f32 rows   stride in floats, a multiple of 16; columns [width, stride) are scratch and may be read and written
//   int8 rows  stride in bytes, a multiple of 64; columns [width, stride) are zero
//   tiles      Tile16x4: [N/16][K/4][16][4], K and N padded with zeros (or with anything: padding never reaches a
//              result that is used, because activations are zero there). Any int8 is a weight, -128 too
//   vectors    f32 per column (scales, bias, gain): readable up to the next multiple of 16
//   sizes      K and the slots of a sequence are at most 131,072, so that sums fit int32: 131,072 * 127 * 128 < 2^31
//   memory     all of it is the caller's. Aligned to 64 bytes it is faster; any alignment of the element works. y may be
//              x, up, the factor or the residual itself, never overlap them otherwise
#pragma once

#include <cstddef>
#include <cstdint>

#include "kinglet/isa.h"

namespace kinglet::kernels {

// Kernels know no schema: ops/activation.h says which of these each of its activations is, with which cap.
enum class Activation : std::uint8_t {
  kNone,
  kRelu,
  kGelu,
  kGeluTanh,
  kQuickGelu,
  kSilu,
  kTanh,
  kSigmoid,
  kSoftCap,
  kHardSigmoid,
  kHardSwish
};
enum class Cell : std::uint8_t { kLstm, kGru, kGruOriginal };

// Quantized rows: x = scale * q (Q8) or scale * (256 * q + low) (Q16).
struct QuantizedRows {
  std::int8_t* q = nullptr;         // [rows, stride], in [-127, 127]
  std::int8_t* low = nullptr;       // [rows, stride], in [-127, 127]; nullptr: Q8
  float* scale = nullptr;           // [rows]
  std::int32_t* sum = nullptr;      // [rows], sum of q
  std::int32_t* low_sum = nullptr;  // [rows], sum of low
  std::size_t stride = 0;

  // The rows from `row` on.
  QuantizedRows from(std::size_t row) const {
    const bool wide = low != nullptr;
    return {q + row * stride, wide ? low + row * stride : nullptr, scale + row,
            sum + row,        wide ? low_sum + row : nullptr,      stride};
  }
};

// y[r, n] = activation(dot(x[r], w[n]) * (x.scale[r] * w_scale[n]) + bias[n]) * factor[r, n] + residual[r, n]
// for n in tiles [first_tile, first_tile + tiles), each 16 columns. Q16: the dot is float(acc) * 256 + float(acc_low).
struct MatmulArgs {
  QuantizedRows x;
  std::size_t rows;
  std::size_t k;         // padded to a multiple of 4
  const std::int8_t* w;  // all tiles, [N/16][k/4][16][4]
  const float* w_scale;
  const float* bias;  // or nullptr
  Activation activation;
  float cap;              // of kSoftCap; of kRelu the most, infinity where there is none
  const float* residual;  // or nullptr
  std::size_t residual_stride;
  float* y;
  std::size_t y_stride;
  std::size_t first_tile;
  std::size_t tiles;
  bool cold = false;  // the weights come from memory, not from a cache: the same result, other ways of reading
  const float* factor = nullptr;  // or nullptr
  std::size_t factor_stride = 0;
};

// Per row: amax = max |x|; amax < 2^-100: scale 0, all zeros. Otherwise
//   Q8    q = round_half_even(x * (127 / amax)), scale = amax / 127
//   Q16   v = round_half_even(x * (32512 / amax)), scale = amax / 32512, q = (v + 128) >> 8, low = max(v - 256 q, -127)
struct QuantizeArgs {
  const float* x;
  std::size_t x_stride;
  std::size_t rows;
  std::size_t width;
  QuantizedRows out;  // columns [width, stride) are set to zero
};

enum class NormKind : std::uint8_t { kLayer, kRms, kL2 };

struct NormArgs {
  const float* x;  // [rows, x_stride], `width` columns from here
  std::size_t x_stride;
  std::size_t rows;
  std::size_t width;
  std::size_t group;  // divides width; gain and bias have `group` elements
  NormKind kind;
  float epsilon;
  const float* gain;      // or nullptr
  const float* bias;      // or nullptr
  const float* residual;  // or nullptr
  std::size_t residual_stride;
  float* y;
  std::size_t y_stride;
};

// y = activation(x) * up (up == nullptr: activation(x))
struct GateArgs {
  const float* x;
  std::size_t x_stride;
  const float* up;
  std::size_t up_stride;
  std::size_t rows;
  std::size_t width;
  Activation activation;
  float cap;
  float* y;
  std::size_t y_stride;
};

// y = (accumulate ? y : 0) + scale * table[index], a row of an int8 Tile16x4 or a Plain f32 table
struct EmbedArgs {
  const std::int8_t* tiles;  // or nullptr
  const float* scales;
  const float* plain;  // or nullptr, [*, width]
  std::size_t width;   // K
  std::size_t index;
  float scale;
  bool accumulate;
  float* y;  // [width padded to 16]
};

// cos and sin of position * frequency[i], times scale: out[i] and out[n + i].
struct AnglesArgs {
  const float* frequencies;
  std::size_t n;
  std::uint32_t position;
  float scale;
  float* out;  // [2n padded to 16]
};

// One head of keys and values: the layout of both is Tile16x4, so attention is two small matmuls over the cache.
//   keys    [capacity/16][dim4/4][16][4]       a key is an output channel
//   values  [dim16/16][capacity/4][16][4]      a key is a k
// The cache is divided into pages of 16 slots. The slots [16 i, 16 i + 16) of a sequence are those of page pages[i], so
// that sequences can share pages, and a sequence's pages lie in any order.
struct KeyValueHead {
  std::int8_t* keys;
  std::int8_t* values;
  float* key_scale;                      // [capacity]
  float* value_scale;                    // [capacity]
  std::size_t capacity;                  // of all pages: a multiple of 16
  const std::uint32_t* pages = nullptr;  // nullptr: page i of a sequence is page i
};

// Turns (with `angles`), quantizes and stores keys and values of one head: those of `rows` rows at the slots from `slot` on. False: not
// finite. No byte of another slot is written, so that threads can share a head.
struct StoreArgs {
  const float* key;    // [rows, head_dim]
  const float* value;  // [rows, value_dim]
  std::size_t head_dim;
  std::size_t value_dim;
  const float* angles;  // [rows, 2n] or nullptr
  std::size_t n;
  KeyValueHead head;
  std::size_t slot;
  std::size_t rows = 1;
  std::size_t key_stride = 0;  // floats from a row to the next; of a single row nobody asks
  std::size_t value_stride = 0;
  std::size_t angles_stride = 0;
};

// One query row of one head: softmax(scale * q k + bias) v over the slots [begin, end).
struct AttendQuery {
  const float* x;       // [head_dim]
  const float* angles;  // [2n] or nullptr
  const float* bias;    // [2 * reach + 1] for its head, or nullptr: of all queries of a call or of none
  std::size_t begin;
  std::size_t end;           // > begin
  std::size_t position;      // for the bias: index clamp(slot - position, -reach, reach) + reach
  float* out;                // [value_dim], and not a float beyond
  float* weights = nullptr;  // [end], or nullptr: what softmax gives the slots [begin, end), each at its slot
};

// Queries that see the same keys and values: rows of one sequence, heads of one group. What each gives does not depend on the
// others. Slots outside a query's [begin, end) count as minus infinity, whatever their bytes and scales are; those within have
// been stored.
inline constexpr std::size_t kAttendQueries = 8;  // of one call at most
struct AttendArgs {
  const AttendQuery* queries;
  std::size_t count;  // in [1, kAttendQueries]
  std::size_t head_dim;
  std::size_t value_dim;
  std::size_t n;  // of the angles
  KeyValueHead head;
  float scale;
  float cap;  // 0: none
  std::size_t reach;
  std::byte* scratch;  // attend_scratch_bytes(count, head_dim), aligned to 64
};

// One query of a recurrent decoder (Bahdanau et al. 2015; Luong et al. 2015):
//   v given   score = scale * sum over d of v[d] * tanh(query[d] + key[d]), d ascending; no cap, bias or angles
//   spread    each weight is multiplied by exp(-spread * (slot - centre)^2) after the softmax; 0: is not
//   hard      the slot with the largest score alone, the lowest of equals
struct AlignArgs {
  AttendArgs attend;  // count 1
  const float* v;     // [head_dim] or nullptr
  float centre;
  float spread;
  bool hard;
};

// One step of one row of an RNN, in place. x: the input's part of the gates; r: W h + bias; n: W_n h + bias (kGru, where it is the last
// part of r) or W_n (r * h) + bias (kGruOriginal).
//   kLstm   gates i f g o   c = f * c + i * g; h = o * tanh(c)
//   else    gates r z n     h = n + z * (h - n), n = tanh(x_n + r * n) (kGru) or tanh(x_n + n) (kGruOriginal)
struct CellArgs {
  Cell cell;
  const float* x;  // [gates * hidden]
  const float* r;  // [gates * hidden]; of kGruOriginal the first two gates
  const float* n;  // [hidden]; not of kLstm
  std::size_t hidden;
  float* h;  // [hidden]
  float* c;  // [hidden]; of kLstm
};

// The places of a grid that a window sees, and the weights there. Windows side by side that see alike are one call.
struct WindowArgs {
  const float* x;      // [width], of the first place
  std::size_t x_line;  // floats from a place to the one below, counting the window's lines
  std::size_t x_step;  // and to the one beside
  std::size_t lines;
  std::size_t columns;
  const float* w;  // as x; of `convolve`
  std::size_t w_line;
  std::size_t w_step;
  const float* bias;  // [width], or nullptr; of `convolve`
  std::size_t width;
  float* y;                 // [windows, width]
  std::size_t windows = 1;  // the next begins `x_window` floats further and makes y `y_window` further
  std::size_t x_window = 0;
  std::size_t y_window = 0;
};

// The largest number of a row and the lowest index that has it; minus infinity and the row's length where nothing is larger.
struct Top {
  float value;
  std::size_t index;
  bool finite;  // no NaN and no +infinity among them
};

struct Kernels {
  const char* name;
  void (*matmul)(const MatmulArgs&);
  bool (*quantize)(const QuantizeArgs&);  // false: a NaN or an infinity
  void (*norm)(const NormArgs&);
  void (*gate)(const GateArgs&);
  void (*add)(const float* a, const float* b, float* y, std::size_t count);
  void (*embed)(const EmbedArgs&);
  void (*angles)(const AnglesArgs&);
  bool (*store)(const StoreArgs&);    // false: a NaN or an infinity
  bool (*attend)(const AttendArgs&);  // false: a NaN or an infinity in a query, a NaN or +infinity among its scores
  bool (*align)(const AlignArgs&);    // false: a NaN or an infinity
  void (*cell)(const CellArgs&);
  Top (*top)(const float* x, std::size_t n);
  float (*exp_sum)(const float* x, std::size_t n, float top);  // of exp(x - top), over 16 lanes
  void (*convolve)(const WindowArgs&);  // y = the sum of x * w, products and sums one after the other from 0, plus bias
  void (*maximum)(const WindowArgs&);   // y = the largest x; one that is no number counts only where it is the first
};

// Bytes of AttendArgs::scratch for that many queries; the same for every kernel set.
std::size_t attend_scratch_bytes(std::size_t queries, std::size_t head_dim);

// The set named `name`, or the best one that this processor runs when name is nullptr; nullptr if there is none.
const Kernels* select(const char* name, const CpuFeatures& features = {});

}  // namespace kinglet::kernels
