// Model first (its pieces are the vocabulary), then the pipeline around it, then added tokens, then the template.
#include "converter/tokenizers/tokenizer_json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "converter/tokenizers/added.h"
#include "converter/tokenizers/byte_alphabet.h"
#include "converter/tokenizers/pipeline.h"

namespace kinglet::converter {
namespace {

using Ids = std::unordered_map<std::string, std::uint32_t>;  // pieces as the file spells them

// The vocabulary of BPE and WordPiece: an object from piece to id.
Ids read_pieces(const JsonView& vocab, Draft& draft) {
  if (!vocab.raw().is_object()) vocab.fail("is not an object from piece to id");
  Ids ids;
  for (const auto& [piece, value] : vocab.raw().items()) {
    const std::int64_t id = JsonView(value, vocab.place() + "." + piece).integer();
    DraftToken& token = draft.token(id, vocab.place());
    if (token.kind != fb::TokenKind::Unused) vocab.fail("two pieces have the id " + std::to_string(id));
    token = {piece, fb::TokenKind::Text, 0};
    ids.emplace(piece, static_cast<std::uint32_t>(id));
  }
  return ids;
}

// Unigram's: a list of [piece, score].
Ids read_scored_pieces(const JsonView& vocab, Draft& draft) {
  Ids ids;
  for (std::size_t id = 0; id < vocab.size(); ++id) {
    const JsonView row = vocab.at(id);
    if (row.size() != 2) row.fail("is not [piece, score]");
    const double score = row.at(1).number();
    if (!(std::abs(score) <= std::numeric_limits<float>::max())) row.fail("has no finite score");
    draft.token(static_cast<std::int64_t>(id), vocab.place()) = {row.at(0).text(), fb::TokenKind::Text,
                                                                 static_cast<float>(score)};
    ids.emplace(row.at(0).text(), static_cast<std::uint32_t>(id));
  }
  return ids;
}

std::uint32_t piece_id(const Ids& ids, const std::string& piece, const JsonView& place) {
  const auto it = ids.find(piece);
  if (it == ids.end()) place.fail("the piece \"" + piece + "\" is not in the vocabulary");
  return it->second;
}

// "left right" in files before 2024-10, ["left", "right"] since.
void read_merges(const JsonView& merges, const Ids& ids, Draft& draft) {
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const JsonView merge = merges.at(i);
    std::string left;
    std::string right;
    if (merge.raw().is_string()) {
      const std::string& text = merge.text();
      const std::size_t space = text.find(' ');
      if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) merge.fail("is not two pieces");
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else {
      if (merge.size() != 2) merge.fail("is not two pieces");
      left = merge.at(0).text();
      right = merge.at(1).text();
    }
    draft.merges.push_back({piece_id(ids, left, merge), piece_id(ids, right, merge), piece_id(ids, left + right, merge),
                            static_cast<std::uint32_t>(i)});
  }
}

void read_bpe(const JsonView& model, Draft& draft, Ids& ids) {
  if (const JsonView prefix = model["continuing_subword_prefix"]; !prefix.text("").empty())
    prefix.fail("BPE with marks inside words is not supported");
  if (!model["dropout"].is_null() && model["dropout"].number() != 0)
    model["dropout"].fail("random merges are not supported");
  ids = read_pieces(model["vocab"], draft);
  read_merges(model["merges"], ids, draft);
  draft.tables.model = fb::TokenModel::Bpe;
  draft.tables.whole_words = model["ignore_merges"].flag(false);
  draft.tables.fuse_unknown = model["fuse_unk"].flag(false);
  if (!model["unk_token"].is_null())
    draft.tables.unknown = static_cast<std::int32_t>(piece_id(ids, model["unk_token"].text(), model));
}

void read_wordpiece(const JsonView& model, Draft& draft, Ids& ids) {
  ids = read_pieces(model["vocab"], draft);
  draft.tables.model = fb::TokenModel::WordPiece;
  draft.tables.continuation = model["continuing_subword_prefix"].text("##");
  const std::int64_t longest = model["max_input_chars_per_word"].integer(100);
  if (longest < 1 || longest > 65535) model["max_input_chars_per_word"].fail("is not between 1 and 65535");
  draft.tables.longest_word = static_cast<std::uint32_t>(longest);
  draft.tables.unknown = static_cast<std::int32_t>(piece_id(ids, model["unk_token"].text("[UNK]"), model));
}

void read_unigram(const JsonView& model, Draft& draft, Ids& ids) {
  constexpr float kUnknownPenalty = 10;  // below the worst piece, as in the library that reads these files
  ids = read_scored_pieces(model["vocab"], draft);
  draft.tables.model = fb::TokenModel::Unigram;
  draft.tables.fuse_unknown = true;
  const std::int64_t unknown = model["unk_id"].integer(-1);
  if (unknown < -1 || unknown >= static_cast<std::int64_t>(draft.tokens.size()))
    model["unk_id"].fail("is no token's id");
  draft.tables.unknown = static_cast<std::int32_t>(unknown);
  float worst = 0;
  for (const DraftToken& token : draft.tokens) worst = std::min(worst, token.score);
  draft.tables.unknown_score = worst - kUnknownPenalty;
}

// Files before 2021 do not name the model's type.
std::string model_type(const JsonView& model) {
  if (!model["type"].is_null()) return model["type"].text();
  if (!model["merges"].is_null()) return "BPE";
  return model["unk_id"].is_null() ? "WordPiece" : "Unigram";
}

// CLIP: the mark at the end of a word's last piece ("</w>") becomes the space behind it.
void spell_ends(const JsonView& suffix, Draft& draft) {
  const std::string mark = suffix.text("");
  if (mark.empty()) return;
  if (!draft.tables.byte_level) suffix.fail("BPE with marks at the end of words is supported of bytes only");
  draft.tables.end_bytes.assign(256, -1);
  bool found = false;
  for (std::size_t id = 0; id < draft.tokens.size(); ++id) {
    DraftToken& token = draft.tokens[id];
    if (token.kind != fb::TokenKind::Text || !token.text.ends_with(mark)) continue;
    found = true;
    token.text.resize(token.text.size() - mark.size());
    if (const auto bytes = from_byte_alphabet(token.text); bytes && bytes->size() == 1)
      draft.tables.end_bytes[static_cast<std::uint8_t>(bytes->front())] = static_cast<std::int32_t>(id);
    token.text += kByteSpace;
  }
  if (!found) suffix.fail("no piece of the vocabulary ends in \"" + mark + "\"");
}

// Pieces from the file's spelling to the bytes they stand for.
void spell_out(Draft& draft, bool byte_fallback) {
  const bool escaped = draft.tables.escaped;
  for (DraftToken& token : draft.tokens) {
    if (token.kind == fb::TokenKind::Unused) continue;
    const int byte = byte_fallback ? byte_of(token.text) : -1;
    if (byte >= 0) {
      token.text = std::string(1, static_cast<char>(byte));
      token.kind = fb::TokenKind::Byte;
    } else if (draft.tables.byte_level) {
      if (!from_byte_alphabet(token.text)) token.kind = fb::TokenKind::Unused;
      token.text = bytes_or_self(token.text);
    } else if (escaped) {
      // All spaces are U+2581 before the model sees them: a piece with a space of its own is never made.
      if (token.text.find(' ') != std::string::npos && token.kind == fb::TokenKind::Text)
        token.kind = fb::TokenKind::Unused;
      token.text = unescape(token.text);
    }
  }
  if (draft.tables.byte_level || byte_fallback) draft.index_bytes();
}

}  // namespace

