// Normalizers: passes over the text, then rules for spaces.
#include "converter/tokenizers/base64.h"
#include "converter/tokenizers/charsmap.h"
#include "converter/tokenizers/pipeline.h"

namespace kinglet::converter {
namespace {

class Reader {
 public:
  explicit Reader(Draft& draft) : tables_(draft.tables) {}

  void read(const JsonView& part) {
    const std::string type = part["type"].text();
    if (type == "BertNormalizer") return bert(part);
    if (type == "NFC") return pass(part, fb::PassKind::Nfc);
    if (type == "NFD") return pass(part, fb::PassKind::Nfd);
    if (type == "NFKC" || type == "NFKD") {
      pass(part, fb::PassKind::Map, compatibility_charsmap());
      return pass(part, type == "NFKC" ? fb::PassKind::Nfc : fb::PassKind::Nfd);
    }
    if (type == "Lowercase") return pass(part, fb::PassKind::Lower);
    if (type == "StripAccents") return pass(part, fb::PassKind::DropMarks);
    if (type == "Precompiled") return precompiled(part);
    if (type == "Prepend") return prepend(part);
    if (type == "Replace") return replace(part);
    if (type == "Strip") return strip(part);
    part.fail("the normalizer \"" + type + "\" is not supported");
  }

 private:
  void pass(const JsonView& part, fb::PassKind kind, std::vector<std::uint8_t> map = {}) {
    if (spaces_ && kind != fb::PassKind::Lower) part.fail("this step after a rule for spaces is not supported");
    if (kind == fb::PassKind::Map && map.empty()) return;
    auto step = std::make_unique<fb::PassT>();
    step->kind = kind;
    step->map = std::move(map);
    tables_.passes.push_back(std::move(step));
  }

  void precompiled(const JsonView& part) {
    const std::size_t before = tables_.passes.size();
    pass(part, fb::PassKind::Map, decode_base64(part["precompiled_charsmap"]));
    if (tables_.passes.size() > before) tables_.passes.back()->by_cluster = true;
  }

  void bert(const JsonView& part) {
    const bool lower = part["lowercase"].flag(true);
    if (part["clean_text"].flag(true)) pass(part, fb::PassKind::Clean);
    if (part["handle_chinese_chars"].flag(true)) pass(part, fb::PassKind::SpaceIdeographs);
    if (part["strip_accents"].flag(lower)) pass(part, fb::PassKind::StripAccents);
    if (lower) pass(part, fb::PassKind::Lower);
  }

  void prepend(const JsonView& part) {
    if (part["prepend"].text() != kSpaceMark) part.fail("Prepend of anything but U+2581 is not supported");
    tables_.prefix = fb::Prefix::Text;
    spaces_ = true;
  }

  // Spaces to U+2581, runs of spaces to one, or one text to another.
  void replace(const JsonView& part) {
    const JsonView pattern = part["pattern"];
    const std::string content = part["content"].text();
    if (const JsonView expression = pattern["Regex"]; !expression.is_null()) {
      if (expression.text() == R"(\s+)" && content == " ") {
        tables_.any_white = tables_.collapse_spaces = spaces_ = true;
        return;
      }
      if (expression.text() != " {2,}" || (content != " " && content != kSpaceMark)) {
        part.fail("Replace of the pattern " + expression.text() + " is not supported");
      }
      tables_.collapse_spaces = spaces_ = true;
      return;
    }
    const std::string from = pattern["String"].text();
    if (from == " " && content == kSpaceMark) {
      tables_.escaped = spaces_ = true;
      return;
    }
    if (from.empty()) part.fail("Replace of nothing");
    pass(part, fb::PassKind::Map, build_charsmap({{from, content}}));
  }

  void strip(const JsonView& part) {
    tables_.trim_left = tables_.trim_left || part["strip_left"].flag(true);
    tables_.trim_right = tables_.trim_right || part["strip_right"].flag(true);
    tables_.trim_white = true;
    spaces_ = true;
  }

  fb::TokenizerT& tables_;
  bool spaces_ = false;  // a rule for spaces was read; letters may still be made lower, which are none
};

}  // namespace

void read_normalizer(const JsonView& normalizer, Draft& draft) {
  Reader reader(draft);
  for (const JsonView& part : components(normalizer, "normalizers")) reader.read(part);
}

}  // namespace kinglet::converter
