// Pre-tokenizers and decoders.
#include "converter/tokenizers/pipeline.h"

namespace kinglet::converter {
namespace {

constexpr int kMostNesting = 8;

struct KnownPattern {
  std::string_view pattern;
  fb::Split split;
};

// The expressions the runtime knows by heart, in every spelling seen in the wild.
constexpr KnownPattern kPatterns[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", fb::Split::Gpt2},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", fb::Split::Gpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     fb::Split::Llama3},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     fb::Split::Qwen2},
    {R"('s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)", fb::Split::Clip},
};

// Whose pattern it is, where that is known, by a stretch that no other has.
std::string name_of(std::string_view expression) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {R"(\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)", "GPT-4o"},
      {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*)", "Mistral Tekken"},
      {R"([\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+)", "Qwen3.5"},
      {R"([^(\s|[.,!?)", "BLOOM"},
      {"[一-龥", "DeepSeek"},
  };
  for (const auto& [stretch, name] : kNames) {
    if (expression.find(stretch) != std::string_view::npos) return " of " + std::string(name);
  }
  return {};
}

void collect(const JsonView& part, const char* members, int depth, std::vector<JsonView>& out) {
  if (part.is_null()) return;
  if (depth > kMostNesting) part.fail("sequences are nested too deep");
  if (part["type"].text() != "Sequence") {
    out.push_back(part);
    return;
  }
  const JsonView list = part[members];
  for (std::size_t i = 0; i < list.size(); ++i) collect(list.at(i), members, depth + 1, out);
}

void set_split(const JsonView& part, fb::Split split, Draft& draft) {
  if (draft.tables.split != fb::Split::Whole) part.fail("a second rule for words; only one is supported");
  draft.tables.split = split;
}

void read_split(const JsonView& part, Draft& draft) {
  const JsonView pattern = part["pattern"];
  const std::string behavior = part["behavior"].text("Isolated");
  const bool invert = part["invert"].flag(false);
  if (const JsonView plain = pattern["String"]; !plain.is_null()) {
    // Gemma: no space is left to split at once all are U+2581.
    if (plain.text() == " " && draft.tables.escaped && draft.tables.split == fb::Split::Whole) return;
    part.fail("Split at \"" + plain.text() + "\" is not supported");
  }
  const std::string expression = pattern["Regex"].text();
  // CLIP's leaves white space out, all others have a word for every character.
  const bool isolated = (behavior == "Isolated" && !invert) || (behavior == "Removed" && invert);
  if (isolated && expression == R"(\p{N})") {
    draft.tables.split_digits = true;
    return;
  }
  for (const KnownPattern& known : kPatterns) {
    const bool as_meant = known.split == fb::Split::Clip ? behavior == "Removed" && invert : isolated;
    if (as_meant && expression == known.pattern) return set_split(part, known.split, draft);
  }
  part.fail("the pattern " + expression + name_of(expression) + " (" + behavior +
            ") is not supported; those of GPT-2, Llama 3, Qwen2 and CLIP are");
}

// "always" and "first", or add_prefix_space in older files.
fb::Prefix metaspace_prefix(const JsonView& part) {
  const JsonView scheme = part["prepend_scheme"];
  if (scheme.is_null()) return part["add_prefix_space"].flag(true) ? fb::Prefix::Always : fb::Prefix::Never;
  if (scheme.text() == "always") return fb::Prefix::Always;
  if (scheme.text() == "first") return fb::Prefix::First;
  if (scheme.text() != "never") scheme.fail("\"" + scheme.text() + "\" is not known; always, first and never are");
  return fb::Prefix::Never;
}

void read_metaspace(const JsonView& part, bool words_only, Draft& draft) {
  if (part["replacement"].text(kSpaceMark) != kSpaceMark) part.fail("another replacement than U+2581 is not supported");
  draft.tables.escaped = true;
  draft.tables.prefix = metaspace_prefix(part);
  draft.tables.prefix_once = true;
  const bool split = part["split"].flag(true);
  if (words_only) {
    // WhitespaceSplit came first: words without their white space, each with its own prefix.
    if (draft.tables.prefix != fb::Prefix::Always || !split)
      part.fail("after WhitespaceSplit only prepend_scheme always is supported");
    draft.tables.any_white = draft.tables.collapse_spaces = draft.tables.trim_left = draft.tables.trim_right = true;
  }
  if (split) set_split(part, fb::Split::Spaces, draft);
}

void read_byte_level(const JsonView& part, Draft& draft) {
  draft.tables.byte_level = true;
  if (part["add_prefix_space"].flag(true)) {
    if (draft.tables.split != fb::Split::Whole) part.fail("add_prefix_space after another split is not supported");
    draft.tables.prefix = fb::Prefix::Always;
    draft.tables.prefix_once = true;
  }
  const bool in_words = draft.tables.split == fb::Split::Clip;  // GPT-2's expression splits none of CLIP's words
  if (part["use_regex"].flag(true) && !in_words) set_split(part, fb::Split::Gpt2, draft);
}

}  // namespace

std::vector<JsonView> components(const JsonView& part, const char* members) {
  std::vector<JsonView> result;
  collect(part, members, 0, result);
  return result;
}

void read_pre_tokenizer(const JsonView& pre_tokenizer, Draft& draft) {
  bool words_only = false;
  for (const JsonView& part : components(pre_tokenizer, "pretokenizers")) {
    const std::string type = part["type"].text();
    if (type == "ByteLevel") {
      read_byte_level(part, draft);
    } else if (type == "Split") {
      read_split(part, draft);
    } else if (type == "Digits") {
      if (!part["individual_digits"].flag(false)) part.fail("Digits without individual_digits is not supported");
      draft.tables.split_digits = true;
    } else if (type == "BertPreTokenizer") {
      set_split(part, fb::Split::Bert, draft);
    } else if (type == "WhitespaceSplit") {
      words_only = true;
    } else if (type == "Metaspace") {
      read_metaspace(part, words_only, draft);
    } else {
      part.fail("the pre-tokenizer \"" + type + "\" is not supported");
    }
    if (words_only && type != "WhitespaceSplit" && type != "Metaspace")
      part.fail("WhitespaceSplit is supported before Metaspace only");
  }
  if (words_only && draft.tables.split != fb::Split::Spaces)
    pre_tokenizer.fail("WhitespaceSplit is supported before Metaspace only");
}

void read_decoder(const JsonView& decoder, Draft& draft) {
  for (const JsonView& part : components(decoder, "decoders")) {
    const std::string type = part["type"].text();
    if (type == "Strip") {
      if (part["content"].text() != " " || part["start"].integer() > 1 || part["stop"].integer() != 0) {
        part.fail("Strip of anything but one space at the front is not supported");
      }
      draft.tables.strip_first_space = part["start"].integer() == 1;
    } else if (type == "Metaspace") {
      draft.tables.strip_first_space = metaspace_prefix(part) != fb::Prefix::Never;
    } else if (type == "WordPiece") {
      draft.tables.clean_up = part["cleanup"].flag(true);
    } else if (type != "ByteLevel" && type != "Replace" && type != "ByteFallback" && type != "Fuse") {
      part.fail("the decoder \"" + type + "\" is not supported");
    }
  }
}

}  // namespace kinglet::converter
