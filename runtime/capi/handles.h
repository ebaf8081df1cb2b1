// Handles of the C API: a C++ object in storage of the caller's, behind a seal that says whether it is open. The seal is made of the kind
// of the handle and of its address, so that zeros, garbage, another kind and a copy are no open handle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

#include "kinglet/kinglet.h"

namespace kinglet::capi {

// What a handle holds: `Held<kinglet_model>::Object`, and a number of its own.
template <class Handle>
struct Held;

enum class Seal : std::uint64_t { kOpen = 0x6b696e676c657401, kAtWork = 0x6b696e676c657402 };

template <class Handle>
std::uint64_t seal_of(const Handle* handle, Seal seal) {
  return static_cast<std::uint64_t>(seal) ^ (Held<Handle>::kind_of() << 56) ^ reinterpret_cast<std::uintptr_t>(handle);
}

template <class Handle>
void set_seal(Handle* handle, Seal seal) {
  const std::uint64_t value = seal_of(handle, seal);
  std::memcpy(handle->storage, &value, sizeof value);
}

template <class Handle>
bool is_sealed(const Handle* handle, Seal seal) {
  if (handle == nullptr || reinterpret_cast<std::uintptr_t>(handle) % alignof(Handle) != 0) return false;
  std::uint64_t value = 0;
  std::memcpy(&value, handle->storage, sizeof value);
  return value == seal_of(handle, seal);
}

constexpr std::size_t kObject = 16;  // where in the storage the object stands

template <class Handle>
auto* object_in(Handle* handle) {
  using Object = typename Held<std::remove_const_t<Handle>>::Object;
  using Wanted = std::conditional_t<std::is_const_v<Handle>, const Object, Object>;
  return std::launder(reinterpret_cast<Wanted*>(handle->storage + kObject));
}

// The object of an open handle, or null: to change it, and to look at it.
template <class Handle>
auto* open_in(Handle* handle) {
  return is_sealed<Handle>(handle, Seal::kOpen) ? object_in(handle) : nullptr;
}
template <class Handle>
const auto* seen_in(const Handle* handle) {
  const bool open = is_sealed(handle, Seal::kOpen) || is_sealed(handle, Seal::kAtWork);
  return open ? object_in(handle) : nullptr;
}

// Opens it: whatever was there is no more.
template <class Handle>
void put(Handle* handle, const typename Held<Handle>::Object& object) {
  using Object = typename Held<Handle>::Object;
  static_assert(kObject + sizeof(Object) <= sizeof(Handle) && alignof(Object) <= alignof(Handle));
  static_assert(std::is_trivially_destructible_v<Object>);
  new (handle->storage + kObject) Object(object);
  set_seal(handle, Seal::kOpen);
}

// While it lives, the handle refuses calls that change it: those of a callback.
template <class Handle>
class AtWork {
 public:
  explicit AtWork(Handle* handle) : handle_(handle) { set_seal(handle, Seal::kAtWork); }
  ~AtWork() { set_seal(handle_, Seal::kOpen); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

 private:
  Handle* handle_;
};

}  // namespace kinglet::capi
