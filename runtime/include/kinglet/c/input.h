// What a device records as the grid that a model reads: samples of a sound as features, a camera's pixels resized and cut. A model's file
// says how.
//
//     s = kinglet_sound_input_create(&sound, &model, workspace, workspace_bytes);
//     s = kinglet_sound_input_features_of_16_bits(&sound, pcm, samples, features, kinglet_sound_input_size(&sound));
//     kinglet_grid grid = {NULL, features, kinglet_sound_input_size(&sound)};
#pragma once

#include "kinglet/c/model.h"

#ifdef __cplusplus
extern "C" {
#endif

KINGLET_HANDLE(kinglet_sound_input, 6);

// KINGLET_UNSUPPORTED: the model reads no sounds, or their features only. `workspace`: at a multiple of KINGLET_ALIGNMENT.
kinglet_status kinglet_sound_input_workspace_bytes(const kinglet_model* model, size_t* bytes);
kinglet_status kinglet_sound_input_create(kinglet_sound_input* sound, const kinglet_model* model, void* workspace,
                                          size_t workspace_bytes);

uint32_t kinglet_sound_input_rate(const kinglet_sound_input* sound);   // samples per second that the model hears
size_t kinglet_sound_input_samples(const kinglet_sound_input* sound);  // that fill its grid
size_t kinglet_sound_input_size(const kinglet_sound_input* sound);     // numbers of the grid

// Of samples of one channel, 1 and -1 (of 16 bits 32,768) being the loudest; behind the last it is silent, those beyond `samples` of the
// model are not read. `grid`: of the model's size. KINGLET_NOT_FINITE: the sample at `subject` is no number.
kinglet_status kinglet_sound_input_features(kinglet_sound_input* sound, const float* samples, size_t count, float* grid,
                                            size_t size);
kinglet_status kinglet_sound_input_features_of_16_bits(kinglet_sound_input* sound, const int16_t* samples, size_t count,
                                                       float* grid, size_t size);

typedef uint32_t kinglet_pixel_format;
enum {
  KINGLET_GREY = 0,   // one byte
  KINGLET_RGB = 1,    // three bytes: red, green, blue
  KINGLET_BGR = 2,    // blue, green, red
  KINGLET_RGBX = 3,   // four bytes, the last is not read
  KINGLET_BGRX = 4,   // the same
  KINGLET_RGB565 = 5  // 16 bits, low byte first: red in the upper five, blue in the lower five
};

typedef struct kinglet_pixel_buffer {
  const uint8_t* bytes;
  size_t count;                 // of bytes
  size_t stride;                // bytes from a row of pixels to the next; 0: they follow each other
  kinglet_pixel_format format;  // KINGLET_RGB in KINGLET_PIXEL_BUFFER
} kinglet_pixel_buffer;
#define KINGLET_PIXEL_BUFFER \
  { 0, 0, 0, KINGLET_RGB }

KINGLET_HANDLE(kinglet_picture_input, 6);

// For pictures of height x width pixels. KINGLET_UNSUPPORTED: the model reads no pictures, or floats only. KINGLET_BAD_ARGUMENT: it does not
// scale, and reads another size. `workspace`: at a multiple of KINGLET_ALIGNMENT.
kinglet_status kinglet_picture_input_workspace_bytes(const kinglet_model* model, uint32_t height, uint32_t width,
                                                     size_t* bytes);
kinglet_status kinglet_picture_input_create(kinglet_picture_input* picture, const kinglet_model* model, uint32_t height,
                                            uint32_t width, void* workspace, size_t workspace_bytes);

size_t kinglet_picture_input_size(const kinglet_picture_input* picture);  // bytes of the grid

kinglet_status kinglet_picture_input_prepare(kinglet_picture_input* picture, const kinglet_pixel_buffer* pixels,
                                             uint8_t* grid, size_t size);

#ifdef __cplusplus
}
#endif
