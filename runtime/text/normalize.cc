// The passes, in the order of schema/tokenizer.fbs.
#include "text/normalize.h"

#include <cstring>

#include "text/charsmap.h"
#include "text/normal_form.h"
#include "text/parts.h"
#include "text/sink.h"
#include "text/stage.h"
#include "text/unicode.h"

namespace kinglet::text {
namespace {

constexpr char32_t kEscapedSpace = 0x2581;

// The blocks of BERT's own code; U+2B820 to U+2B91F are left out as in the library that checkpoints are used with.
bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

// What BERT's clean_text makes of a character; 0: nothing.
char32_t cleaned(char32_t code) {
  if (code == '\t' || code == '\n' || code == '\r') return ' ';
  if (code == 0 || code == kReplacement) return 0;
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return 0;
  const CharClass kind = class_of(code);
  if (kind == CharClass::kSpace) return ' ';
  const bool dropped = kind == CharClass::kControl || kind == CharClass::kFormat || kind == CharClass::kPrivate;
  return dropped ? 0 : code;
}

// The first pass: whatever the bytes are, valid UTF-8 from here on.
bool sanitize(std::string_view text, Stage& stage) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    at += point.bytes;
    if (!stage.put(point.code)) return false;
  }
  stage.turn();
  return true;
}

// A pass that writes zero or more code points for each it reads: put(code, stage) returns false where memory is full.
template <class Put>
bool each(Stage& stage, Put put) {
  const std::string_view text = stage.text();
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    at += point.bytes;
    if (!put(point.code, stage)) return false;
  }
  stage.turn();
  return true;
}

bool put_cleaned(char32_t code, Stage& stage) {
  const char32_t result = cleaned(code);
  return result == 0 || stage.put(result);
}

bool put_spaced(char32_t code, Stage& stage) {
  if (!is_cjk(code)) return stage.put(code);
  return stage.put(U' ') && stage.put(code) && stage.put(U' ');
}

bool put_unmarked(char32_t code, Stage& stage) {
  const CharClass kind = class_of(code);
  return kind == CharClass::kNonspacing || kind == CharClass::kMark || stage.put(code);
}

bool put_lower(char32_t code, Stage& stage) {
  char32_t codes[2];
  const std::uint32_t count = to_lower(code, codes);
  return stage.put(codes[0]) && (count < 2 || stage.put(codes[1]));
}

// In a build without Unicode's tables no file is opened that needs them; the passes that do are left out with them.
bool run_pass(const fb::Pass& pass, Stage& stage) {
  switch (pass.kind()) {
    case fb::PassKind::Clean: return has_unicode() && each(stage, put_cleaned);
    case fb::PassKind::SpaceIdeographs: return each(stage, put_spaced);
    case fb::PassKind::StripAccents: return has_unicode() && strip_accents(stage);
    case fb::PassKind::DropMarks: return has_unicode() && each(stage, put_unmarked);
    case fb::PassKind::Lower: return has_unicode() && each(stage, put_lower);
    case fb::PassKind::Map: return apply_charsmap(*pass.map(), pass.by_cluster(), stage);
    case fb::PassKind::Nfc: return has_unicode() && normal_form(stage, true);
    case fb::PassKind::Nfd: return has_unicode() && normal_form(stage, false);
  }
  return true;
}

// The text without what the file trims off its ends.
std::string_view trimmed(const fb::Tokenizer& file, std::string_view text) {
  const bool any = file.trim_white() || file.any_white();
  // SentencePiece trims the end after its spaces became U+2581, so a character that was one before goes, too.
  const bool escaped = file.escaped() && !any;
  const auto drops = [any](char32_t code) { return code == ' ' || (any && is_space(code)); };
  while (file.trim_left() && !text.empty() && drops(code_point(text, 0).code))
    text.remove_prefix(code_point(text, 0).bytes);
  while (file.trim_right() && !text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && sequence_bytes(static_cast<std::uint8_t>(text[last])) == 0) --last;
    const char32_t code = code_point(text, last).code;
    if (!drops(code) && !(escaped && code == kEscapedSpace)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

// Rules for spaces, in place: no character grows.
void spaces(const fb::Tokenizer& file, Stage& stage) {
  const std::string_view text = trimmed(file, stage.text());
  char* const data = stage.data();
  std::size_t size = 0;
  bool after_space = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    const bool space = point.code == ' ' || (file.any_white() && is_space(point.code));
    if (space || (file.escaped() && point.code == kEscapedSpace)) {
      if (!(space && after_space && file.collapse_spaces())) data[size++] = ' ';
    } else {
      std::memmove(data + size, text.data() + at, point.bytes);
      size += point.bytes;
    }
    after_space = space;
    at += point.bytes;
  }
  stage.shrink(size);
}

}  // namespace

Status normalize(const Tables& tables, std::string_view text, Scratch& scratch, NormalText& result) {
  const fb::Tokenizer& file = *tables.file;
  Stage stage(scratch);
  if (stage.data() == nullptr) return scratch_too_small();
  bool fits = sanitize(text, stage);
  if (file.passes() != nullptr) {
    for (const fb::Pass* pass : *file.passes()) fits = fits && run_pass(*pass, stage);
  }
  if (!fits) return scratch_too_small();
  spaces(file, stage);
  result = {stage.data(), stage.text().size()};
  if (scratch.take<char>(result.size + 1) == nullptr) return scratch_too_small();
  if (file.prefix() == fb::Prefix::Text && result.size > 0) {
    *--result.data = ' ';
    ++result.size;
  }
  return {};
}

}  // namespace kinglet::text
