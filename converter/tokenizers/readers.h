// One reader per family of tokenizer files; read_tokenizer picks.
#pragma once

#include <filesystem>

#include "converter/tokenizers/draft.h"
#include "converter/tokenizers/sentencepiece_model.h"
#include "converter/tokenizers/settings.h"

namespace kinglet::converter {

Draft read_gpt2_files(const std::filesystem::path& directory);        // vocab.json + merges.txt
Draft read_wordpiece_file(const std::filesystem::path& directory);    // vocab.txt
Draft read_sentencepiece_file(const std::filesystem::path& file);     // tokenizer.model, spiece.model
Draft read_fairseq_sentencepiece(const std::filesystem::path& file);  // sentencepiece.bpe.model of XLM-R and mBART
Draft read_m2m100_files(const std::filesystem::path& directory);      // vocab.json + sentencepiece.bpe.model
Draft read_marian_files(const std::filesystem::path& spm, const std::filesystem::path& vocab);  // one side

// The vocabulary of a vocab.json, whose ids have nothing to do with the order of SentencePiece's pieces: each token gets
// the score of its piece; pieces that have no id follow behind the tokens. Returns the ids.
std::unordered_map<std::string, std::uint32_t> join_vocabulary(const SentencePieceModel& model,
                                                               const std::filesystem::path& vocab, Draft& draft);

}  // namespace kinglet::converter
