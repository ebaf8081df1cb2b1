// Classifier: labels with probabilities, of a text, of a pair of texts or of each token, from an encoder-only model whose output
// is one logit per label. It owns nothing; probabilities stand in the workspace until the next call.
//
//     auto classifier = kinglet::Classifier::create(**session, workspace, text.size());
//     if (auto s = classifier->classify(text); !s.ok()) return s;
//     auto best = classifier->best(0);              // index and probability
//     print(classifier->label(best->label));
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/embedder.h"
#include "kinglet/session.h"
#include "kinglet/status.h"

namespace kinglet {

struct Labelled {
  std::uint32_t label = 0;
  float probability = 0;
};

class Classifier {
 public:
  Classifier() = default;

  // Bytes of the workspace; `text_bytes` is the longest text (both together, of a pair).
  static Result<std::size_t> workspace_bytes(const Plan& plan, std::size_t text_bytes);

  // As Embedder::create; the subject of kUnsupported is no number of the model's.
  static Result<Classifier> create(Session& session, std::span<std::byte> memory, std::size_t text_bytes);

  // As Embedder::embed.
  Result<std::size_t> classify(std::span<const Passage> passages, const EmbedOptions& options = {});
  Status classify(std::string_view text, const EmbedOptions& options = {});

  // softmax of the logits of a text, or of one of its tokens where the model labels tokens: [labels], valid until the next use.
  // kNotFinite: a logit is a NaN or +infinity.
  Result<std::span<const float>> probabilities(std::size_t index, std::size_t row = 0);

  // The likeliest label, the lower one among equals.
  Result<Labelled> best(std::size_t index, std::size_t row = 0);

  std::size_t rows(std::size_t index) const { return rows_.rows(index); }  // 1, or one per token
  std::span<const std::int32_t> tokens(std::size_t index) const { return rows_.tokens(index); }
  bool labels_tokens() const { return !rows_.pools(); }

  std::uint32_t labels() const { return static_cast<std::uint32_t>(probabilities_.size()); }
  std::string_view label(std::uint32_t index) const;  // its name; empty where the model names none

  const Embedder& embedder() const { return rows_; }

 private:
  Embedder rows_;
  std::span<float> probabilities_;  // [labels]
};

}  // namespace kinglet
