// Writing one key and one value into the cache: turned, quantized to Q8 per (row, head), scattered into the tiles.
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
  void put_low(std::size_t, typename Isa::I32) const {}
  static constexpr bool wide() { return false; }
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
  void put_low(std::size_t, typename Isa::I32) const {}
  static constexpr bool wide() { return false; }
};

// The page of a sequence's slots [16 index, 16 index + 16).
inline std::size_t page_at(const KeyValueHead& head, std::size_t index) {
  return head.pages == nullptr ? index : head.pages[index];
}

template <class Isa>
bool store_key_value(const StoreArgs& args) {
  const KeyValueHead& head = args.head;
  const std::size_t slot = page_at(head, args.slot / kLanes) * kLanes + args.slot % kLanes;
  const std::size_t key_tile = slot / kLanes * kLanes * round_up_to(args.head_dim, kGroup);
  const KeyCells<Isa> key_cells{head.keys + key_tile + slot % kLanes * kGroup, args.head_dim};
  const ValueCells<Isa> value_cells{head.values + slot / kGroup * kGroupBytes + slot % kGroup, args.value_dim,
                                    head.capacity};
  RowScale key;
  RowScale value;
  if (!quantize_row<Isa>(TurnedRow<Isa>{args.key, args.head_dim, args.angles, args.n}, key_cells, key)) return false;
  if (!quantize_row<Isa>(PlainRow<Isa>{args.value, args.value_dim}, value_cells, value)) return false;
  head.key_scale[slot] = key.scale;
  head.value_scale[slot] = value.scale;
  return true;
}

}  // namespace
}  // namespace kinglet::kernels
