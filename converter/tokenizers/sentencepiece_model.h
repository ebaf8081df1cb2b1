// A SentencePiece model file: a protocol buffer, of which this reads the fields that decide how text becomes pieces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "converter/tokenizers/draft.h"

namespace kinglet::converter {

// Numbers as in sentencepiece_model.proto.
enum class PieceType : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

struct SentencePiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::kNormal;
};

struct SentencePieceModel {
  std::string file;  // for messages
  std::vector<SentencePiece> pieces;
  bool bpe = false;                    // otherwise Unigram
  std::vector<std::uint8_t> charsmap;  // empty: text stays as it is
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;

  std::int64_t find(std::string_view text) const;  // the piece's index, or -1
};

SentencePieceModel read_sentencepiece(const std::filesystem::path& path);

// The rules of the model (not its tokens) as a draft's tables, and the score of unknown characters.
void set_sentencepiece_rules(const SentencePieceModel& model, Draft& draft);

// Piece `index` as token `id` of the draft: its text, kind and score; user-defined symbols are added tokens.
void put_piece(const SentencePieceModel& model, std::size_t index, std::uint32_t id, Draft& draft);

}  // namespace kinglet::converter
