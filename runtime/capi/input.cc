// kinglet/c/input.h
#include "capi/objects.h"

namespace kinglet::capi {
namespace {

static_assert(static_cast<int>(PixelFormat::kGrey) == KINGLET_GREY &&
              static_cast<int>(PixelFormat::kRgb) == KINGLET_RGB &&
              static_cast<int>(PixelFormat::kBgr) == KINGLET_BGR &&
              static_cast<int>(PixelFormat::kRgbx) == KINGLET_RGBX &&
              static_cast<int>(PixelFormat::kBgrx) == KINGLET_BGRX &&
              static_cast<int>(PixelFormat::kRgb565) == KINGLET_RGB565);

// Object::of(model, …) made in the workspace.
template <class Input, class Handle, class... Size>
kinglet_status create(Handle* handle, const kinglet_model* model, void* workspace, std::size_t workspace_bytes,
                      Size... size) {
  const Model* object = seen_in(model);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(handle); !s.ok()) return tell(s);
  if (auto s = check_memory(writes(handle), reads(model), writes(workspace, workspace_bytes), reads(object->bytes()));
      !s.ok())
    return tell(s);
  const std::span<std::byte> memory = bytes_of(workspace, workspace_bytes);
  const auto made = Input::create(*object, size..., memory);
  if (made.ok()) put(handle, {*made, memory});
  return tell(made.status());
}

template <class Input, class... Size>
kinglet_status measure(const kinglet_model* model, std::size_t* bytes, Size... size) {
  const Model* object = seen_in(model);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_place(bytes); !s.ok()) return tell(s);
  if (auto s = check_memory(reads(model), writes(bytes)); !s.ok()) return tell(s);
  const auto needed = Input::workspace_bytes(*object, size...);
  if (needed.ok()) *bytes = *needed;
  return tell(needed.status());
}

template <class Sample>
kinglet_status features(kinglet_sound_input* sound, const Sample* samples, std::size_t count, float* grid,
                        std::size_t size) {
  auto* object = open_in(sound);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(writes(sound), reads(samples, count), writes(grid, size), writes(object->workspace));
      !s.ok())
    return tell(s);
  return tell(object->input.features(std::span<const Sample>(samples, count), {grid, size}));
}

}  // namespace
}  // namespace kinglet::capi

using namespace kinglet;
using namespace kinglet::capi;

extern "C" {

kinglet_status kinglet_sound_input_workspace_bytes(const kinglet_model* model, size_t* bytes) {
  return measure<SoundInput>(model, bytes);
}

kinglet_status kinglet_sound_input_create(kinglet_sound_input* sound, const kinglet_model* model, void* workspace,
                                          size_t workspace_bytes) {
  return create<SoundInput>(sound, model, workspace, workspace_bytes);
}

uint32_t kinglet_sound_input_rate(const kinglet_sound_input* sound) {
  const auto* object = seen_in(sound);
  return object == nullptr ? 0 : object->input.rate();
}

size_t kinglet_sound_input_samples(const kinglet_sound_input* sound) {
  const auto* object = seen_in(sound);
  return object == nullptr ? 0 : object->input.samples();
}

size_t kinglet_sound_input_size(const kinglet_sound_input* sound) {
  const auto* object = seen_in(sound);
  return object == nullptr ? 0 : object->input.size();
}

kinglet_status kinglet_sound_input_features(kinglet_sound_input* sound, const float* samples, size_t count, float* grid,
                                            size_t size) {
  return features(sound, samples, count, grid, size);
}

kinglet_status kinglet_sound_input_features_of_16_bits(kinglet_sound_input* sound, const int16_t* samples, size_t count,
                                                       float* grid, size_t size) {
  return features(sound, samples, count, grid, size);
}

kinglet_status kinglet_picture_input_workspace_bytes(const kinglet_model* model, uint32_t height, uint32_t width,
                                                     size_t* bytes) {
  return measure<PictureInput>(model, bytes, height, width);
}

kinglet_status kinglet_picture_input_create(kinglet_picture_input* picture, const kinglet_model* model, uint32_t height,
                                            uint32_t width, void* workspace, size_t workspace_bytes) {
  return create<PictureInput>(picture, model, workspace, workspace_bytes, height, width);
}

size_t kinglet_picture_input_size(const kinglet_picture_input* picture) {
  const auto* object = seen_in(picture);
  return object == nullptr ? 0 : object->input.size();
}

kinglet_status kinglet_picture_input_prepare(kinglet_picture_input* picture, const kinglet_pixel_buffer* pixels,
                                             uint8_t* grid, size_t size) {
  auto* object = open_in(picture);
  if (object == nullptr) return tell(not_open());
  if (auto s = check_memory(reads(pixels)); !s.ok()) return tell(s);  // before anything is read there
  if (auto s = check_memory(reads(pixels), writes(picture), reads(pixels->bytes, pixels->count), writes(grid, size),
                            writes(object->workspace));
      !s.ok())
    return tell(s);
  if (pixels->format > KINGLET_RGB565) return tell(bad("there is no such format of pixels", pixels->format));
  return tell(object->input.prepare({.bytes = {pixels->bytes, pixels->count},
                                     .stride = pixels->stride,
                                     .format = static_cast<PixelFormat>(pixels->format)},
                                    {grid, size}));
}
}
