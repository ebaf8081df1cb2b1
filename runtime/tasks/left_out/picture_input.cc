// In the place of tasks/picture_input.cc: a build that scales no pictures.
#include "kinglet/picture_input.h"

namespace kinglet {
namespace {
constexpr Status kLeftOut{Code::kUnsupported, "this build leaves out Pictures"};
}

Result<std::size_t> PictureInput::workspace_bytes(const Model&, std::uint32_t, std::uint32_t) { return kLeftOut; }
Result<std::size_t> PictureInput::workspace_bytes(const fb::Input&, std::uint32_t, std::uint32_t) { return kLeftOut; }
Result<PictureInput> PictureInput::create(const Model&, std::uint32_t, std::uint32_t, std::span<std::byte>) {
  return kLeftOut;
}
Result<PictureInput> PictureInput::create(const fb::Input&, std::uint32_t, std::uint32_t, std::span<std::byte>) {
  return kLeftOut;
}
std::size_t PictureInput::size() const { return 0; }
Status PictureInput::prepare(const PixelBuffer&, std::span<std::uint8_t>) { return kLeftOut; }

}  // namespace kinglet
