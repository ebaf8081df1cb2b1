// See heads.h.
#include "converter/architectures/heads.h"

#include <algorithm>

#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {

EncoderHead encoder_head(const Config& config, const Builder& b) {
  if (is_sentence_transformer(b)) return EncoderHead::kSentence;
  if (!config.has("architectures")) {
    if (b.has("classifier.weight") || b.has("classifier.out_proj.weight")) return EncoderHead::kClassify;
    const bool masked =
        b.has("cls.predictions.bias") || b.has("lm_head.dense.weight") || b.has("vocab_transform.weight");
    return masked ? EncoderHead::kFillMask : EncoderHead::kHidden;
  }
  const auto names = config.texts("architectures");
  const std::string name = names.empty() ? "Model" : names.front();
  if (name.ends_with("ForSequenceClassification")) return EncoderHead::kClassify;
  if (name.ends_with("ForTokenClassification")) return EncoderHead::kClassifyTokens;
  if (name.ends_with("ForMaskedLM") || name.ends_with("ForPreTraining")) return EncoderHead::kFillMask;
  if (name.ends_with("Model") && !name.ends_with("LMHeadModel")) return EncoderHead::kHidden;
  config.reject("architectures",
                "supported: …Model, …ForMaskedLM, …ForPreTraining, …ForSequenceClassification, "
                "…ForTokenClassification");
}

std::uint32_t set_labels(const Config& config, Builder& b) {
  auto& labels = b.model().labels;
  if (!config.has("id2label")) {  // transformers leaves out its default, two labels
    labels.resize(config.count_or("num_labels", 65536, 2));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = "LABEL_" + std::to_string(i);
    return static_cast<std::uint32_t>(labels.size());
  }
  const auto& names = config.at("id2label");
  if (!names.is_object() || names.empty() || names.size() > 65536)
    config.reject("id2label", "expected an object of at most 65536 labels");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = names.find(std::to_string(i));
    if (found == names.end() || !found->is_string())
      config.reject("id2label", "expected a label for each number from 0 on");
    labels.push_back(found->get<std::string>());
  }
  return static_cast<std::uint32_t>(labels.size());
}

void hidden_head(Builder& b, Rows x) {
  b.model().task = fb::Task::Embed;
  b.scope("output");
  b.output(b.select(x));
}

void token_head(Builder& b, Rows x, const Config& config, const std::string& name) {
  b.model().task = fb::Task::ClassifyTokens;
  const std::uint32_t labels = set_labels(config, b);
  b.scope(name);
  b.output(linear(b, b.select(x), projection(b, name, labels, x.width)));
}

void masked_head(Builder& b, Rows x, const Config& config, const MaskedHead& w, WeightRef embedding) {
  b.model().task = fb::Task::FillMask;
  b.scope(w.transform);
  const Rows h = linear(b, b.select(x), projection(b, w.transform, x.width, x.width), {.activation = w.activation});
  const Rows normed = b.norm(h, layer_norm(b, w.norm, x.width, w.epsilon));
  const std::uint32_t vocabulary = b.model().vocabulary;
  const bool tied = ties_embedding(b, config, w.scores, true);
  const std::string bias = tied ? find_name(b, {w.bias, w.own_bias}) : find_name(b, {w.own_bias, w.bias});
  b.output(b.linear(normed, tied ? embedding : b.matrix(w.scores, vocabulary, x.width),
                    {.bias = b.vector(bias, vocabulary)}));
}

}  // namespace kinglet::converter
