// kinglet/c/signature.h
#include "kinglet/signature.h"

#include "capi/objects.h"

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_model_open_signed(kinglet_model* model, const void* bytes, size_t count,
                                         kinglet_signature_check check, void* context) {
  struct Asked {
    kinglet_signature_check check;
    void* context;
  } asked{check, context};
  const std::span<const std::byte> file{static_cast<const std::byte*>(bytes), count};
  if (check == nullptr) return tell(bad("nothing checks the signature"));
  if (auto s = check_place(model); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(model), reads(file)); !s.ok()) return tell(s);
  const auto ask = [](void* a, std::span<const std::byte> all) {
    const auto& [check_it, for_it] = *static_cast<const Asked*>(a);
    return check_it(for_it, all.data(), all.size());
  };
  const auto opened = open_signed(file, {.check = ask, .context = &asked});
  if (opened.ok()) put(model, *opened);
  return tell(opened.status());
}
}
