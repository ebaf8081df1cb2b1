// RoBERTa (Liu et al. 2019) and XLM-RoBERTa: BERT's encoder, with positions counted from the padding token's id + 1,
// and other heads.
#include "converter/architectures/bert_encoder.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

void classify(Builder& b, Rows x, const Config& config, const BertEncoder& m) {
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  const Rows first = b.pool(x, fb::Pooling::First);
  const Rows h =
      linear(b, first, projection(b, "classifier.dense", m.width, m.width), {.activation = fb::Activation::Tanh});
  b.output(linear(b, h, projection(b, "classifier.out_proj", set_labels(config, b), m.width)));
}

void fill_mask(Builder& b, Rows x, const Config& config, const BertEncoder& m) {
  masked_head(b, x, config,
              {.transform = "lm_head.dense",
               .norm = "lm_head.layer_norm",
               .scores = "lm_head.decoder.weight",
               .bias = "lm_head.bias",
               .own_bias = "lm_head.decoder.bias",
               .epsilon = m.epsilon,
               .activation = fb::Activation::Gelu},
              word_embeddings(b, m));
}

}  // namespace

void build_roberta(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const EncoderHead head = encoder_head(config, b);
  BertEncoder m = read_bert_encoder(config, find_prefix(b, {"roberta.", ""}, "embeddings.word_embeddings.weight"));
  m.first = static_cast<std::uint32_t>(config.token("pad_token_id").value_or(1)) + 1;
  if (m.first >= m.table)
    config.reject("max_position_embeddings", "expected more than pad_token_id + 1, where positions begin");
  const Rows x = bert_encoder(b, m, options);
  switch (head) {
    case EncoderHead::kHidden: return hidden_head(b, x);
    case EncoderHead::kSentence: return sentence_head(b, x, options);
    case EncoderHead::kClassify: return classify(b, x, config, m);
    case EncoderHead::kClassifyTokens: return token_head(b, x, config, "classifier");
    case EncoderHead::kFillMask: return fill_mask(b, x, config, m);
  }
}

}  // namespace kinglet::converter
