// kinglet translate: texts to texts, several at once, in their order.
#include <cstdio>

#include "commands/commands.h"
#include "commands/generation.h"
#include "json.h"
#include "kinglet/translator.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  SamplerOptions sampler;
  int tokens = 0;
  std::uint32_t batch = 8;
  std::vector<std::string> texts;
};

Limits limits_for(const Opened& opened, const Options& options) {
  Limits limits = limits_of(opened, options.common);
  limits.sequences = options.texts.size() == 1 && options.texts[0] != "-" ? 1 : options.batch;
  return limits;
}

bool show(const Options& options, const std::string& source, const Translation& made, std::size_t number) {
  if (options.common.json) {
    const Json json{{"source", source},
                    {"text", made.text},
                    {"source_tokens", made.source_tokens},
                    {"tokens", made.tokens},
                    {"finish", finish_name(made.finish)}};
    return print(json_line(json));
  }
  if (made.finish == Finish::kLength && options.tokens <= 0)
    std::fprintf(stderr, "kinglet: text %zu: its translation fills the context of %u tokens and may be cut short\n",
                 number, made.tokens);
  return print(std::string(made.text) + "\n");
}

int translate(Options& options) {
  if (lists_isas(options.common)) return 0;
  const std::string& file = options.common.file;
  const Opened opened(file);
  Engine engine(opened, options.common, limits_for(opened, options));
  const std::size_t sequences = engine.plan().limits.sequences;
  Growing<Translator> translator(engine, file);
  translator.fit(0);  // says at once where the model is no translator
  const auto tokenizer =
      value_of(file, Tokenizer::open(opened.root().target_tokenizer() != nullptr ? *opened.root().target_tokenizer()
                                                                                 : *opened.root().tokenizer()));
  Arena out(sequences * (engine.plan().limits.context + 1) * tokenizer.decode_bytes());
  const std::span<char> room(reinterpret_cast<char*>(out.bytes().data()), out.bytes().size());
  std::vector<Translation> results(sequences);
  Texts texts(options.texts);
  for (auto batch = texts.next(sequences); !batch.empty(); batch = texts.next(sequences)) {
    const std::vector<std::string_view> sources(batch.begin(), batch.end());
    const TranslateOptions how{.sampler = options.sampler,
                               .max_tokens = options.tokens > 0 ? static_cast<std::uint32_t>(options.tokens) : 0,
                               .first_stream = static_cast<std::uint32_t>(texts.first())};
    const std::span<Translation> made(results.data(), batch.size());
    if (auto s = translator.fit(longest(batch)).translate(sources, how, room, made); !s.ok())
      throw failure_of_text(file, texts, s);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!show(options, batch[i], made[i], texts.first() + i + 1)) return 0;
    }
  }
  return 0;
}

}  // namespace

Run add_translate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("TEXT", options->texts, "Texts ('-' or nothing: the lines of stdin)")->type_name("");
  app.add_option("-n,--tokens", options->tokens, "Most tokens of a translation (default: as many as the model takes)")
      ->check(between(-1, 1 << 30))
      ->type_name("N");
  app.add_option("--batch", options->batch, "Most texts translated at once")
      ->check(between(1, 4096))
      ->type_name("N")
      ->capture_default_str();
  add_sampling(app, options->sampler);
  app.footer(
      "Example: kinglet translate en-ko.kgl \"twenty past nine on May 3rd\"\nA text that begins with '-' goes after "
      "'--'.");
  return [options] { return translate(*options); };
}

}  // namespace kinglet::host
