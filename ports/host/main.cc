// The program `kinglet`: reads the command line and runs one command of the list below.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "commands/commands.h"
#include "failure.h"
#include "text.h"

namespace kinglet::host {
namespace {

struct Command {
  const char* name;
  const char* summary;
  Run (*add)(CLI::App& app);
};

constexpr Command kCommands[] = {
    {"generate", "Continue a text", add_generate},
    {"chat", "Talk with a model, in the turns it was trained on", add_chat},
    {"translate", "Translate texts", add_translate},
    {"caption", "Say what is in a picture", add_caption},
    {"transcribe", "Write down what is said in a sound", add_transcribe},
    {"embed", "Turn texts or pictures into vectors", add_embed},
    {"classify", "Label texts, their tokens, pictures or sounds", add_classify},
    {"logits", "Run the model over token ids and show its raw output", add_logits},
    {"bench", "Measure speed against the machine's own limits", add_bench},
    {"profile", "Show where the time goes, operator by operator", add_profile},
    {"inspect", "Show a file: program, weights, tokenizer, memory", add_inspect},
    {"verify", "Check a file completely, checksums included", add_verify},
};

constexpr int kFailed = 1;
constexpr int kMisused = 2;

// One line, whatever the message holds.
int complain(std::string message, int status) {
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "kinglet: %s\n", printable(message).c_str());
  return status;
}

int complain_about_usage(const CLI::App* command, const std::string& message) {
  const std::string name = command == nullptr ? "kinglet" : "kinglet " + command->get_name();
  return complain((command == nullptr ? "" : command->get_name() + ": ") + message + ": see '" + name + " --help'",
                  kMisused);
}

const CLI::App* chosen(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? nullptr : parsed.front();
}

int run(int argc, char** argv) {
  CLI::App app("Kinglet runs quantized sequence models: texts, pictures or sounds in, text, vectors or labels out.",
               "kinglet");
  app.set_version_flag("--version", "kinglet " KINGLET_VERSION, "Print the version");
  app.footer(
      "Example: kinglet translate en-ko.kgl \"twenty past nine on May 3rd\"\nMore on a command: kinglet COMMAND "
      "--help");
  app.require_subcommand(1);
  const auto show_isas = [](const std::string&) {
    print_isas();
    throw CLI::Success();
  };
  app.add_option_function<std::string>("--isa", show_isas, "'list' shows the kernel sets, for every command's --isa")
      ->check(CLI::IsMember({"list"}))
      ->type_name("");
  std::map<const CLI::App*, Run> runs;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    sub->set_version_flag("--version", "kinglet " KINGLET_VERSION, "Print the version");
    runs[sub] = command.add(*sub);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    std::ostringstream text;
    const int status = app.exit(success, text, text);
    print(text.str());
    return status;
  } catch (const CLI::ParseError& error) {
    if (argc > 1 && argv[1][0] != '-' && chosen(app) == nullptr)
      return complain_about_usage(nullptr, "there is no command '" + std::string(argv[1]) + "'");
    return complain_about_usage(chosen(app), error.what());
  }
  try {
    return runs.at(chosen(app))();
  } catch (const Misuse& misuse) {
    return complain_about_usage(chosen(app), misuse.what());
  }
}

// What a signal handler may do: a file that is mapped became shorter, and a read behind its end is a signal.
void explain_shorter_file(int /*signal*/) {
  constexpr std::string_view kLine =
      "kinglet: FILE became shorter while it was read: run it again when nothing writes to it\n";
  (void)!::write(STDERR_FILENO, kLine.data(), kLine.size());
  ::_exit(kFailed);
}

constexpr const char* kNoMemory = "kinglet: memory: there is not enough: use a shorter text or a smaller --context\n";

// An allocation failed where no exception may leave, in a destructor of a library, say.
[[noreturn]] void end_without_memory() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    std::fputs(kNoMemory, stderr);
    ::_exit(kFailed);
  } catch (...) {  // anything else is a mistake of ours
  }
  std::abort();
}

int run_and_explain(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Failure& failure) {
    return complain(failure.what(), kFailed);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.path1().string() + ": " + error.code().message() + ": check the path", kFailed);
  } catch (const std::exception& error) {
    return complain(std::string("unexpected: ") + error.what(), kFailed);
  }
}

}  // namespace
}  // namespace kinglet::host

int main(int argc, char** argv) {
  std::set_terminate(kinglet::host::end_without_memory);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of write
  std::signal(SIGBUS, kinglet::host::explain_shorter_file);
  try {
    return kinglet::host::run_and_explain(argc, argv);
  } catch (const std::bad_alloc&) {  // there may be none for a message either
    std::fputs(kinglet::host::kNoMemory, stderr);
    return kinglet::host::kFailed;
  }
}
