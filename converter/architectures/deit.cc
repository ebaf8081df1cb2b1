// DeiT (Touvron et al. 2021): ViT with a distillation token behind the class token. A classifier of that token, too, learned from a
// teacher: the mean of both logits counts.
#include "converter/architectures/heads.h"
#include "converter/architectures/list.h"
#include "converter/architectures/vit_encoder.h"

namespace kinglet::converter {
namespace {

// Half of a head's logits, of the row behind `row` others, plus `residual`.
Rows half(Builder& b, Rows x, const VitEncoder& m, const std::string& head, std::uint32_t row, Rows residual) {
  b.scope(head);
  const Projection p = projection(b, head, static_cast<std::uint32_t>(b.model().labels.size()), x.width);
  for (const WeightRef weight : {p.weight, p.bias}) {
    if (weight.index >= 0) b.edit(weight).row_scale.assign(b.edit(weight).rows, 0.5F);
  }
  return linear(b, b.norm(b.pool(x, fb::Pooling::First, row), m.norm), p, {.residual = residual});
}

}  // namespace

void build_deit(Builder& b, const ConvertOptions&) {
  const Config config(b.config());
  const ImageHead head = image_head(config, b);
  const VitEncoder m = read_vit_encoder(b, config, find_prefix(b, {"deit.", ""}, "embeddings.cls_token"),
                                        {"cls_token", "distillation_token"});
  const Rows x = vit_encoder(b, config, m, kDeitProcessor);
  switch (head) {
    case ImageHead::kVector: return image_vector(b, x, config, m);
    case ImageHead::kClassify: return image_labels(b, x, config, m);
    case ImageHead::kClassifyTwice: {
      b.model().task = fb::Task::Classify;
      set_labels(config, b);
      return b.output(half(b, x, m, "distillation_classifier", 1, half(b, x, m, "cls_classifier", 0, {})));
    }
  }
}

}  // namespace kinglet::converter
