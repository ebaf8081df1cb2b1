// Reads the tokenizer files of a checkpoint into the tables of the file format. Throws Error where a file is damaged or
// asks for something that the runtime does not do; the message names the file and the part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model_generated.h"

namespace kinglet::converter {

struct Tokenizers {
  std::unique_ptr<fb::TokenizerT> tokenizer;  // of the text that goes in; null: the directory has no tokenizer files
  std::unique_ptr<fb::TokenizerT> target;     // of the text that comes out, where it is another one (Marian)
  std::unique_ptr<fb::ChatTemplateT> chat;    // null: none, or none of a known family
  std::vector<std::string> warnings;
};

// Looks for, in this order: tokenizer.json; source.spm + target.spm + vocab.json; vocab.json + sentencepiece.bpe.model
// (M2M-100); sentencepiece.bpe.model (XLM-R, mBART); vocab.json + merges.txt; vocab.txt; tokenizer.model; spiece.model.
// `vocabulary`, and of a tokenizer of its own for what comes out `target_vocabulary`: ids of the model are below it; tokens at or
// above it are left out with a warning. 0: no limit.
Tokenizers read_tokenizer(const std::filesystem::path& directory, std::uint32_t vocabulary = 0,
                          std::uint32_t target_vocabulary = 0);

// llama2.c's tok.bin: u32 longest piece, then f32 score, i32 length, bytes for each of `vocabulary` tokens.
std::unique_ptr<fb::TokenizerT> read_llama2c_tokenizer(const std::filesystem::path& path, std::uint32_t vocabulary);

}  // namespace kinglet::converter
