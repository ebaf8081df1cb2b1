// A vision Transformer whose rows a text decoder attends to: captions by GPT-2, or lines of handwriting and print by TrOCR (Li et al. 2021),
// whose decoder is BART's. config.json holds that of each, `encoder` and `decoder`.
#include "converter/architectures/gpt2.h"
#include "converter/architectures/list.h"
#include "converter/architectures/translator.h"
#include "converter/architectures/vit_encoder.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

// Begins `encode`: all rows of the picture, as wide as the decoder's keys and values read them.
Rows see(Builder& b, const Config& config, const Config& decoder, std::uint32_t width) {
  const std::string type = config.text("model_type"), prefix = "encoder.";
  if (type != "vit" && type != "deit") config.reject("model_type", "supported: vit, deit");
  const bool vit = type == "vit";
  std::vector<std::string> tokens{"cls_token"};
  if (!vit) tokens.emplace_back("distillation_token");
  const VitEncoder m = read_vit_encoder(b, config, prefix, tokens);
  Rows x = vit_encoder(b, config, m, vit ? kVitProcessor : kDeitProcessor);
  b.scope(prefix + "layernorm");
  x = b.norm(x, m.norm);
  const std::uint32_t seen = m.patches.width,
                      wanted = decoder.count_or("cross_attention_hidden_size", kMostWidth, width);
  if (seen == wanted) return x;
  if (wanted != width)
    decoder.reject("cross_attention_hidden_size", "the encoder's rows have " + std::to_string(seen) + " columns");
  b.scope("enc_to_dec_proj");
  return linear(b, x, projection(b, "enc_to_dec_proj", width, seen));
}

void build_trocr(Builder& b, const Config& encoder, const Config& decoder, const ConvertOptions& options) {
  const std::uint32_t width = decoder.count("d_model", kMostWidth);
  Translator kind;
  kind.embedding_norm = decoder.flag_or("layernorm_embedding", true);
  kind.position_offset = 2;
  if (!decoder.flag_or("use_learned_position_embeddings", true)) {
    if (width < 4) decoder.reject("d_model", "expected at least 4");
    kind.position_offset = 0;
    kind.sinusoid = fairseq_sinusoid(static_cast<std::uint32_t>(decoder.token("pad_token_id").value_or(1)) + 1);
  }
  kind.memory = [&](Builder& builder) { return see(builder, encoder, decoder, width); };
  kind.decoder = &decoder;
  kind.prefix = "decoder.model.";
  kind.head = "decoder.output_projection.weight";
  build_translator(b, kind, options);
}

}  // namespace

void build_vision_encoder_decoder(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  const Config encoder = config.object("encoder"), decoder = config.object("decoder");
  check_common(encoder);
  check_common(decoder);
  decoder.only("add_cross_attention", true);
  const std::string type = decoder.text("model_type");
  if (type == "gpt2") {
    Gpt2 gpt2(b, decoder, "decoder.", options);
    gpt2.remember(see(b, encoder, decoder, decoder.count("n_embd", kMostWidth)));
    gpt2.step();
    set_translation(b);
  } else if (type == "trocr") {
    build_trocr(b, encoder, decoder, options);
  } else {
    decoder.reject("model_type", "supported: gpt2, trocr");
  }
  b.model().task = fb::Task::Caption;
}

}  // namespace kinglet::converter
