// In the place of tasks/sound_input.cc: a build that makes no features of sounds.
#include "kinglet/sound_input.h"

namespace kinglet {
namespace {
constexpr Status kLeftOut{Code::kUnsupported, "this build leaves out Sounds"};
}

Result<std::size_t> SoundInput::workspace_bytes(const Model&) { return kLeftOut; }
Result<std::size_t> SoundInput::workspace_bytes(const fb::Input&) { return kLeftOut; }
Result<SoundInput> SoundInput::create(const Model&, std::span<std::byte>) { return kLeftOut; }
Result<SoundInput> SoundInput::create(const fb::Input&, std::span<std::byte>) { return kLeftOut; }
std::uint32_t SoundInput::rate() const { return 0; }
std::size_t SoundInput::samples() const { return 0; }
std::size_t SoundInput::size() const { return 0; }
Status SoundInput::features(std::span<const float>, std::span<float>) { return kLeftOut; }
Status SoundInput::features(std::span<const std::int16_t>, std::span<float>) { return kLeftOut; }

}  // namespace kinglet
