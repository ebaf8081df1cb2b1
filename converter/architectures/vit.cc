// ViT (Dosovitskiy et al. 2021): a class token before the patches; its last row is labelled, or is the picture's vector.
#include "converter/architectures/list.h"
#include "converter/architectures/vit_encoder.h"

namespace kinglet::converter {

void build_vit(Builder& b, const ConvertOptions&) {
  const Config config(b.config());
  const ImageHead head = image_head(config, b);
  const VitEncoder m = read_vit_encoder(b, config, find_prefix(b, {"vit.", ""}, "embeddings.cls_token"), {"cls_token"});
  const Rows x = vit_encoder(b, config, m, kVitProcessor);
  switch (head) {
    case ImageHead::kVector: return image_vector(b, x, config, m);
    case ImageHead::kClassify: return image_labels(b, x, config, m);
    case ImageHead::kClassifyTwice: config.reject("architectures", "only DeiT has a second classifier");
  }
}

}  // namespace kinglet::converter
