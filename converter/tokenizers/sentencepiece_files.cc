// A SentencePiece model by itself: pieces are tokens in their own order (Llama, Mistral, Gemma, T5).
#include "converter/tokenizers/readers.h"
#include "converter/tokenizers/sentencepiece_bpe.h"

namespace kinglet::converter {
namespace {

using Ids = std::unordered_map<std::string, std::uint32_t>;

std::int32_t role_id(const Settings& settings, const char* role, std::string_view fallback, const Ids& ids) {
  const auto it = ids.find(settings.role(role).value_or(std::string(fallback)));
  return it == ids.end() ? -1 : static_cast<std::int32_t>(it->second);
}

// <s> A of Llama and its like; A </s> of T5.
void set_template(const Settings& settings, bool bpe, const Ids& ids, Draft& draft) {
  fb::TokenizerT& tables = draft.tables;
  const std::int32_t bos = role_id(settings, "bos_token", "<s>", ids);
  const std::int32_t eos = role_id(settings, "eos_token", "</s>", ids);
  if (settings.flag("add_bos_token", bpe) && bos >= 0) tables.before.push_back(bos);
  if (settings.flag("add_eos_token", !bpe) && eos >= 0) tables.after.push_back(eos);
  tables.pair_before = tables.before;
  tables.pair_after = tables.after;
  tables.pair_between = tables.after;
  tables.pair_second = tables.before;
}

// T5's sentinels stand behind the pieces, the last one first.
void add_extra_ids(std::int64_t count, const std::string& file, Draft& draft) {
  if (count < 0 || count > 10000) throw Error(file + ": extra_ids is not between 0 and 10000");
  const std::size_t first = draft.tokens.size();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::uint32_t>(first + static_cast<std::size_t>(count - 1 - i));
    const std::string text = "<extra_id_" + std::to_string(i) + ">";
    draft.token(id, file).text = text;
    draft.add(id, text, true, false);
  }
}

}  // namespace

Draft read_sentencepiece_file(const std::filesystem::path& file) {
  const SentencePieceModel model = read_sentencepiece(file);
  const Settings settings = read_settings(file.parent_path());
  Draft draft;
  set_sentencepiece_rules(model, draft);
  Ids ids;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const auto id = static_cast<std::uint32_t>(i);
    put_piece(model, i, id, draft);
    ids.emplace(model.pieces[i].text, id);
    if (model.pieces[i].type == PieceType::kUnknown) draft.tables.unknown = static_cast<std::int32_t>(i);
  }
  if (settings.tokenizer_class() == "T5Tokenizer" || file.filename() == "spiece.model") {
    // A model saved with its sentinels has them among its pieces.
    const std::int64_t fallback = settings.tokenizer_class() == "T5Tokenizer" ? 100 : 0;
    if (!ids.contains("<extra_id_0>")) add_extra_ids(settings.integer("extra_ids", fallback), model.file, draft);
  }
  add_tokens(settings, ids, draft);
  draft.index_bytes();
  if (model.bpe) merges_from_scores(draft);
  set_template(settings, model.bpe, ids, draft);
  return draft;
}

}  // namespace kinglet::converter
