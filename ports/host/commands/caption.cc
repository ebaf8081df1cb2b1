// kinglet caption: pictures to sentences.
#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include "attention/capture.h"
#include "commands/commands.h"
#include "commands/generation.h"
#include "json.h"
#include "pictures/picture.h"
#include "tasks/tokens.h"
#include "text.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  TranslationFlags writing;
  std::string language;
  std::string attention;  // where the page goes, or empty
  std::vector<std::string> pictures;
};

class Command {
 public:
  explicit Command(const Options& options)
      : options_(options),
        opened_(options.common.file),
        engine_(checked(opened_), options.common, limits()),
        translator_(engine_, options.common.file) {}

  int run() {
    const TranslatorOptions beams{.beams = options_.writing.beam.beams > 0};
    Translator& translator = translator_.fit(0, beams);
    const auto tokenizer = value_of(options_.common.file, Tokenizer::open(*opened_.root().target_tokenizer()));
    Arena out(std::max(options_.writing.beam.nbest, 1U) * (engine_.plan().limits.context + 1) *
              tokenizer.decode_bytes());
    const std::span<char> room(reinterpret_cast<char*>(out.bytes().data()), out.bytes().size());
    std::vector<Translation> made(options_.writing.texts());
    check_language();
    const TranslateOptions how = options_.writing.options(options_.language);
    for (const std::string& path : options_.pictures) {
      const fb::Input& input = *opened_.root().input();
      const Pixels whole = read_picture(path, input.channels()), pixels = prepare(path, whole, input);
      const Grid grid{.bytes = pixels.bytes, .features = {}};
      require(path, translator.translate(std::span(&grid, 1), how, room, made));
      if (!show(path, made)) return 0;
      if (!options_.attention.empty()) draw(path, whole, pixels, translator, made[0]);
    }
    return 0;
  }

 private:
  static const Opened& checked(const Opened& opened) {
    if (opened.root().input() == nullptr || !opened.model().has_decoder() ||
        opened.root().input()->picture() == nullptr)
      throw Failure(opened.path() + ": this model does not write texts about pictures: give one that was converted " +
                    "from a captioner");
    require_words(opened);
    return opened;
  }

  // The code is that of a language the model writes, or none.
  void check_language() const {
    const std::string known = languages_text(opened_.root());
    if (!options_.language.empty() && known.empty())
      throw Failure(opened_.path() + ": this model writes one language: leave out --language");
    if (!options_.language.empty() && !language_tokens(opened_.root(), options_.language).ok())
      throw Failure("--language " + options_.language + ": the model writes " + known);
  }

  Limits limits() const {
    Limits limits = limits_of(opened_, options_.common);
    limits.sources = 1;
    limits.sequences = std::max(options_.writing.beam.beams, 1U);
    return limits;
  }

  bool show(const std::string& path, std::span<const Translation> all) const {
    if (options_.common.json) {
      Json json{{"picture", path}, {"text", all[0].text}, {"tokens", all[0].tokens}};
      for (const Translation& each : all) {
        if (options_.writing.beam.beams > 0) append(json, "hypotheses", {{"text", each.text}, {"score", each.score}});
      }
      return print(json_line(json));
    }
    const std::string name = options_.pictures.size() > 1 ? printable(path) + "\t" : "";
    if (all.size() == 1) return print(name + std::string(all[0].text) + "\n");
    std::string lines;
    for (const Translation& each : all) lines += name + scored_line(each.score, each.text);
    return print(lines);
  }

  void draw(const std::string& path, const Pixels& whole, const Pixels& pixels, const Translator& translator,
            const Translation& made) {
    const auto written = translator.tokens(0);
    AttentionTexts texts{.source = {}, .grid = {.bytes = pixels.bytes, .features = {}}, .decoder_input = written};
    const std::size_t before = written.size() - made.tokens;  // tokens that begin every caption
    if (made.finish == Finish::kStopToken) {
      texts.last = opened_.root().generation()->stop()->Get(0);
    } else if (made.tokens > 0) {
      texts.last = written.back();
      texts.decoder_input = written.first(written.size() - 1);
    }
    AttentionPicture picture = capture_attention(opened_, options_.common, texts);
    picture.source_text = path;
    picture.target_text = made.text;
    drop_rows(picture, static_cast<std::uint32_t>(before > 0 ? before - 1 : 0));
    const std::string page = caption_html(picture, seen_part(path, whole, *opened_.root().input()));
    write_file(options_.attention, std::as_bytes(std::span(page)), {});
  }

  // What was read before the first word of the caption was written says nothing about a word.
  static void drop_rows(AttentionPicture& picture, std::uint32_t count) {
    picture.target.erase(picture.target.begin(),
                         picture.target.begin() + std::min<std::ptrdiff_t>(count, std::ssize(picture.target)));
    for (AttentionLayer& layer : picture.layers) {
      if (layer.kind != AttentionKind::kAlign && layer.kind != AttentionKind::kCross) continue;
      std::vector<float> kept;
      for (std::uint32_t head = 0; head < layer.heads; ++head) {
        const auto from = layer.weights.begin() + std::ptrdiff_t{head} * layer.rows * layer.columns;
        kept.insert(kept.end(), from + std::ptrdiff_t{count} * layer.columns,
                    from + std::ptrdiff_t{layer.rows} * layer.columns);
      }
      layer.rows -= count;
      layer.weights = std::move(kept);
    }
  }

  const Options& options_;
  Opened opened_;
  Engine engine_;
  Growing<Translator> translator_;
};

int caption(const Options& options) {
  if (lists_isas(options.common)) return 0;
  if (options.pictures.empty()) throw Misuse("IMAGE is missing: give the file of a picture");
  if (!options.attention.empty() && (options.pictures.size() != 1 || !options.attention.ends_with(".html")))
    throw Misuse("--attention draws one picture into a page: give one IMAGE and a name that ends in .html");
  check_output(options.attention, std::array{options.common.file, options.pictures[0]});
  return Command(options).run();
}

}  // namespace

Run add_caption(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("IMAGE", options->pictures, "Pictures: JPEG, PNG, GIF, BMP, TGA, PGM or PPM files; - is stdin")
      ->type_name("");
  app.add_option("--language", options->language, "Code of the language to write in (default: the model's first)")
      ->type_name("CODE");
  app.add_option("--attention", options->attention, "Draw where in the picture each token looked: a page (.html)")
      ->type_name("OUT");
  options->writing.add(app, "a caption");
  app.footer("Example: kinglet caption shapes.kgl picture.png --attention seen.html");
  return [options] { return caption(*options); };
}

}  // namespace kinglet::host
