// BERT (Devlin et al. 2018): the encoder, and its heads.
#include "converter/architectures/bert_encoder.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"

namespace kinglet::converter {
namespace {

void classify(Builder& b, Rows x, const Config& config, const BertEncoder& m) {
  b.model().task = fb::Task::Classify;
  b.scope("classifier");
  const Rows first = b.pool(x, fb::Pooling::First);
  const Rows pooled = linear(b, first, projection(b, m.prefix + "pooler.dense", m.width, m.width),
                             {.activation = fb::Activation::Tanh});
  b.output(linear(b, pooled, projection(b, "classifier", set_labels(config, b), m.width)));
}

void fill_mask(Builder& b, Rows x, const Config& config, const BertEncoder& m) {
  const std::string head = "cls.predictions.";
  masked_head(b, x, config,
              {.transform = head + "transform.dense",
               .norm = head + "transform.LayerNorm",
               .scores = head + "decoder.weight",
               .bias = head + "bias",
               .own_bias = head + "decoder.bias",
               .epsilon = m.epsilon,
               .activation = m.activation},
              word_embeddings(b, m));
}

}  // namespace

void build_bert(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const EncoderHead head = encoder_head(config, b);
  const BertEncoder m = read_bert_encoder(config, find_prefix(b, {"bert.", ""}, "embeddings.word_embeddings.weight"));
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
