// The last step of every tokenizer reader: lists in file order become sorted tables.
#include "converter/tokenizers/draft.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <numeric>

#include "converter/json_message.h"
#include "converter/tokenizers/charsmap.h"
#include "kinglet/tokenizer.h"
#include "model/rules.h"
#include "text/normalize.h"
#include "text/utf8.h"

namespace kinglet::converter {
namespace {

constexpr std::int64_t kMostTokens = rules::kVocabulary;  // no model has more, and each id below takes room
constexpr std::uintmax_t kMostBytes = std::uintmax_t{1} << 30;

void write_vocabulary(const std::vector<DraftToken>& tokens, fb::TokenizerT& tables, const std::string& file) {
  for (const DraftToken& token : tokens) {
    tables.pieces.insert(tables.pieces.end(), token.text.begin(), token.text.end());
    if (tables.pieces.size() > std::numeric_limits<std::uint32_t>::max())
      throw Error(file + ": the vocabulary's text is over 4 GiB");
    tables.ends.push_back(static_cast<std::uint32_t>(tables.pieces.size()));
    tables.kinds.push_back(token.kind);
  }
  tables.order.resize(tokens.size());
  std::iota(tables.order.begin(), tables.order.end(), 0u);
  std::sort(tables.order.begin(), tables.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (const int c = tokens[a].text.compare(tokens[b].text); c != 0) return c < 0;
    return tokens[a].kind != tokens[b].kind ? tokens[a].kind < tokens[b].kind : a < b;
  });
}

void write_merges(std::vector<DraftMerge>& merges, std::size_t tokens, fb::TokenizerT& tables) {
  std::sort(merges.begin(), merges.end(), [](const DraftMerge& a, const DraftMerge& b) {
    if (a.left != b.left) return a.left < b.left;
    return a.right != b.right ? a.right < b.right : a.rank > b.rank;
  });
  tables.merge_begin.assign(tokens + 1, 0);
  const DraftMerge* last = nullptr;
  for (const DraftMerge& merge : merges) {
    // Of a pair that is listed twice the later line counts, as in the library that reads these files.
    if (last != nullptr && last->left == merge.left && last->right == merge.right) continue;
    last = &merge;
    ++tables.merge_begin[merge.left + 1];
    tables.merge_right.push_back(merge.right);
    tables.merge_rank.push_back(merge.rank);
    tables.merge_result.push_back(merge.result);
  }
  std::partial_sum(tables.merge_begin.begin(), tables.merge_begin.end(), tables.merge_begin.begin());
}

// By text; of several with one text the last that was added counts.
void sort_added(std::vector<std::unique_ptr<fb::AddedTokenT>>& added) {
  std::stable_sort(added.begin(), added.end(), [](const auto& a, const auto& b) { return a->text < b->text; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (i + 1 < added.size() && added[i + 1]->text == added[i]->text) continue;
    if (kept != i) added[kept] = std::move(added[i]);
    ++kept;
  }
  added.resize(kept);
}

// How many bytes the text of `sample` becomes, for each of its own, at most.
class Growth {
 public:
  explicit Growth(const fb::Tokenizer& tables) : tables_(tables), memory_(1 << 16) {}

  void measure(std::string_view sample) {
    text::Scratch scratch(memory_);
    text::NormalText normal{};
    const bool fits = text::normalize(tables_, sample, scratch, normal).ok();
    const std::size_t size = fits ? normal.size : memory_.size();
    most_ = std::max(most_, (size + sample.size() - 1) / sample.size());
  }
  std::size_t most() const { return most_; }

 private:
  text::Tables tables_;
  std::vector<std::byte> memory_;
  std::size_t most_ = 0;
};

// Tried out with every character and every text that a map replaces, after each pass: what one makes longer, the next may
// make shorter again.
std::uint32_t measure_growth(const fb::TokenizerT& tables) {
  constexpr std::size_t kMostKeys = 1 << 16;
  std::size_t growth = 3;  // an ill-formed byte becomes U+FFFD
  for (std::size_t passes = 1; passes <= tables.passes.size(); ++passes) {
    const fb::PassT& last = *tables.passes[passes - 1];
    const bool shrinks = last.kind == fb::PassKind::Clean || last.kind == fb::PassKind::DropMarks;
    if (shrinks && passes < tables.passes.size()) continue;
    fb::TokenizerT rules;
    for (std::size_t i = 0; i < passes; ++i) rules.passes.push_back(std::make_unique<fb::PassT>(*tables.passes[i]));
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::Tokenizer::Pack(builder, &rules));
    Growth measured(*flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer()));
    for (char32_t code = 1; code <= 0x10FFFF; ++code) {
      if (code >= 0xD800 && code <= 0xDFFF) continue;
      char bytes[4];
      measured.measure({bytes, text::put_utf8(code, bytes)});
    }
    for (const auto& pass : rules.passes) {
      for (const std::string& key : charsmap_keys(pass->map, kMostKeys)) measured.measure(key);
    }
    growth = std::max(growth, measured.most());
  }
  return static_cast<std::uint32_t>(growth);
}

}  // namespace

