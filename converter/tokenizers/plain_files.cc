// The files of before tokenizer.json: vocab.json + merges.txt of GPT-2 and RoBERTa, vocab.txt of BERT.
#include "converter/tokenizers/byte_alphabet.h"
#include "converter/tokenizers/json_view.h"
#include "converter/tokenizers/readers.h"

namespace kinglet::converter {
namespace {

using Ids = std::unordered_map<std::string, std::uint32_t>;

// Calls line(text, number) for each line, without its end.
template <class Line>
void each_line(const std::string& text, Line line) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    std::string_view content(text.data() + at, end - at);
    if (content.ends_with('\r')) content.remove_suffix(1);
    line(content, number);
    at = end + 1;
  }
}

Ids read_vocab_json(const std::filesystem::path& path, Draft& draft) {
  const nlohmann::json document = read_json(path);
  if (!document.is_object()) throw Error(path.string() + ": is not an object from piece to id");
  Ids ids;
  for (const auto& [piece, value] : document.items()) {
    const std::int64_t id = JsonView(value, path.string() + ": " + piece).integer();
    DraftToken& token = draft.token(id, path.string());
    if (!token.text.empty()) throw Error(path.string() + ": two pieces have the id " + std::to_string(id));
    token = {bytes_or_self(piece), from_byte_alphabet(piece) ? fb::TokenKind::Text : fb::TokenKind::Unused, 0};
    ids.emplace(piece, static_cast<std::uint32_t>(id));
  }
  return ids;
}

void read_merges_txt(const std::filesystem::path& path, const Ids& ids, Draft& draft) {
  const auto id_of = [&](std::string_view piece, std::size_t line) {
    const auto it = ids.find(std::string(piece));
    if (it == ids.end()) {
      throw Error(path.string() + ": line " + std::to_string(line + 1) + ": \"" + std::string(piece) +
                  "\" is not in vocab.json");
    }
    return it->second;
  };
  std::uint32_t rank = 0;
  each_line(read_file(path), [&](std::string_view line, std::size_t number) {
    if (line.empty() || line.starts_with("#version")) return;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      throw Error(path.string() + ": line " + std::to_string(number + 1) + " is not two pieces");
    }
    const std::string_view left = line.substr(0, space);
    const std::string_view right = line.substr(space + 1);
    draft.merges.push_back(
        {id_of(left, number), id_of(right, number), id_of(std::string(left) + std::string(right), number), rank++});
  });
}

std::int32_t role_id(const Settings& settings, const char* role, const char* fallback, const Ids& ids) {
  const std::string text = settings.role(role).value_or(fallback);
  const auto it = ids.find(text);
  if (it == ids.end()) throw Error(settings.directory + ": the vocabulary lacks " + text + ", which is the " + role);
  return static_cast<std::int32_t>(it->second);
}

}  // namespace

Draft read_gpt2_files(const std::filesystem::path& directory) {
  const Settings settings = read_settings(directory);
  if (settings.tokenizer_class() == "CLIPTokenizer")
    throw Error((directory / "vocab.json").string() +
                ": CLIP's tokenizer is read from a tokenizer.json only: save it with CLIPTokenizerFast");
  Draft draft;
  fb::TokenizerT& tables = draft.tables;
  tables.byte_level = true;
  tables.split = fb::Split::Gpt2;
  if (settings.tokenizer_class() == "Qwen2Tokenizer") {
    tables.split = fb::Split::Qwen2;
    tables.passes.push_back(std::make_unique<fb::PassT>());
    tables.passes.back()->kind = fb::PassKind::Nfc;
  }
  if (settings.flag("add_prefix_space", false)) {
    tables.prefix = fb::Prefix::Always;
    tables.prefix_once = true;
  }
  const Ids ids = read_vocab_json(directory / "vocab.json", draft);
  read_merges_txt(directory / "merges.txt", ids, draft);
  draft.index_bytes();
  if (settings.tokenizer_class() == "RobertaTokenizer" || settings.tokenizer_class() == "BartTokenizer") {
    const std::int32_t cls = role_id(settings, "cls_token", "<s>", ids);
    const std::int32_t sep = role_id(settings, "sep_token", "</s>", ids);
    tables.before = tables.pair_before = {cls};
    tables.after = tables.pair_after = {sep};
    tables.pair_between = {sep, sep};
  } else if (settings.flag("add_bos_token", false)) {
    tables.before = tables.pair_before = {role_id(settings, "bos_token", "<|endoftext|>", ids)};
  }
  add_tokens(settings, ids, draft, {"<|endoftext|>"});  // GPT-2's first files name no special tokens
  return draft;
}

Draft read_wordpiece_file(const std::filesystem::path& directory) {
  const Settings settings = read_settings(directory);
  const std::filesystem::path path = directory / "vocab.txt";
  Draft draft;
  Ids ids;
  each_line(read_file(path), [&](std::string_view line, std::size_t number) {
    draft.token(static_cast<std::int64_t>(number), path.string()) = {std::string(line), fb::TokenKind::Text, 0};
    ids.emplace(std::string(line), static_cast<std::uint32_t>(number));
  });
  fb::TokenizerT& tables = draft.tables;
  tables.model = fb::TokenModel::WordPiece;
  tables.continuation = "##";
  tables.split = fb::Split::Bert;
  tables.clean_up = true;
  const bool lower = settings.flag("do_lower_case", true);
  const auto pass = [&](fb::PassKind kind) {
    tables.passes.push_back(std::make_unique<fb::PassT>());
    tables.passes.back()->kind = kind;
  };
  pass(fb::PassKind::Clean);
  if (settings.flag("tokenize_chinese_chars", true)) pass(fb::PassKind::SpaceIdeographs);
  if (settings.flag("strip_accents", lower)) pass(fb::PassKind::StripAccents);
  if (lower) pass(fb::PassKind::Lower);
  tables.unknown = role_id(settings, "unk_token", "[UNK]", ids);
  const std::int32_t cls = role_id(settings, "cls_token", "[CLS]", ids);
  const std::int32_t sep = role_id(settings, "sep_token", "[SEP]", ids);
  add_tokens(settings, ids, draft, {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"});
  tables.before = tables.pair_before = {cls};
  tables.after = tables.pair_after = tables.pair_between = {sep};
  tables.second_type = 1;
  return draft;
}

}  // namespace kinglet::converter
