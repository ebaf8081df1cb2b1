#include "tests/bits/inputs.h"

#include "kinglet/kinglet.h"
#include "kinglet/picture_input.h"
#include "kinglet/sound_input.h"
#include "model_generated.h"

namespace kinglet::bits {
namespace {

constexpr struct { std::uint32_t height, width; } kSizes[] = {{17, 23}, {61, 9}, {5, 40}};
constexpr PixelFormat kFormats[] = {PixelFormat::kGrey, PixelFormat::kRgb,  PixelFormat::kBgr,
                                    PixelFormat::kRgbx, PixelFormat::kBgrx, PixelFormat::kRgb565};
constexpr std::size_t kStride = 163;  // of every size and format

constexpr Status kNoRoom{Code::kOutOfMemory, "no room for an input"};

// Parts of the memory; none where it is too small.
class Room {
 public:
  explicit Room(std::span<std::byte> memory) : free_(memory) {}
  template <class T>
  std::span<T> take(std::size_t count) {
    const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64;
    ok_ = ok_ && bytes <= free_.size();
    if (!ok_) return {};
    const std::span<T> taken(reinterpret_cast<T*>(free_.data()), count);
    free_ = free_.subspan(bytes);
    return taken;
  }
  bool ok() const { return ok_; }

 private:
  std::span<std::byte> free_;
  bool ok_ = true;
};

template <class T>
void fill_with_noise(std::span<T> numbers) {
  std::uint32_t seed = 11;
  for (T& x : numbers) {
    seed = seed * 1664525U + 1013904223U;
    x = static_cast<T>(seed >> 16U);
  }
}

struct Cpp {
  static Status features(const Model& model, Room room, host::Sha256& digest) {
    const auto needed = SoundInput::workspace_bytes(model);
    if (!needed.ok()) return needed.status();
    const auto memory = room.take<std::byte>(*needed);
    if (!room.ok()) return kNoRoom;
    auto sound = SoundInput::create(model, memory);
    if (!sound.ok()) return sound.status();
    const auto samples = room.take<std::int16_t>(sound->samples());
    const auto grid = room.take<float>(sound->size());
    if (!room.ok()) return kNoRoom;
    fill_with_noise(samples);
    if (auto s = sound->features(std::span<const std::int16_t>(samples), grid); !s.ok()) return s;
    digest.add(std::as_bytes(grid));
    return {};
  }

  static Status pixels(const Model& model, std::uint32_t height, std::uint32_t width, PixelFormat format,
                       std::span<const std::uint8_t> bytes, Room room, host::Sha256& digest) {
    const auto needed = PictureInput::workspace_bytes(model, height, width);
    if (!needed.ok()) return needed.status();
    const auto memory = room.take<std::byte>(*needed);
    if (!room.ok()) return kNoRoom;
    auto picture = PictureInput::create(model, height, width, memory);
    if (!picture.ok()) return picture.status();
    const auto grid = room.take<std::uint8_t>(picture->size());
    if (!room.ok()) return kNoRoom;
    if (auto s = picture->prepare({.bytes = bytes, .stride = kStride, .format = format}, grid); !s.ok()) return s;
    digest.add(std::as_bytes(grid));
    return {};
  }
};

Status status_of(const kinglet_status& s) { return {static_cast<Code>(s.code), s.message, s.subject}; }

struct C {
  static Status open(const Model& model, kinglet_model& opened) {
    return status_of(kinglet_model_open(&opened, model.bytes().data(), model.bytes().size()));
  }

  static Status features(const Model& model, Room room, host::Sha256& digest) {
    kinglet_model opened;
    kinglet_sound_input sound;
    std::size_t needed = 0;
    if (auto s = open(model, opened); !s.ok()) return s;
    if (auto s = status_of(kinglet_sound_input_workspace_bytes(&opened, &needed)); !s.ok()) return s;
    const auto memory = room.take<std::byte>(needed);
    if (!room.ok()) return kNoRoom;
    if (auto s = status_of(kinglet_sound_input_create(&sound, &opened, memory.data(), memory.size())); !s.ok())
      return s;
    const auto samples = room.take<std::int16_t>(kinglet_sound_input_samples(&sound));
    const auto grid = room.take<float>(kinglet_sound_input_size(&sound));
    if (!room.ok()) return kNoRoom;
    fill_with_noise(samples);
    if (auto s = status_of(
            kinglet_sound_input_features_of_16_bits(&sound, samples.data(), samples.size(), grid.data(), grid.size()));
        !s.ok())
      return s;
    digest.add(std::as_bytes(grid));
    return {};
  }

  static Status pixels(const Model& model, std::uint32_t height, std::uint32_t width, PixelFormat format,
                       std::span<const std::uint8_t> bytes, Room room, host::Sha256& digest) {
    kinglet_model opened;
    kinglet_picture_input picture;
    std::size_t needed = 0;
    if (auto s = open(model, opened); !s.ok()) return s;
    if (auto s = status_of(kinglet_picture_input_workspace_bytes(&opened, height, width, &needed)); !s.ok()) return s;
    const auto memory = room.take<std::byte>(needed);
    if (!room.ok()) return kNoRoom;
    if (auto s =
            status_of(kinglet_picture_input_create(&picture, &opened, height, width, memory.data(), memory.size()));
        !s.ok())
      return s;
    const auto grid = room.take<std::uint8_t>(kinglet_picture_input_size(&picture));
    if (!room.ok()) return kNoRoom;
    kinglet_pixel_buffer buffer = KINGLET_PIXEL_BUFFER;
    buffer.bytes = bytes.data();
    buffer.count = bytes.size();
    buffer.stride = kStride;
    buffer.format = static_cast<kinglet_pixel_format>(format);
    if (auto s = status_of(kinglet_picture_input_prepare(&picture, &buffer, grid.data(), grid.size())); !s.ok())
      return s;
    digest.add(std::as_bytes(grid));
    return {};
  }
};

template <class Api>
Status run(const Model& model, Room room, host::Sha256& digest) {
  const fb::Input* input = model.root().input();
  if (input == nullptr) return {Code::kUnsupported, "the model has no input"};
  if (input->sound() != nullptr) return Api::features(model, room, digest);
  for (const auto& size : kSizes) {
    const auto bytes = room.take<std::uint8_t>(size.height * kStride);
    if (!room.ok()) return kNoRoom;
    fill_with_noise(bytes);
    for (const PixelFormat format : kFormats) {
      if (auto s = Api::pixels(model, size.height, size.width, format, bytes, room, digest); !s.ok()) return s;
    }
  }
  return {};
}

}  // namespace

Status digest_inputs(const Model& model, std::span<std::byte> room, host::Sha256& digest) {
  return run<Cpp>(model, Room(room), digest);
}

Status digest_inputs_in_c(const Model& model, std::span<std::byte> room, host::Sha256& digest) {
  return run<C>(model, Room(room), digest);
}

}  // namespace kinglet::bits
