// llama2.c's tok.bin: a SentencePiece BPE with byte fallback, spaces written as spaces.
#include <cmath>
#include <cstring>

#include "converter/tokenizers/sentencepiece_bpe.h"
#include "converter/tokenizers/tokenizers.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kUnknown = 0;  // fixed in that project: <unk>, <s>, </s>, then 256 bytes
constexpr std::uint32_t kBegin = 1;
constexpr std::uint32_t kEnd = 2;

class Reader {
 public:
  Reader(std::string_view bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}

  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      throw Error(file_ + ": ends early; is it a llama2.c tokenizer, and made for this model's vocabulary size?");
    }
    const std::string_view result = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return result;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  std::string file_;
};

DraftToken read_token(Reader& reader, std::uint32_t id, const std::string& file) {
  const auto score = reader.number<float>();
  const auto length = reader.number<std::int32_t>();
  if (!std::isfinite(score) || length < 0)
    throw Error(file + ": token " + std::to_string(id) + " has no sensible score or length");
  const std::string_view text = reader.take(static_cast<std::size_t>(length));
  if (const int byte = byte_of(text); byte >= 0)
    return {std::string(1, static_cast<char>(byte)), fb::TokenKind::Byte, score};
  if (id == kUnknown) return {std::string(text), fb::TokenKind::Unknown, score};
  const bool special = id == kBegin || id == kEnd;
  return {std::string(text), special ? fb::TokenKind::Special : fb::TokenKind::Text, score};
}

}  // namespace

std::unique_ptr<fb::TokenizerT> read_llama2c_tokenizer(const std::filesystem::path& path, std::uint32_t vocabulary) {
  const std::string bytes = read_file(path);
  const std::string file = path.string();
  Reader reader(bytes, file);
  (void)reader.number<std::uint32_t>();  // length of the longest token
  Draft draft;
  for (std::uint32_t id = 0; id < vocabulary; ++id) draft.token(id, file) = read_token(reader, id, file);
  if (!reader.at_end()) {
    throw Error(file + ": holds more than the model's " + std::to_string(vocabulary) +
                " tokens; give the tokenizer that belongs to it");
  }
  if (vocabulary <= kEnd) throw Error(file + ": a llama2.c vocabulary begins with <unk>, <s> and </s>");
  // Named as everywhere else; that project prints them on lines of their own.
  draft.tokens[kBegin].text = "<s>";
  draft.tokens[kEnd].text = "</s>";
  draft.add(kBegin, "<s>", true, true);
  draft.add(kEnd, "</s>", true, true);
  draft.index_bytes();
  merges_from_scores(draft);
  draft.tables.unknown = kUnknown;
  draft.tables.prefix = fb::Prefix::Text;
  draft.tables.strip_first_space = true;
  draft.tables.before = {kBegin};
  draft.tables.pair_before = {kBegin};
  return draft.finish(file);
}

}  // namespace kinglet::converter
