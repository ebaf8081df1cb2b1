// Every length is checked against what is left of the message it stands in; unknown fields are passed over.
#include "converter/tokenizers/sentencepiece_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

namespace kinglet::converter {
namespace {

struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  // of a whole number, or the bits of a float
  std::string_view bytes;   // of a text or a message
};

// The fields of one message, one after the other.
class Message {
 public:
  Message(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  std::optional<Field> next() {
    if (bytes_.empty()) return std::nullopt;
    const std::uint64_t key = varint();
    Field field;
    field.number = static_cast<std::uint32_t>(std::min<std::uint64_t>(key >> 3, UINT32_MAX));
    switch (key & 7) {
      case 0: field.value = varint(); break;
      case 1: field.value = fixed(8); break;
      case 2: field.bytes = take(varint()); break;
      case 5: field.value = fixed(4); break;
      default: damaged();
    }
    return field;
  }

 private:
  [[noreturn]] void damaged() const {
    throw Error(file_ + ": not a SentencePiece model, or a damaged one; download it again");
  }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) damaged();
    const std::string_view result = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(result.size());
    return result;
  }
  std::uint64_t fixed(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view bytes = take(size);
    for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    damaged();
  }

  std::string_view bytes_;
  const std::string& file_;
};

float as_float(std::uint64_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }

SentencePiece read_piece(std::string_view bytes, const std::string& file) {
  SentencePiece piece;
  Message message(bytes, file);
  while (const auto field = message.next()) {
    if (field->number == 1) piece.text = std::string(field->bytes);
    if (field->number == 2) piece.score = as_float(field->value);
    if (field->number == 3) {
      if (field->value < 1 || field->value > 6)
        throw Error(file + ": the piece \"" + piece.text + "\" is of no known type");
      piece.type = static_cast<PieceType>(field->value);
    }
  }
  if (!std::isfinite(piece.score)) throw Error(file + ": the piece \"" + piece.text + "\" has no finite score");
  return piece;
}

void read_trainer(std::string_view bytes, SentencePieceModel& model) {
  constexpr std::uint64_t kUnigram = 1;
  constexpr std::uint64_t kBpe = 2;
  Message message(bytes, model.file);
  while (const auto field = message.next()) {
    if (field->number == 3) {
      if (field->value != kUnigram && field->value != kBpe)
        throw Error(model.file + ": only SentencePiece's unigram and bpe are supported");
      model.bpe = field->value == kBpe;
    }
    if (field->number == 24 && field->value != 0)
      throw Error(model.file + ": treat_whitespace_as_suffix is not supported");
  }
}

void read_normalizer(std::string_view bytes, SentencePieceModel& model) {
  Message message(bytes, model.file);
  while (const auto field = message.next()) {
    if (field->number == 2) model.charsmap.assign(field->bytes.begin(), field->bytes.end());
    if (field->number == 3) model.add_dummy_prefix = field->value != 0;
    if (field->number == 4) model.remove_extra_whitespaces = field->value != 0;
    if (field->number == 5 && field->value == 0) throw Error(model.file + ": escape_whitespaces off is not supported");
  }
}

fb::TokenKind kind_of(PieceType type) {
  switch (type) {
    case PieceType::kNormal: return fb::TokenKind::Text;
    case PieceType::kUnknown: return fb::TokenKind::Unknown;
    case PieceType::kControl: return fb::TokenKind::Special;
    case PieceType::kUserDefined: return fb::TokenKind::Added;
    case PieceType::kUnused: return fb::TokenKind::Unused;
    case PieceType::kByte: return fb::TokenKind::Byte;
  }
  return fb::TokenKind::Unused;
}

}  // namespace

std::int64_t SentencePieceModel::find(std::string_view text) const {
  const auto it =
      std::find_if(pieces.begin(), pieces.end(), [&](const SentencePiece& piece) { return piece.text == text; });
  return it == pieces.end() ? -1 : it - pieces.begin();
}

SentencePieceModel read_sentencepiece(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  SentencePieceModel model;
  model.file = path.string();
  Message message(bytes, model.file);
  while (const auto field = message.next()) {
    if (field->number == 1) model.pieces.push_back(read_piece(field->bytes, model.file));
    if (field->number == 2) read_trainer(field->bytes, model);
    if (field->number == 3) read_normalizer(field->bytes, model);
  }
  if (model.pieces.empty()) throw Error(model.file + ": holds no pieces; it is no SentencePiece model");
  return model;
}

void set_sentencepiece_rules(const SentencePieceModel& model, Draft& draft) {
  constexpr float kUnknownPenalty = 10;  // below the worst ordinary piece
  fb::TokenizerT& tables = draft.tables;
  tables.model = model.bpe ? fb::TokenModel::Bpe : fb::TokenModel::Unigram;
  tables.fuse_unknown = true;
  tables.single_precision = true;
  tables.escaped = true;
  tables.collapse_spaces = tables.trim_left = tables.trim_right = model.remove_extra_whitespaces;
  tables.prefix = model.add_dummy_prefix ? fb::Prefix::Text : fb::Prefix::Never;
  tables.strip_first_space = model.add_dummy_prefix || model.remove_extra_whitespaces;
  if (!model.charsmap.empty()) {
    tables.passes.push_back(std::make_unique<fb::PassT>());
    tables.passes.back()->kind = fb::PassKind::Map;
    tables.passes.back()->map = model.charsmap;
  }
  float worst = 0;
  bool first = true;
  for (const SentencePiece& piece : model.pieces) {
    if (piece.type != PieceType::kNormal) continue;
    worst = first ? piece.score : std::min(worst, piece.score);
    first = false;
  }
  tables.unknown_score = worst - kUnknownPenalty;
}

void put_piece(const SentencePieceModel& model, std::size_t index, std::uint32_t id, Draft& draft) {
  constexpr std::string_view kUnknownText = " \xE2\x81\x87 ";  // as SentencePiece prints what it could not read
  const SentencePiece& piece = model.pieces[index];
  DraftToken& token = draft.token(id, model.file);
  token = {unescape(piece.text), kind_of(piece.type), piece.score};
  if (piece.type == PieceType::kUnknown) token.text = kUnknownText;
  if (piece.type == PieceType::kByte) {
    const int byte = byte_of(piece.text);
    if (byte < 0) throw Error(model.file + ": the byte piece \"" + piece.text + "\" names no byte");
    token.text = std::string(1, static_cast<char>(byte));
  }
  if (piece.type == PieceType::kUserDefined) {
    fb::AddedTokenT flags;
    flags.normalized = true;
    draft.add(id, token.text, false, false, flags);
  }
  if (piece.type == PieceType::kControl) draft.add(id, piece.text, true, true);
}

}  // namespace kinglet::converter
