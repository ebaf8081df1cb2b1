// The tiny models with a tokenizer whose texts a test can read, and a session of each with its memory.
//
//   token 0 "<s>", 1 "</s>"; 2 … 27 "a" … "z"; 28 " "; 29 "\n"; 30, 31, 32 the bytes of U+AC00; from 33 on pairs "ab", "bc", …
//   A text becomes one token for each byte; pairs come out of models only.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kinglet/generator.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet::testing {

inline constexpr std::int32_t kStart = 0;
inline constexpr std::int32_t kEnd = 1;

// The file with its program changed.
std::vector<std::byte> changed(std::span<const std::byte> file, const std::function<void(fb::ModelT&)>& change);

std::unique_ptr<fb::TokenizerT> letters(std::uint32_t tokens);
std::vector<std::int32_t> ids(std::string_view text);  // what `letters` makes of a text

// With the tokenizer and the generation table; `change` comes last.
std::vector<std::byte> text_decoder(const std::function<void(fb::ModelT&)>& change = {});
std::vector<std::byte> text_translator(const std::function<void(fb::ModelT&)>& change = {});
std::vector<std::byte> text_encoder(const std::function<void(fb::ModelT&)>& change = {});

struct Running {
  Running(const std::vector<std::byte>& bytes, const Limits& limits, const SessionOptions& options = {});

  AlignedBytes file;
  Model model;
  Plan plan;
  AlignedBytes arena{0};
  Session* session = nullptr;
};

// Keeps all text; stops after `most` pieces.
struct Kept {
  std::string text;
  std::vector<std::string> pieces;
  std::size_t most = ~std::size_t{0};

  TextSink sink();
};

}  // namespace kinglet::testing
