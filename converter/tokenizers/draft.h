// Draft: a tokenizer while its files are read, before it becomes the sorted tables of schema/tokenizer.fbs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "converter/error.h"
#include "tokenizer_generated.h"

namespace kinglet::converter {

struct DraftToken {
  std::string text;  // the bytes it stands for in decoded text
  fb::TokenKind kind = fb::TokenKind::Unused;
  float score = 0;
};

struct DraftMerge {
  std::uint32_t left;
  std::uint32_t right;
  std::uint32_t result;
  std::uint32_t rank;  // the lowest is merged first; of equal ones, the one further left in the text
};

struct Draft {
  fb::TokenizerT tables;           // all but what finish() makes from the lists below
  std::vector<DraftToken> tokens;  // by id
  std::vector<DraftMerge> merges;
  std::vector<std::string> warnings;

  // Room for a token; new ids below it are unused. Throws where `id` is no sensible number.
  DraftToken& token(std::int64_t id, const std::string& file);

  // A token that is found in text before anything else. `known`: it is a piece of the model, too.
  void add(std::uint32_t id, const std::string& text, bool special, bool known, fb::AddedTokenT flags = {});

  // Single bytes of ordinary tokens become the byte table (byte-level BPE), or the tokens of kind Byte do (byte fallback).
  void index_bytes();

  // Sorts and joins everything, and verifies the result as the runtime will.
  // `vocabulary`: tokens from this id on have no id for the model; 0: no limit.
  std::unique_ptr<fb::TokenizerT> finish(const std::string& file, std::uint32_t vocabulary = 0);

 private:
  void limit(std::uint32_t vocabulary, const std::string& file);
};

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space

// SentencePiece's spelling of a piece as text: U+2581 is a space.
std::string unescape(std::string_view piece);

// "<0x41>" is 0x41; others are -1.
int byte_of(std::string_view piece);

std::string read_file(const std::filesystem::path& path);
nlohmann::json read_json(const std::filesystem::path& path);

}  // namespace kinglet::converter
