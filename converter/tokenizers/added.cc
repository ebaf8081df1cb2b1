// What is found in normalized text is looked for in its own normalized form.
#include "converter/tokenizers/added.h"

#include "converter/tokenizers/byte_alphabet.h"
#include "text/normalize.h"

namespace kinglet::converter {
namespace {

// `text` as the passes of this tokenizer leave it.
std::string normalized(const Draft& draft, const std::string& text) {
  fb::TokenizerT rules;
  for (const auto& pass : draft.tables.passes) rules.passes.push_back(std::make_unique<fb::PassT>(*pass));
  rules.escaped = draft.tables.escaped;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Tokenizer::Pack(builder, &rules));
  const auto* packed = flatbuffers::GetRoot<fb::Tokenizer>(builder.GetBufferPointer());
  std::vector<std::byte> memory(1 << 16);
  text::Scratch scratch(memory);
  text::NormalText result{};
  const Status status = text::normalize(text::Tables(*packed), text, scratch, result);
  if (!status.ok()) throw Error("the added token \"" + text + "\" is too long");
  return {result.data, result.size};
}

}  // namespace

void read_added_tokens(const JsonView& list, const std::unordered_map<std::string, std::uint32_t>& pieces,
                       Draft& draft) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const JsonView row = list.at(i);
    const std::string content = row["content"].text();
    if (content.empty()) {
      draft.warnings.push_back(row.place() + ": an added token without text is left out");
      continue;
    }
    const auto known = pieces.find(content);
    const bool special = row["special"].flag(false);
    fb::AddedTokenT flags;
    flags.normalized = row["normalized"].flag(!special);
    flags.strip_left = row["lstrip"].flag(false);
    flags.strip_right = row["rstrip"].flag(false);
    flags.single_word = row["single_word"].flag(false);
    const std::string text = flags.normalized ? normalized(draft, content) : content;
    const std::int64_t id = known != pieces.end() ? known->second : row["id"].integer();
    DraftToken& token = draft.token(id, row.place());
    if (known == pieces.end()) {
      if (token.kind != fb::TokenKind::Unused) row.fail("the id " + std::to_string(id) + " belongs to another token");
      token.text = draft.tables.byte_level ? bytes_or_self(text) : draft.tables.escaped ? unescape(text) : text;
    }
    draft.add(static_cast<std::uint32_t>(id), text, special, known != pieces.end(), flags);
  }
}

}  // namespace kinglet::converter
