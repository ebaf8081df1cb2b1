// kinglet generate: continues a text, printing it as it is made.
#include <algorithm>
#include <cstdio>
#include <span>
#include <vector>

#include "allowed.h"
#include "commands/generation.h"
#include "failure.h"
#include "interrupt.h"
#include "json.h"
#include "tasks/tokens.h"
#include "text.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  GenerationFlags generation;
  BeamOptions beam;
  std::string prompt_option;
  std::string prompt;
  std::string allow;  // the file of the words that may be used, or empty
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

// A prompt longer than a rolling context goes in by parts, and the context forgets the first ones as it does when it writes.
void add_prompt(const Options& options, const Engine& engine, Generator& generator, const std::string& prompt) {
  const std::string& file = options.common.file;
  const Status whole = generator.add(prompt);
  if (!options.rolling || whole.code() != Code::kContextFull) return require(file, whole);
  const fb::Model& root = engine.plan().model.root();
  const Tokenizer tokenizer = value_of(file, Tokenizer::open(*root.tokenizer()));
  std::vector<std::byte> scratch(tokenizer.scratch_bytes(prompt.size()));
  std::vector<std::int32_t> tokens(4 * prompt.size() + 64);
  tokens.resize(value_of(file, tokenizer.encode(prompt, {}, scratch, tokens)));
  const auto start = start_tokens(root);
  if (tokens.size() < start.size() || !std::equal(start.begin(), start.end(), tokens.begin()))
    tokens.insert(tokens.begin(), start.begin(), start.end());
  const std::size_t part = std::max(engine.plan().limits.context / 4, 1U);
  for (std::span<const std::int32_t> rest(tokens); !rest.empty(); rest = rest.subspan(std::min(part, rest.size())))
    require(file, generator.add(rest.first(std::min(part, rest.size()))));
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

// The results of a beam search, the best first.
Json hypotheses(const Engine& engine, const std::string& file, Generator& generator) {
  const fb::Model& root = engine.plan().model.root();
  if (root.tokenizer() == nullptr) return Json::array();
  const std::size_t most = value_of(file, Tokenizer::open(*root.tokenizer())).decode_bytes();
  std::vector<char> room((engine.plan().limits.context + 2) * most);
  Json list = Json::array();
  for (std::uint32_t i = 0; i < generator.results(); ++i) {
    const Hypothesis each = generator.result(i);
    list.push_back({{"text", value_of(file, generator.text(i, room))},
                    {"tokens", each.tokens},
                    {"finish", finish_name(each.stopped ? Finish::kStopToken : Finish::kLength)},
                    {"score", each.score},
                    {"log_prob", each.log_prob}});
  }
  return list;
}

int generate(Options& options) {
  if (lists_isas(options.common)) return 0;
  const Opened opened(options.common.file);
  Limits limits = limits_of(opened, options.common);
  limits.sequences = std::max(options.beam.beams, 1U);
  Engine engine(opened, options.common, limits);
  const std::string prompt = prompt_of(options);
  const std::string& file = options.common.file;
  const GeneratorOptions how{.rolling = options.rolling, .beams = options.beam.beams > 0};
  Arena workspace(value_of(file, Generator::workspace_bytes(engine.plan(), prompt.size(), how)));
  Generator generator = value_of(file, Generator::create(engine.session(), workspace.bytes(), prompt.size(), how));
  const auto allowed = options.allow.empty() ? std::vector<std::int32_t>{} : allowed_tokens(opened, options.allow);
  require(file, engine.session().restrict(allowed));
  add_prompt(options, engine, generator, prompt);

  const bool list = options.beam.beams > 0 && options.beam.nbest > 1;  // shown when the search has ended
  TextOut out(options.common.json || list);
  if (!options.common.json && !options.hide_prompt && !list) print(prompt);
  const std::size_t before = generator.tokens().size();
  catch_interrupts();
  GenerateOptions wanted = options.generation.options();
  wanted.beam = options.beam;
  const auto made = generator.generate(wanted, out.sink());
  out.finish();
  const std::size_t after = generator.tokens().size();
  const Ended end = ended(options, made, after > before ? after - before : 0);
  if (options.common.json) {
    Json json{{"prompt", prompt}, {"text", out.text()}, {"tokens", end.tokens}, {"finish", end.why}};
    if (generator.results() > 0) {
      json["score"] = generator.result(0).score;
      json["log_prob"] = generator.result(0).log_prob;
    }
    if (list) json["hypotheses"] = hypotheses(engine, file, generator);
    print(json_line(json));
  } else if (list) {
    for (const Json& each : hypotheses(engine, file, generator))
      print(scored_line(each["score"].get<float>(), each["text"].get<std::string>()));
  }
  return interrupted() ? kInterruptedStatus : 0;
}

}  // namespace

Run add_generate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("PROMPT", options->prompt, "The text to continue ('-' or nothing: stdin)")->type_name("");
  app.add_option("-p,--prompt", options->prompt_option, "The text to continue")->type_name("TEXT");
  options->generation.add(app);
  add_beam(app, options->beam);
  app.get_option("--beam")->excludes(app.get_option("--stop"));
  app.add_flag("--rolling", options->rolling,
               "When the context is full, with the prompt or later, forget its first half and go on");
  app.add_option("--allow", options->allow, "Only tokens of the words in this file, a line each (a shortlist)")
      ->type_name("FILE");
  app.add_flag("--no-display-prompt", options->hide_prompt, "Print only what is new");
  app.footer("Example: kinglet generate stories.kgl -p \"Once upon a time\" -n 100 --temperature 0.8");
  return [options] { return generate(*options); };
}

}  // namespace kinglet::host
