// fairseq's orders of tokens around a SentencePiece model: XLM-R, mBART, mBART-50, M2M-100.
#include <array>
#include <span>

#include "converter/tokenizers/readers.h"

namespace kinglet::converter {
namespace {

constexpr const char* kMbartLanguages[] = {
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ",
    "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN",
    // mBART-50 goes on
    "af_ZA", "az_AZ", "bn_IN", "fa_IR", "he_IL", "hr_HR", "id_ID", "ka_GE", "km_KH", "mk_MK", "ml_IN", "mn_MN", "mr_IN",
    "pl_PL", "ps_AF", "pt_XX", "sv_SE", "sw_KE", "ta_IN", "te_IN", "th_TH", "tl_XX", "uk_UA", "ur_PK", "xh_ZA", "gl_ES",
    "sl_SI"};
constexpr std::size_t kMbart25 = 25;

constexpr const char* kM2mLanguages[] = {
    "af", "am", "ar", "ast", "az", "ba",  "be", "bg", "bn", "br", "bs", "ca", "ceb", "cs", "cy", "da", "de",
    "el", "en", "es", "et",  "fa", "ff",  "fi", "fr", "fy", "ga", "gd", "gl", "gu",  "ha", "he", "hi", "hr",
    "ht", "hu", "hy", "id",  "ig", "ilo", "is", "it", "ja", "jv", "ka", "kk", "km",  "kn", "ko", "lb", "lg",
    "ln", "lo", "lt", "lv",  "mg", "mk",  "ml", "mn", "mr", "ms", "my", "ne", "nl",  "no", "ns", "oc", "or",
    "pa", "pl", "ps", "pt",  "ro", "ru",  "sd", "si", "sk", "sl", "so", "sq", "sr",  "ss", "su", "sv", "sw",
    "ta", "th", "tl", "tn",  "tr", "uk",  "ur", "uz", "vi", "wo", "xh", "yi", "yo",  "zh", "zu"};
constexpr const char* kWmt21Languages[] = {"en", "ha", "is", "ja", "cs", "ru", "zh", "de"};

using Ids = std::unordered_map<std::string, std::uint32_t>;

std::uint32_t add_special(const std::string& text, const std::string& file, Ids& ids, Draft& draft,
                          bool strip_left = false) {
  const auto id = static_cast<std::uint32_t>(draft.tokens.size());
  draft.token(id, file).text = text;
  fb::AddedTokenT flags;
  flags.strip_left = strip_left;
  draft.add(id, text, true, false, flags);
  ids.emplace(text, id);
  return id;
}

std::span<const char* const> mbart_languages(const std::string& tokenizer_class) {
  if (tokenizer_class == "MBart50Tokenizer") return kMbartLanguages;
  if (tokenizer_class == "MBartTokenizer") return std::span(kMbartLanguages).first(kMbart25);
  return {};
}

std::int32_t language(const Settings& settings, const std::string& prefix, const std::string& suffix,
                      const char* fallback, const Ids& ids) {
  const std::string code = settings.text("src_lang", fallback);
  const auto it = ids.find(prefix + code + suffix);
  if (it == ids.end()) throw Error(settings.place + ": src_lang \"" + code + "\" is no language of this tokenizer");
  return static_cast<std::int32_t>(it->second);
}

}  // namespace

Draft read_fairseq_sentencepiece(const std::filesystem::path& file) {
  constexpr std::size_t kOwnSpecials = 3;  // <unk> <s> </s> in the model become <s> <pad> </s> <unk>
  constexpr std::int32_t kBegin = 0;
  constexpr std::int32_t kEnd = 2;
  constexpr std::uint32_t kUnknown = 3;
  const SentencePieceModel model = read_sentencepiece(file);
  const Settings settings = read_settings(file.parent_path());
  if (model.pieces.size() < kOwnSpecials) throw Error(model.file + ": lacks <unk>, <s> and </s>");
  Draft draft;
  set_sentencepiece_rules(model, draft);
  Ids ids;
  for (const char* text : {"<s>", "<pad>", "</s>"}) add_special(text, model.file, ids, draft);
  draft.token(kUnknown, model.file) = {"<unk>", fb::TokenKind::Unknown, 0};
  ids.emplace("<unk>", kUnknown);
  draft.tables.unknown = kUnknown;
  for (std::size_t i = kOwnSpecials; i < model.pieces.size(); ++i) {
    put_piece(model, i, static_cast<std::uint32_t>(i + 1), draft);
    ids.emplace(model.pieces[i].text, static_cast<std::uint32_t>(i + 1));
  }
  const auto languages = mbart_languages(settings.tokenizer_class());
  for (const char* code : languages) add_special(code, model.file, ids, draft);
  add_special("<mask>", model.file, ids, draft, true);
  add_tokens(settings, ids, draft, {"<unk>"});

  fb::TokenizerT& tables = draft.tables;
  if (languages.empty()) {
    tables.before = tables.pair_before = {kBegin};
    tables.after = tables.pair_after = {kEnd};
    tables.pair_between = {kEnd, kEnd};
  } else {
    const std::int32_t source = language(settings, "", "", "en_XX", ids);
    const bool fifty = languages.size() > kMbart25;  // <lang> A </s>; the first mBART: A </s> <lang>
    if (fifty) tables.before = {source};
    tables.after = fifty ? std::vector<std::int32_t>{kEnd} : std::vector<std::int32_t>{kEnd, source};
    tables.pair_before = tables.before;
    tables.pair_after = tables.after;
  }
  return draft;
}

Draft read_m2m100_files(const std::filesystem::path& directory) {
  constexpr int kMadeUpWords = 8;  // the embedding has rows for them, and nothing is ever written with them
  const SentencePieceModel model = read_sentencepiece(directory / "sentencepiece.bpe.model");
  const Settings settings = read_settings(directory);
  Draft draft;
  Ids ids = join_vocabulary(model, directory / "vocab.json", draft);
  const auto unknown = ids.find(settings.role("unk_token").value_or("<unk>"));
  const auto end = ids.find(settings.role("eos_token").value_or("</s>"));
  if (unknown == ids.end() || end == ids.end())
    throw Error((directory / "vocab.json").string() + ": lacks <unk> or </s>");

  // Languages stand behind the tokens of vocab.json; pieces without an id move behind them.
  const std::uint32_t first = draft.tables.tokens;
  std::vector<DraftToken> rest(draft.tokens.begin() + first, draft.tokens.end());
  draft.tokens.resize(first);
  const bool wmt = settings.text("language_codes", "m2m100") == "wmt21";
  for (const char* code :
       wmt ? std::span<const char* const>(kWmt21Languages) : std::span<const char* const>(kM2mLanguages)) {
    add_special("__" + std::string(code) + "__", model.file, ids, draft);
  }
  draft.tokens.resize(draft.tokens.size() + kMadeUpWords);
  draft.tables.tokens = static_cast<std::uint32_t>(draft.tokens.size());
  draft.tokens.insert(draft.tokens.end(), rest.begin(), rest.end());

  draft.tables.unknown = static_cast<std::int32_t>(unknown->second);
  add_tokens(settings, ids, draft, {"<s>", "</s>", "<pad>", "<unk>"});
  draft.tables.before = draft.tables.pair_before = {language(settings, "__", "__", "en", ids)};
  draft.tables.after = draft.tables.pair_after = {static_cast<std::int32_t>(end->second)};
  return draft;
}

}  // namespace kinglet::converter
