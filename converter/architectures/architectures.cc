// The list. An architecture is one file here, one line in list.h and one or more lines below.
#include "converter/architectures/architectures.h"

#include <algorithm>
#include <array>
#include <string>

#include "converter/architectures/blocks.h"
#include "converter/architectures/leftovers.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sentence.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

constexpr std::array kArchitectures{
    Architecture{"audio-spectrogram-transformer", build_audio_spectrogram},
    Architecture{"bart", build_bart},
    Architecture{"bert", build_bert},
    Architecture{"captioner", build_captioner},
    Architecture{"clip_text_model", build_clip_text},
    Architecture{"clip_vision_model", build_clip_vision},
    Architecture{"deit", build_deit},
    Architecture{"distilbert", build_distilbert},
    Architecture{"gemma", build_gemma},
    Architecture{"gemma2", build_gemma2},
    Architecture{"gemma3", build_gemma3},
    Architecture{"gemma3_text", build_gemma3},
    Architecture{"gpt2", build_gpt2},
    Architecture{"gpt_neox", build_gpt_neox},
    Architecture{"llama", build_llama},
    Architecture{"llama2c", build_llama},
    Architecture{"m2m_100", build_m2m_100},
    Architecture{"marian", build_marian},
    Architecture{"mbart", build_mbart},
    Architecture{"mistral", build_mistral},
    Architecture{"mt5", build_t5},
    Architecture{"phi", build_phi},
    Architecture{"phi3", build_phi3},
    Architecture{"qwen2", build_qwen2},
    Architecture{"qwen3", build_qwen3},
    Architecture{"rnn_seq2seq", build_rnn_seq2seq},
    Architecture{"roberta", build_roberta},
    Architecture{"t5", build_t5},
    Architecture{"torch_transformer", build_torch_transformer},
    Architecture{"vision-encoder-decoder", build_vision_encoder_decoder},
    Architecture{"vit", build_vit},
    Architecture{"whisper", build_whisper},
    Architecture{"xlm-roberta", build_roberta},
};

std::string supported() {
  std::string names = "clip (with --part)";
  for (const Architecture& a : kArchitectures) names += ", " + std::string(a.model_type);
  return names;
}

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

Checkpoint part_of(Checkpoint checkpoint, const std::string& part) {
  const std::string type = Config(checkpoint.config).text_or("model_type", "");
  if (type == "clip") return clip_tower(std::move(checkpoint), part);
  if (!part.empty()) throw Error("--part " + part + ": there is one model only in " + checkpoint.path.string());
  return checkpoint;
}

Program build_program(const Checkpoint& checkpoint, const ConvertOptions& options) {
  const Config config(checkpoint.config);
  if (!config.has("model_type")) throw Error("config.json: model_type is missing; supported: " + supported());
  const std::string type = config.text("model_type");
  const auto found = std::ranges::find(kArchitectures, type, &Architecture::model_type);
  if (found == kArchitectures.end()) config.reject("model_type", "supported: " + supported());
  check_common(config);
  config.only("add_cross_attention", false);

  const Checkpoint whole = with_modules(checkpoint);
  Builder b(whole);
  b.model().architecture = type;
  found->build(b, options);
  Program program = b.finish();
  program.unused = missed(whole, program.unused);
  return program;
}

}  // namespace kinglet::converter
