// kinglet chat: a conversation line by line, in the turns of the model's template.
#include <cstdio>

#include "commands/generation.h"
#include "failure.h"
#include "interrupt.h"
#include "json.h"
#include "kinglet/chat.h"
#include "text.h"

namespace kinglet::host {
namespace {

constexpr std::size_t kLongestMessage = 1 << 16;  // bytes

struct Options {
  Common common;
  GenerationFlags generation;
  std::string system;
};

// One question and its answer. False: the conversation is over.
bool turn(Chat& chat, const std::string& message, Options& options) {
  TextOut out(options.common.json, true);
  catch_interrupts();
  const auto made = chat.say(message, options.generation.options(), out.sink());
  if (!out.finish()) return false;
  if (!made.ok() && made.status().code() != Code::kStopped) throw failure(options.common.file, made.status());
  const char* why = made.ok() ? finish_name(made->finish) : "interrupted";
  if (options.common.json) print(json_line({{"text", out.text()}, {"finish", why}}));
  return made.ok() || interrupted();
}

int run_chat(Options& options, bool has_system) {
  if (lists_isas(options.common)) return 0;
  const std::string& file = options.common.file;
  const Opened opened(file);
  if (!Chat::has_template(opened.model()))
    throw Failure(file + ": this model has no chat template: use 'kinglet generate'");
  Engine engine(opened, options.common, limits_of(opened, options.common));
  const std::size_t longest = Chat::rendered_bytes(opened.model(), kLongestMessage + options.system.size());
  Arena workspace(value_of(file, Generator::workspace_bytes(engine.plan(), longest)));
  Arena turns(longest);
  Generator generator =
      value_of(file, Generator::create(engine.session(), workspace.bytes(), longest, {.rolling = true}));
  const std::string_view system = has_system ? std::string_view(options.system) : std::string_view();
  Chat chat = value_of(file, Chat::create(generator, opened.model(), turns.bytes(), system));

  const bool talks = stdin_is_terminal() && stderr_is_terminal();
  if (talks)
    std::fprintf(stderr, "%s: /clear begins again, Ctrl-D ends, Ctrl-C stops an answer\n",
                 printable(opened.name()).c_str());
  Lines lines;
  while (true) {
    catch_interrupts();
    if (talks) std::fputs("> ", stderr);
    const auto line = lines.next(1);
    if (line.empty()) break;
    if (line[0].empty()) continue;
    if (line[0].size() > kLongestMessage)
      throw Failure("stdin: a message is longer than " + std::to_string(kLongestMessage) + " bytes: shorten it");
    if (line[0] == "/clear") {
      require(file, chat.clear());
    } else if (!turn(chat, line[0], options)) {
      break;
    }
  }
  if (talks) std::fputs("\n", stderr);
  return 0;
}

}  // namespace

Run add_chat(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  const CLI::Option* system = app.add_option(
      "--system", options->system, "What the model is told before the conversation (default: the template's own)");
  options->generation.add(app);
  app.footer("Example: kinglet chat assistant.kgl --temperature 0.7\nMessages are lines of stdin.");
  return [options, system] { return run_chat(*options, system->count() > 0); };
}

}  // namespace kinglet::host
