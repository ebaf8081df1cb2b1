// Every architecture's build function: one file and one line each here, one or more in architectures.cc.
#pragma once

#include "converter/architectures/architectures.h"

namespace kinglet::converter {

void build_audio_spectrogram(Builder& b, const ConvertOptions& options);
void build_bart(Builder& b, const ConvertOptions& options);
void build_bert(Builder& b, const ConvertOptions& options);
void build_captioner(Builder& b, const ConvertOptions& options);
void build_clip_text(Builder& b, const ConvertOptions& options);
void build_clip_vision(Builder& b, const ConvertOptions& options);
Checkpoint clip_tower(Checkpoint checkpoint, const std::string& part);  // of a whole CLIP
void build_deit(Builder& b, const ConvertOptions& options);
void build_distilbert(Builder& b, const ConvertOptions& options);
void build_gemma(Builder& b, const ConvertOptions& options);
void build_gemma2(Builder& b, const ConvertOptions& options);
void build_gemma3(Builder& b, const ConvertOptions& options);
void build_gpt2(Builder& b, const ConvertOptions& options);
void build_gpt_neox(Builder& b, const ConvertOptions& options);
void build_llama(Builder& b, const ConvertOptions& options);
void build_m2m_100(Builder& b, const ConvertOptions& options);
void build_marian(Builder& b, const ConvertOptions& options);
void build_mbart(Builder& b, const ConvertOptions& options);
void build_mistral(Builder& b, const ConvertOptions& options);
void build_phi(Builder& b, const ConvertOptions& options);
void build_phi3(Builder& b, const ConvertOptions& options);
void build_qwen2(Builder& b, const ConvertOptions& options);
void build_qwen3(Builder& b, const ConvertOptions& options);
void build_rnn_seq2seq(Builder& b, const ConvertOptions& options);
void build_roberta(Builder& b, const ConvertOptions& options);
void build_t5(Builder& b, const ConvertOptions& options);
void build_torch_transformer(Builder& b, const ConvertOptions& options);
void build_vision_encoder_decoder(Builder& b, const ConvertOptions& options);
void build_vit(Builder& b, const ConvertOptions& options);
void build_whisper(Builder& b, const ConvertOptions& options);

}  // namespace kinglet::converter