DraftToken& Draft::token(std::int64_t id, const std::string& file) {
  if (id < 0 || id >= kMostTokens)
    throw Error(file + ": token id " + std::to_string(id) + " is not between 0 and " + std::to_string(kMostTokens - 1) +
                "; no model has so many tokens, the file is damaged");
  if (static_cast<std::size_t>(id) >= tokens.size()) tokens.resize(static_cast<std::size_t>(id) + 1);
  return tokens[static_cast<std::size_t>(id)];
}

void Draft::add(std::uint32_t id, const std::string& text, bool special, bool known, fb::AddedTokenT flags) {
  DraftToken& token = tokens.at(id);
  if (special && token.kind != fb::TokenKind::Unknown) token.kind = fb::TokenKind::Special;
  if (!special && !known) token.kind = fb::TokenKind::Added;
  if (text.empty()) return;
  auto added = std::make_unique<fb::AddedTokenT>(std::move(flags));
  added->id = id;
  added->text.assign(text.begin(), text.end());
  added->special = special;
  tables.added.push_back(std::move(added));
}

void Draft::index_bytes() {
  const fb::TokenKind kind = tables.byte_level ? fb::TokenKind::Text : fb::TokenKind::Byte;
  tables.bytes.assign(256, -1);
  for (std::size_t id = tokens.size(); id-- > 0;) {
    if (tokens[id].kind == kind && tokens[id].text.size() == 1) {
      tables.bytes[static_cast<std::uint8_t>(tokens[id].text[0])] = static_cast<std::int32_t>(id);
    }
  }
}

void Draft::limit(std::uint32_t vocabulary, const std::string& file) {
  if (tables.tokens == 0) tables.tokens = static_cast<std::uint32_t>(tokens.size());
  if (vocabulary == 0 || tables.tokens <= vocabulary) return;
  warnings.push_back(file + ": has " + std::to_string(tables.tokens) + " tokens, the model only " +
                     std::to_string(vocabulary) + "; those beyond are left out");
  tables.tokens = vocabulary;
  const auto beyond = [&](std::int64_t id) { return id >= vocabulary; };
  std::erase_if(tables.added, [&](const auto& added) { return beyond(added->id); });
  for (std::int32_t& id : tables.bytes) id = beyond(id) ? -1 : id;
  if (beyond(tables.unknown)) tables.unknown = -1;
  for (const auto* ids : {&tables.before, &tables.after, &tables.pair_before, &tables.pair_between, &tables.pair_second,
                          &tables.pair_after}) {
    if (std::any_of(ids->begin(), ids->end(), beyond))
      throw Error(file + ": the template uses a token that the model does not have");
  }
}

std::unique_ptr<fb::TokenizerT> Draft::finish(const std::string& file, std::uint32_t vocabulary) {
  if (tokens.empty()) throw Error(file + ": the vocabulary is empty; the file is damaged or of another kind");
  limit(vocabulary, file);
  write_vocabulary(tokens, tables, file);
  if (tables.model == fb::TokenModel::Bpe) write_merges(merges, tokens.size(), tables);
  if (tables.model == fb::TokenModel::Unigram) {
    for (const DraftToken& token : tokens) tables.scores.push_back(token.score);
  }
  sort_added(tables.added);
  auto result = std::make_unique<fb::TokenizerT>(std::move(tables));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, result.get()));
  const auto* packed = flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
  const Status status = verify_tokenizer(*packed, static_cast<std::uint32_t>(tokens.size()));
  if (!status.ok()) {
    throw Error(file + ": " + status.message() + " (at " + std::to_string(status.subject()) +
                "); the tokenizer file is damaged");
  }
  result->growth = measure_growth(*result);
  return result;
}

std::string unescape(std::string_view piece) {
  std::string result;
  for (std::size_t at = 0; at < piece.size();) {
    if (piece.substr(at, kSpaceMark.size()) == kSpaceMark) {
      result += ' ';
      at += kSpaceMark.size();
    } else {
      result += piece[at++];
    }
  }
  return result;
}

int byte_of(std::string_view piece) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return -1;
  const int high = digit(piece[3]);
  const int low = digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string read_file(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw Error(path.string() + ": " + error.message());
  if (size > kMostBytes) throw Error(path.string() + ": over 1 GiB, which no tokenizer file is");
  std::ifstream in(path, std::ios::binary);
  std::string result(static_cast<std::size_t>(size), '\0');
  if (!in.read(result.data(), static_cast<std::streamsize>(size))) throw Error(path.string() + ": cannot be read");
  return result;
}

nlohmann::json read_json(const std::filesystem::path& path) {
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception& e) {
    throw Error(path.string() + ": not valid JSON (" + message_of(e) + "); download the file again");
  }
}

}  // namespace kinglet::converter