Draft read_tokenizer_json(const std::filesystem::path& path) {
  const nlohmann::json document = read_json(path);
  const JsonView root(document, path.string());
  if (!document.is_object()) root.fail("is not a tokenizer.json");
  Draft draft;
  Ids ids;
  const JsonView model = root["model"];
  const std::string type = model_type(model);
  if (type == "BPE") {
    read_bpe(model, draft, ids);
  } else if (type == "WordPiece") {
    read_wordpiece(model, draft, ids);
  } else if (type == "Unigram") {
    read_unigram(model, draft, ids);
  } else {
    model.fail("the model \"" + type + "\" is not supported; BPE, WordPiece and Unigram are");
  }
  read_normalizer(root["normalizer"], draft);
  read_pre_tokenizer(root["pre_tokenizer"], draft);
  if (draft.tables.byte_level && type != "BPE") root["pre_tokenizer"].fail("ByteLevel is supported with BPE only");
  if (type == "BPE") spell_ends(model["end_of_word_suffix"], draft);
  spell_out(draft, model["byte_fallback"].flag(false));
  read_added_tokens(root["added_tokens"], ids, draft);
  read_decoder(root["decoder"], draft);
  read_post_processor(root["post_processor"], draft);
  return draft;
}

}  // namespace kinglet::converter
