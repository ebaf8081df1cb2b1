// What C callers give, made into what C++ takes: memory that is looked at before it is touched, options of any version, and statuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "kinglet/chunk.h"
#include "kinglet/kinglet.h"
#include "kinglet/status.h"

namespace kinglet::capi {

kinglet_status tell(const Status& status);
inline Status bad(Message message, std::uint64_t subject = 0) { return {Code::kBadArgument, message, subject}; }
Status not_open();  // of a handle

// Memory that a caller gave, as he says. Small: functions make lists of these.
struct Memory {
  const void* data = nullptr;
  std::size_t count = 0;   // of elements
  std::uint32_t size = 1;  // of one
  std::uint16_t align = 1;
  bool written = false;
  bool limited = false;  // to kMostRead elements
};

// What a text or a list may have at most: a length that is none is refused before anything reads so far.
constexpr std::size_t kMostRead = std::size_t{1} << 30;

template <class T>
Memory reads(const T* data, std::size_t count = 1) {
  return {data, count, sizeof(T), alignof(T), false, true};
}
template <class T>
Memory writes(T* data, std::size_t count = 1) {
  return {data, count, sizeof(T), alignof(T), true, false};
}
inline Memory reads(kinglet_text text) { return {text.data, text.bytes, 1, 1, false, true}; }
inline Memory reads(kinglet_tokens tokens) { return reads(tokens.data, tokens.count); }
inline Memory reads(kinglet_floats floats) { return reads(floats.data, floats.count); }
inline Memory reads(std::span<const std::byte> bytes) { return {bytes.data(), bytes.size(), 1, 1, false, false}; }
inline Memory writes(void* data, std::size_t bytes) { return {data, bytes, 1, 1, true, false}; }
inline Memory writes(std::span<std::byte> bytes) { return {bytes.data(), bytes.size(), 1, 1, true, false}; }

// Options are as long as they say; null, or what read_options refuses, is nothing here.
constexpr std::size_t kMostOptions = 1024;  // bytes
template <class Options>
Memory reads_options(const Options* options) {
  std::size_t bytes = 0;
  if (options != nullptr && reinterpret_cast<std::uintptr_t>(options) % alignof(Options) == 0)
    std::memcpy(&bytes, options, sizeof bytes);
  return {options, bytes <= kMostOptions ? bytes : 0, 1, 1, false, false};
}

// Each is there, at an address its elements can have, ends before memory does, and overlaps no other that is written.
Status check_memory(std::span<const Memory> memory);

template <class... Each>
Status check_memory(const Each&... each) {
  const Memory all[] = {each...};
  return check_memory(std::span<const Memory>(all));
}

// Where one answer goes.
template <class T>
Status check_place(T* answer) {
  if (answer == nullptr) return {Code::kBadArgument, "memory of an argument is null"};
  return check_memory(writes(answer));
}

// Copies what the caller has of `into`, which holds the defaults. Null: nothing.
Status read_options(const void* options, void* into, std::size_t size);

template <class Options>
Status read_options(const Options* options, Options& into) {
  if (options != nullptr && reinterpret_cast<std::uintptr_t>(options) % alignof(Options) != 0)
    return {Code::kBadArgument, "options are not where such a struct can be"};
  return read_options(static_cast<const void*>(options), static_cast<void*>(&into), sizeof into);
}

// Writes as much of `from` as the caller has room for.
Status write_info(void* info, const void* from, std::size_t size);

template <class Info>
kinglet_status write_info(Info* info, const Info& from) {
  if (info == nullptr || reinterpret_cast<std::uintptr_t>(info) % alignof(Info) != 0)
    return tell({Code::kBadArgument, "there is no place for the answer"});
  return tell(write_info(static_cast<void*>(info), &from, sizeof from));
}

inline std::string_view view(kinglet_text text) { return {text.data, text.bytes}; }
inline kinglet_text text_of(std::string_view view) { return {view.data(), view.size()}; }
inline kinglet_tokens tokens_of(std::span<const std::int32_t> list) { return {list.data(), list.size()}; }
inline kinglet_floats floats_of(std::span<const float> list) { return {list.data(), list.size()}; }
inline std::span<const std::int32_t> span_of(kinglet_tokens list) { return {list.data, list.count}; }
inline std::span<const float> span_of(kinglet_floats list) { return {list.data, list.count}; }
inline Grid grid_of(const kinglet_grid& grid) {
  return {.bytes = {grid.bytes, grid.bytes == nullptr ? 0 : grid.count},
          .features = {grid.features, grid.features == nullptr ? 0 : grid.count}};
}
// A grid's numbers lie where they can, and in none of the memory that is written.
template <class... Each>
Status check_grid(const kinglet_grid& grid, const Each&... written) {
  return check_memory(reads(grid.bytes, grid.bytes == nullptr ? 0 : grid.count),
                      reads(grid.features, grid.features == nullptr ? 0 : grid.count), written...);
}
inline std::span<std::byte> bytes_of(void* data, std::size_t count) { return {static_cast<std::byte*>(data), count}; }

}  // namespace kinglet::capi
