// Writing keys and values into the cache: turned, quantized to Q8 per (row, head), scattered into the tiles.
#pragma once

#include <cstring>

#include "kernels/generic/angles.h"
#include "kernels/generic/quantize.h"

namespace kinglet::kernels {
namespace {

// Column d of a key is byte d % 4 of its channel in the group d / 4 of tile slot / 16.
template <class Isa>
struct KeyCells {
  std::int8_t* cells;  // of the slot's channel
  std::size_t width;

  void put(std::size_t column, typename Isa::I32 values) const {
    std::int8_t bytes[kLanes];
    values.store_bytes(bytes);
    if (column % kGroup == 0 && column + kLanes <= width) {
      for (std::size_t i = 0; i < kLanes; i += kGroup)
        std::memcpy(cells + (column + i) / kGroup * kGroupBytes, bytes + i, kGroup);
      return;
    }
    for (std::size_t i = 0; i < kLanes && column + i < width; ++i) {
      const std::size_t d = column + i;
      cells[d / kGroup * kGroupBytes + d % kGroup] = bytes[i];
    }
  }
};

// Column d of a value is a channel, and the slot is a k: 4 bytes apart within a tile.
template <class Isa>
struct ValueCells {
  std::int8_t* cells;  // of the slot's k
  std::size_t width;
  std::size_t capacity;

  void put(std::size_t column, typename Isa::I32 values) const {
    std::int8_t bytes[kLanes];
    values.store_bytes(bytes);
    for (std::size_t i = 0; i < kLanes && column + i < width; ++i) {
      const std::size_t d = column + i;
      cells[d / kLanes * kLanes * capacity + d % kLanes * kGroup] = bytes[i];
    }
  }
};

// The page of a sequence's slots [16 index, 16 index + 16).
inline std::size_t page_at(const KeyValueHead& head, std::size_t index) {
  return head.pages == nullptr ? index : head.pages[index];
}

// Where slot `slot` of a sequence is.
inline std::size_t place_of(const KeyValueHead& head, std::size_t slot) {
  return page_at(head, slot / kLanes) * kLanes + slot % kLanes;
}

template <class Isa>
bool store_key(const StoreArgs& args, std::size_t row) {
  const KeyValueHead& head = args.head;
  const std::size_t place = place_of(head, args.slot + row);
  const std::size_t tile = place / kLanes * kLanes * round_up_to(args.head_dim, kGroup);
  const KeyCells<Isa> cells{head.keys + tile + place % kLanes * kGroup, args.head_dim};
  const float* angles = args.angles == nullptr ? nullptr : args.angles + row * args.angles_stride;
  const TurnedRow<Isa> key{args.key + row * args.key_stride, args.head_dim, angles, args.n};
  RowScale scale;
  if (!quantize_row<Isa>(key, cells, scale)) return false;
  head.key_scale[place] = scale.scale;
  return true;
}

template <class Isa>
bool store_value(const StoreArgs& args, std::size_t row) {
  const KeyValueHead& head = args.head;
  const std::size_t place = place_of(head, args.slot + row);
  const ValueCells<Isa> cells{head.values + place / kGroup * kGroupBytes + place % kGroup, args.value_dim,
                              head.capacity};
  const PlainRow<Isa> value{args.value + row * args.value_stride, args.value_dim};
  RowScale scale;
  if (!quantize_row<Isa>(value, cells, scale)) return false;
  head.value_scale[place] = scale.scale;
  return true;
}

inline constexpr std::size_t kMostTogether = 256;  // the widest values that are stored four slots at once

// The values of four rows whose slots make a whole group of k, so that lines are written and not bytes.
template <class Isa>
bool store_four_values(const StoreArgs& args, std::size_t row) {
  using I32 = typename Isa::I32;
  const KeyValueHead& head = args.head;
  const std::size_t place = place_of(head, args.slot + row);
  std::int8_t rows[kGroup][kMostTogether];
  for (std::size_t i = 0; i < kGroup; ++i) {
    const PlainRow<Isa> value{args.value + (row + i) * args.value_stride, args.value_dim};
    RowScale scale;
    if (!quantize_row<Isa>(value, PlainPlane<Isa>{rows[i]}, scale)) return false;
    head.value_scale[place + i] = scale.scale;
  }
  std::int8_t* cells = head.values + place / kGroup * kGroupBytes;
  for (std::size_t c = 0; c < args.value_dim; c += kLanes) {
    const auto byte = [&](int i) { return I32::load_bytes(rows[i] + c) & I32(0xff); };
    const I32 words = (byte(0) | shift_left<8>(byte(1))) | (shift_left<16>(byte(2)) | shift_left<24>(byte(3)));
    std::int32_t line[kLanes];
    words.store(line);
    std::memcpy(cells + c * head.capacity, line, sizeof line);
  }
  return true;
}

template <class Isa>
bool store_key_value(const StoreArgs& args) {
  for (std::size_t row = 0; row < args.rows; ++row) {
    if (!store_key<Isa>(args, row)) return false;
  }
  for (std::size_t row = 0; row < args.rows;) {
    if constexpr (!kCalls<typename Isa::F32>) {
      const bool group = (args.slot + row) % kGroup == 0 && args.rows - row >= kGroup;
      if (group && args.value_dim <= kMostTogether) {
        if (!store_four_values<Isa>(args, row)) return false;
        row += kGroup;
        continue;
      }
    }
    if (!store_value<Isa>(args, row)) return false;
    ++row;
  }
  return true;
}

}  // namespace
}  // namespace kinglet::kernels
