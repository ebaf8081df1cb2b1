// Embedder: texts to vectors with an encoder-only model (Devlin et al. 2019; Reimers and Gurevych 2019 for pooled ones), several
// texts in one call. It owns nothing; the vectors stand in the session's arena until its next call.
//
//     auto bytes = kinglet::Embedder::workspace_bytes((*session)->plan(), text.size());
//     auto embedder = kinglet::Embedder::create(**session, workspace, text.size());
//     if (auto s = embedder->embed(text); !s.ok()) return s;
//     std::span<const float> vector = embedder->vector(0);      // [width]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/session.h"
#include "kinglet/status.h"
#include "kinglet/tokenizer.h"

namespace kinglet {

// One text, or two in the model's template for pairs; of a model that reads grids one of these instead.
struct Passage {
  std::string_view text;
  std::string_view second = {};
  bool pair = false;
  Grid grid = {};
};

struct EmbedOptions {
  Special special = {};  // parse: "[MASK]" in a text is that token
  bool truncate =
      false;  // a text longer than plan.limits.source loses its end (its last template tokens stay); else kContextFull
};

class Embedder {
 public:
  Embedder() = default;

  // Bytes of the workspace; `text_bytes` is the longest text (both together, of a pair).
  static Result<std::size_t> workspace_bytes(const Plan& plan, std::size_t text_bytes);

  // Uses the session's sequences. kUnsupported: the model has no encoder, has a decoder too, or reads texts and has no
  // tokenizer.
  static Result<Embedder> create(Session& session, std::span<std::byte> memory, std::size_t text_bytes);

  // Encodes the first of the passages, as many as one call takes (plan.limits.sequences, source_rows), and returns their number,
  // at least one. kContextFull: a text has more tokens than plan.limits.source; the subject is its index.
  Result<std::size_t> embed(std::span<const Passage> passages, const EmbedOptions& options = {});
  Status embed(std::string_view text, const EmbedOptions& options = {});

  // Of the last call: how many texts, how many vectors a text has (one where the model pools, else one per token), the vectors
  // and the tokens.
  std::size_t count() const { return count_; }
  std::size_t rows(std::size_t index) const;
  std::span<const float> vector(std::size_t index, std::size_t row = 0) const;  // [width]; empty: there is no such row
  std::span<const std::int32_t> tokens(std::size_t index) const;

  bool pools() const { return pools_; }  // one vector for each text
  const Session& session() const { return *session_; }
  const Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  friend struct EmbedderLayout;

  Result<std::size_t> embed_grids(std::span<const Passage> passages);
  Result<std::size_t> read(const Passage& passage, const EmbedOptions& options);
  std::size_t shorten(std::size_t tokens, const Passage& passage, const EmbedOptions& options) const;

  Session* session_ = nullptr;
  Tokenizer tokenizer_;
  std::span<std::int32_t> text_tokens_;  // of one text, before it is shortened
  std::span<std::uint8_t> text_types_;
  std::span<std::int32_t> tokens_;  // [source_rows] of the call
  std::span<std::uint8_t> types_;
  std::span<Chunk> chunks_;       // [sequences]
  std::span<std::byte> scratch_;  // of Tokenizer::encode
  std::size_t text_bytes_ = 0;
  std::size_t count_ = 0;
  bool pools_ = false;
};

}  // namespace kinglet
