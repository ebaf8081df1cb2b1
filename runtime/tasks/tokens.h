// Small things about the model's own token lists that the tasks share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/tokenizer.h"
#include "model_generated.h"

namespace kinglet {

using TokenList = flatbuffers::Vector<std::int32_t>;

inline std::span<const std::int32_t> tokens_of(const TokenList* list) {
  if (list == nullptr) return {};
  return {list->data(), list->size()};
}

inline bool contains(std::span<const std::int32_t> tokens, std::int32_t token) {
  for (const std::int32_t t : tokens) {
    if (t == token) return true;
  }
  return false;
}

// Lists of fb::Generation; empty where the model has none.
inline std::span<const std::int32_t> start_tokens(const fb::Model& root) {
  return root.generation() == nullptr ? std::span<const std::int32_t>{} : tokens_of(root.generation()->start());
}
inline std::span<const std::int32_t> stop_tokens(const fb::Model& root) {
  return root.generation() == nullptr ? std::span<const std::int32_t>{} : tokens_of(root.generation()->stop());
}
inline std::span<const std::int32_t> suppressed_tokens(const fb::Model& root) {
  return root.generation() == nullptr ? std::span<const std::int32_t>{} : tokens_of(root.generation()->suppressed());
}
inline std::span<const std::int32_t> suppressed_first_tokens(const fb::Model& root) {
  return root.generation() == nullptr ? std::span<const std::int32_t>{}
                                      : tokens_of(root.generation()->suppressed_first());
}
inline std::int32_t forced_token(const fb::Model& root) {
  return root.generation() == nullptr ? -1 : root.generation()->forced();
}

// What begins a text in a language, after the start tokens; empty where the model has one language only.
inline Result<std::span<const std::int32_t>> language_tokens(const fb::Model& root, std::string_view code) {
  const auto* languages = root.generation() == nullptr ? nullptr : root.generation()->languages();
  if (languages == nullptr || languages->size() == 0) {
    if (!code.empty()) return Status{Code::kBadArgument, "this model does not choose between languages"};
    return std::span<const std::int32_t>{};
  }
  for (const fb::Language* language : *languages) {
    if (code.empty() || code == std::string_view{language->code()->c_str(), language->code()->size()})
      return tokens_of(language->tokens());
  }
  return Status{Code::kBadArgument, "this model does not have that language", languages->size()};
}

// The text a token adds. A vocabulary may be padded beyond its tokenizer; such a token adds none.
inline Result<std::size_t> text_of(const Tokenizer& tokenizer, std::int32_t token, DecodeState& state,
                                   std::span<char> out) {
  auto text = tokenizer.decode(token, state, out);
  return text.status().code() == Code::kBadArgument ? Result<std::size_t>(std::size_t{0}) : text;
}

}  // namespace kinglet
