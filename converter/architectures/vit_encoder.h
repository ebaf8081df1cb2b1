// The vision Transformer (Dosovitskiy et al. 2021): patches of a picture as the rows of a sequence, learned rows before them, learned
// positions, and an encoder with norms before each part. ViT and DeiT share its tensor names.
#pragma once

#include <string>
#include <vector>

#include "converter/architectures/blocks.h"
#include "converter/architectures/image_processor.h"

namespace kinglet::converter {

struct PatchSpec {
  std::string projection;           // the nn.Conv2d whose windows are the patches
  std::vector<std::string> before;  // learned rows: the class token
  std::string positions;            // a row for each of all
  fb::Size image, patch;
  std::uint32_t channels = 3;
  std::uint32_t width = 0;
};

// `image_size`, `patch_size`, `num_channels` and `hidden_size` of a config.json; the names stay empty. Numbers that are left out are those
// of transformers' class, where patches have `patch` pixels a side.
PatchSpec read_patches(const Config& config, std::uint32_t patch);

// Begins `encode`: [regions, width], of pictures prepared as the checkpoint says, or else as `processor` does.
Rows patches(Builder& b, const Config& config, const PatchSpec& spec, const ImageProcessor& processor);

struct VitEncoder {
  std::string prefix;  // "vit.", "deit.", "encoder." or nothing
  PatchSpec patches;
  std::uint32_t layers = 0, heads = 0, feed_forward = 0;
  float epsilon = 1e-12F;
  fb::Activation activation = fb::Activation::Gelu;
  bool qkv_bias = true;
  NormSpec norm;  // of its last rows, which is not applied yet: who needs one row norms that alone
};

// `tokens`: the learned rows, "cls_token" …
VitEncoder read_vit_encoder(Builder& b, const Config& config, const std::string& prefix,
                            const std::vector<std::string>& tokens);

Rows vit_encoder(Builder& b, const Config& config, const VitEncoder& m, const ImageProcessor& processor);
// One of its layers: attention, then a feed-forward part, each behind a norm. `name`: "vit.encoder.layer.0."
Rows vit_layer(Builder& b, Rows x, const VitEncoder& m, const std::string& name);

// What the checkpoint ends in, from the class named in "architectures", else from the tensors that are there.
enum class ImageHead : std::uint8_t { kVector, kClassify, kClassifyTwice };
ImageHead image_head(const Config& config, const Builder& b);

// The class token's row, through the pooler where there is one: an embedding of the picture.
void image_vector(Builder& b, Rows x, const Config& config, const VitEncoder& m);
// Labels of the class token's row.
void image_labels(Builder& b, Rows x, const Config& config, const VitEncoder& m);

}  // namespace kinglet::converter
