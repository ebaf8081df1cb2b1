// Marian and M2M-100: SentencePiece says how a text is cut, vocab.json what the pieces are called.
#include <algorithm>

#include "converter/tokenizers/json_view.h"
#include "converter/tokenizers/readers.h"

namespace kinglet::converter {
namespace {

std::int32_t required(const std::unordered_map<std::string, std::uint32_t>& ids, const std::string& text,
                      const std::filesystem::path& vocab) {
  const auto it = ids.find(text);
  if (it == ids.end()) throw Error(vocab.string() + ": lacks the token " + text);
  return static_cast<std::int32_t>(it->second);
}

}  // namespace

std::unordered_map<std::string, std::uint32_t> join_vocabulary(const SentencePieceModel& model,
                                                               const std::filesystem::path& vocab, Draft& draft) {
  if (model.bpe) throw Error(model.file + ": a unigram model was expected beside " + vocab.string());
  const nlohmann::json document = read_json(vocab);
  if (!document.is_object()) throw Error(vocab.string() + ": is not an object from piece to id");
  std::unordered_map<std::string, std::uint32_t> ids;
  std::int64_t last = -1;
  for (const auto& [piece, value] : document.items()) {
    const std::int64_t id = JsonView(value, vocab.string() + ": " + piece).integer();
    DraftToken& token = draft.token(id, vocab.string());
    if (!token.text.empty()) throw Error(vocab.string() + ": two pieces have the id " + std::to_string(id));
    token.text = unescape(piece);
    ids.emplace(piece, static_cast<std::uint32_t>(id));
    last = std::max(last, id);
  }
  draft.tables.tokens = static_cast<std::uint32_t>(last + 1);
  draft.tables.named = true;
  set_sentencepiece_rules(model, draft);
  for (const SentencePiece& piece : model.pieces) {
    if (piece.type != PieceType::kNormal) continue;
    const auto it = ids.find(piece.text);
    const std::size_t id = it == ids.end() ? draft.tokens.size() : it->second;
    draft.token(static_cast<std::int64_t>(id), model.file) = {unescape(piece.text), fb::TokenKind::Text, piece.score};
  }
  return ids;
}

Draft read_marian_files(const std::filesystem::path& spm, const std::filesystem::path& vocab) {
  const SentencePieceModel model = read_sentencepiece(spm);
  const Settings settings = read_settings(spm.parent_path());
  Draft draft;
  const auto ids = join_vocabulary(model, vocab, draft);
  for (const auto& [text, id] : ids) {
    if (text.starts_with(">>") && text.ends_with("<<")) draft.tokens[id].kind = fb::TokenKind::Added;
  }
  const std::string unknown = settings.role("unk_token").value_or("<unk>");
  const std::int32_t eos = required(ids, settings.role("eos_token").value_or("</s>"), vocab);
  add_tokens(settings, ids, draft, {"</s>", "<unk>", "<pad>"});
  draft.tables.unknown = required(ids, unknown, vocab);
  draft.tables.language_marks = true;
  draft.tables.after = draft.tables.pair_after = {eos};
  return draft;
}

}  // namespace kinglet::converter
