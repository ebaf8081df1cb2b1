// The names of the files that a harness of a folder may write, as their numbers are in its corpus: new ones at the end.
#pragma once

namespace kinglet::fuzz {

inline constexpr const char* kTokenizerFiles[] = {
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "source.spm",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spiece.model",
    "tokenizer.json",
};

inline constexpr const char* kCheckpointFiles[] = {
    "config.json",   "model.safetensors", "model.safetensors.index.json",
    "a.safetensors", "b.safetensors",     "pytorch_model.bin",
    "llama2c.bin",   "lone.safetensors",
};

inline constexpr const char* kSideFiles[] = {
    "config.json",    "generation_config.json",    "preprocessor_config.json", "processor_config.json",
    "modules.json",   "1_Pooling/config.json",     "2_Dense/config.json",      "2_Dense/model.safetensors",
    "tokenizer.json", "sentence_bert_config.json",
};

}  // namespace kinglet::fuzz
