// kinglet generate: continues a text, printing it as it is made.
#include <cstdio>

#include "commands/generation.h"
#include "failure.h"
#include "interrupt.h"
#include "json.h"
#include "text.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  GenerationFlags generation;
  std::string prompt_option;
  std::string prompt;
  bool rolling = false;
  bool hide_prompt = false;
};

std::string prompt_of(const Options& options) {
  if (!options.prompt_option.empty()) return options.prompt_option;
  if (!options.prompt.empty() && options.prompt != "-") return options.prompt;
  if (options.prompt.empty() && stdin_is_terminal()) return {};
  std::string text = Lines().all();
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

struct Ended {
  std::uint32_t tokens;
  const char* why;
};

// A context that is full ends the text; it is a failure only where more tokens were asked for.
Ended ended(const Options& options, const Result<Generated>& made, std::size_t made_tokens) {
  if (made.ok()) return {made->tokens, finish_name(made->finish)};
  if (made.status().code() == Code::kStopped) return {static_cast<std::uint32_t>(made_tokens), "interrupted"};
  if (made.status().code() == Code::kContextFull && options.generation.tokens <= 0)
    return {static_cast<std::uint32_t>(made_tokens), "context"};
  throw failure(options.common.file, made.status());
}

int generate(Options& options) {
  if (lists_isas(options.common)) return 0;
  const Opened opened(options.common.file);
  Engine engine(opened, options.common, limits_of(opened, options.common));
  const std::string prompt = prompt_of(options);
  const std::string& file = options.common.file;
  Arena workspace(value_of(file, Generator::workspace_bytes(engine.plan(), prompt.size())));
  Generator generator = value_of(
      file, Generator::create(engine.session(), workspace.bytes(), prompt.size(), {.rolling = options.rolling}));
  require(file, generator.add(prompt));

  TextOut out(options.common.json);
  if (!options.common.json && !options.hide_prompt) print(prompt);
  const std::size_t before = generator.tokens().size();
  catch_interrupts();
  const auto made = generator.generate(options.generation.options(), out.sink());
  out.finish();
  const std::size_t after = generator.tokens().size();
  const Ended end = ended(options, made, after > before ? after - before : 0);
  if (options.common.json)
    print(json_line({{"prompt", prompt}, {"text", out.text()}, {"tokens", end.tokens}, {"finish", end.why}}));
  return interrupted() ? kInterruptedStatus : 0;
}

}  // namespace

Run add_generate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("PROMPT", options->prompt, "The text to continue ('-' or nothing: stdin)")->type_name("");
  app.add_option("-p,--prompt", options->prompt_option, "The text to continue")->type_name("TEXT");
  options->generation.add(app);
  app.add_flag("--rolling", options->rolling, "When the context is full, forget its first half and go on");
  app.add_flag("--no-display-prompt", options->hide_prompt, "Print only what is new");
  app.footer("Example: kinglet generate stories.kgl -p \"Once upon a time\" -n 100 --temperature 0.8");
  return [options] { return generate(*options); };
}

}  // namespace kinglet::host
