// kinglet translate: texts to texts, several at once, in their order.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>

#include "allowed.h"
#include "attention/capture.h"
#include "commands/commands.h"
#include "commands/generation.h"
#include "json.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  TranslationFlags writing;
  std::uint32_t batch = 8;
  std::string attention;  // where the maps go, or empty
  std::string allow;      // the file of the words that may be used, or empty
  std::vector<std::string> texts;
};

bool is_one_text(const Options& options) { return options.texts.size() == 1 && options.texts[0] != "-"; }

Limits limits_for(const Opened& opened, const Options& options) {
  Limits limits = limits_of(opened, options.common);
  limits.sources = is_one_text(options) ? 1 : options.batch;
  limits.sequences = limits.sources * std::max(options.writing.beam.beams, 1U);
  return limits;
}

void add_scores(Json& json, const Translation& made) {
  json["score"] = made.score;
  json["log_prob"] = made.log_prob;
}

// A line for each hypothesis that there is, or one object with all of them.
bool show(const Options& options, const std::string& source, std::span<const Translation> all, std::size_t number) {
  const Translation& made = all[0];
  if (options.common.json) {
    Json json{{"source", source},
              {"text", made.text},
              {"source_tokens", made.source_tokens},
              {"tokens", made.tokens},
              {"finish", finish_name(made.finish)}};
    if (options.writing.beam.beams > 0) add_scores(json, made);
    for (const Translation& each : all) {
      if (all.size() == 1 || !std::isfinite(each.score)) continue;
      Json one{{"text", each.text}, {"tokens", each.tokens}, {"finish", finish_name(each.finish)}};
      add_scores(one, each);
      append(json, "hypotheses", std::move(one));
    }
    return print(json_line(json));
  }
  if (made.finish == Finish::kLength && options.writing.tokens <= 0)
    std::fprintf(stderr, "kinglet: text %zu: its translation fills the context of %u tokens and may be cut short\n",
                 number, made.tokens);
  if (all.size() == 1) return print(std::string(made.text) + "\n");
  std::string lines;
  for (const Translation& each : all) {
    if (std::isfinite(each.score)) lines += scored_line(each.score, each.text);
  }
  return print(lines);
}

using Draw = std::string (*)(const AttentionPicture& picture);

// By the name's end.
Draw drawing_of(const Options& options) {
  const std::string& path = options.attention;
  if (!is_one_text(options)) throw Misuse("--attention draws one text: give it as the only TEXT");
  if (path.ends_with(".html")) return attention_html;
  if (path.ends_with(".svg")) return attention_svg;
  if (path.ends_with(".json")) return attention_json;
  throw Misuse("--attention " + path + ": expected a name that ends in .html, .svg or .json");
}

void draw(const Opened& opened, const Options& options, Translator& translator, const Translation& made, Draw drawing) {
  std::vector<std::int32_t> source(made.source_tokens);
  require(opened.path(), translator.source_tokens(options.texts[0], source).status());
  auto read = translator.tokens(0);
  AttentionTexts texts{.source = source, .decoder_input = read};
  if (made.finish == Finish::kStopToken) {
    const auto* stop = opened.root().generation()->stop();
    texts.last = stop->Get(0);
  } else if (read.size() > 1) {
    texts.last = read.back();
    texts.decoder_input = read.first(read.size() - 1);
  }
  AttentionPicture picture = capture_attention(opened, options.common, texts);
  picture.source_text = options.texts[0];
  picture.target_text = made.text;
  const std::string page = drawing(picture);
  write_file(options.attention, std::as_bytes(std::span(page)), {});
}

int translate(Options& options) {
  if (lists_isas(options.common)) return 0;
  const Draw drawing = options.attention.empty() ? nullptr : drawing_of(options);
  const std::string& file = options.common.file;
  check_output(options.attention, std::array{file});
  const Opened opened(file);
  Engine engine(opened, options.common, limits_for(opened, options));
  const std::size_t sequences = engine.plan().limits.sequences;
  const std::size_t texts_at_once = engine.plan().limits.sources;
  const TranslatorOptions beams{.beams = options.writing.beam.beams > 0,
                                .coverage = options.writing.beam.coverage_penalty > 0};
  const std::size_t nbest = options.writing.texts();
  Growing<Translator> translator(engine, file);
  const auto allowed = options.allow.empty() ? std::vector<std::int32_t>{} : allowed_tokens(opened, options.allow);
  require(file, engine.session().restrict(allowed));
  translator.fit(0, beams);  // says at once where the model is no translator
  const auto tokenizer =
      value_of(file, Tokenizer::open(opened.root().target_tokenizer() != nullptr ? *opened.root().target_tokenizer()
                                                                                 : *opened.root().tokenizer()));
  Arena out(sequences * (engine.plan().limits.context + 1) * tokenizer.decode_bytes());
  const std::span<char> room(reinterpret_cast<char*>(out.bytes().data()), out.bytes().size());
  std::vector<Translation> results(sequences);
  Texts texts(options.texts);
  for (auto batch = texts.next(texts_at_once); !batch.empty(); batch = texts.next(texts_at_once)) {
    const std::vector<std::string_view> sources(batch.begin(), batch.end());
    const TranslateOptions how = options.writing.options({}, static_cast<std::uint32_t>(texts.first()));
    const std::span<Translation> made(results.data(), batch.size() * nbest);
    if (auto s = translator.fit(longest(batch), beams).translate(sources, how, room, made); !s.ok())
      throw failure_of_text(file, texts, s);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!show(options, batch[i], made.subspan(i * nbest, nbest), texts.first() + i + 1)) return 0;
    }
    if (drawing != nullptr) draw(opened, options, translator.fit(longest(batch), beams), made[0], drawing);
  }
  return 0;
}

}  // namespace

Run add_translate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("TEXT", options->texts, "Texts ('-' or nothing: the lines of stdin)")->type_name("");
  app.add_option("--batch", options->batch, "Most texts translated at once")
      ->check(between(1, 4096))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--attention", options->attention,
                 "Draw what each layer and head looks at: a page (.html), a picture (.svg) or numbers (.json)")
      ->type_name("OUT");
  app.add_option("--allow", options->allow, "Only tokens of the words in this file, a line each (a shortlist)")
      ->type_name("FILE");
  options->writing.add(app, "a translation");
  app.add_option("--coverage-penalty", options->writing.beam.coverage_penalty,
                 "Add B times ln(min(attention, 1)) of every source token to a score, against leaving things out")
      ->check(between(0.0, 100.0))
      ->type_name("B")
      ->needs(app.get_option("--beam"));
  app.footer(
      "Example: kinglet translate en-ko.kgl \"twenty past nine on May 3rd\"\n         kinglet translate en-ko.kgl "
      "--beam 4 --nbest 4 \"three o'clock\"\nA text that begins with '-' goes after "
      "'--'.");
  return [options] { return translate(*options); };
}

}  // namespace kinglet::host
