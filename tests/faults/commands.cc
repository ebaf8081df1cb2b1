#include "tests/faults/commands.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <stdexcept>

#include "tests/runtime/tasks/text_model.h"

namespace kinglet::faults {
namespace {

const std::string kTests = KINGLET_SOURCE_DIR "/tests/";

// Files that the commands read, made once.
const std::string& inputs() {
  static const Folder folder;
  return folder.path();
}

std::string model(const std::string& name, const std::vector<std::byte>& file) {
  const std::string path = inputs() + "/" + name + ".kgl";
  write_file(path, {reinterpret_cast<const char*>(file.data()), file.size()});
  return path;
}

std::string converted(const std::string& name) {
  const std::string path = inputs() + "/" + name + ".kgl";
  const Runner runner({"make", kinglet_convert_main, {kTests + "goldens/" + name, "-o", path, "-t", "1"}});
  const Ended ended = runner.run({});
  if (ended.status != 0) throw std::runtime_error(name + ": " + ended.err);
  return path;
}

std::string text_file(const std::string& name, const std::string& text) {
  write_file(inputs() + "/" + name, text);
  return inputs() + "/" + name;
}

// An argument with the files that it names: {converted/NAME} of a golden, {tiny/NAME} of a tiny model with texts, {words}.
std::string resolved(const std::string& argument) {
  if (argument.starts_with("{converted/")) return converted(argument.substr(11, argument.size() - 12));
  if (argument == "{tiny/decoder}") return model("decoder", testing::text_decoder());
  if (argument == "{tiny/translator}") return model("translator", testing::text_translator());
  if (argument == "{tiny/encoder}") return model("encoder", testing::text_encoder());
  if (argument == "{tiny/classifier}")
    return model("classifier", testing::text_encoder([](fb::ModelT& made) {
                   made.task = fb::Task::Classify;
                   made.labels = {"good", "bad"};
                 }));
  if (argument == "{tiny/chat}") {
    return model("chat", testing::text_decoder([](fb::ModelT& made) {
                   made.chat = std::make_unique<fb::ChatTemplateT>();
                   made.chat->user_before = "b ";
                 }));
  }
  if (argument == "{words}") return text_file("words", "a\nb\nc\n");
  if (argument.starts_with("goldens/")) return kTests + argument;
  return argument;
}

std::vector<Command> conversions() {
  const auto command = [](const std::string& name, std::vector<std::string> arguments) {
    return Command{name, kinglet_convert_main, std::move(arguments), "", false};
  };
  return {
      command("Convert", {"goldens/llama", "-o", "{out}/model.kgl", "-t", "1"}),
      command("ConvertThreads", {"goldens/rnn-gru-dot-tied", "-o", "{out}/model.kgl", "-t", "3"}),
      command("ConvertReport",
              {"goldens/llama-bf16-sharded", "-o", "{out}/model.kgl", "--report", "{out}/report.html", "-t", "1"}),
      command("ConvertSound",
              {"goldens/whisper", "-o", "{out}/model.kgl", "-t", "1", "--calibrate", "goldens/whisper/0.wav"}),
      command("ConvertPicture",
              {"goldens/clip-vision", "-o", "{out}/model.kgl", "-t", "1", "--calibrate", "goldens/clip-vision/0.png"}),
      command("ConvertToStdout", {"goldens/rnn-gru-dot-tied", "-o", "-", "-t", "1"}),
      command("Eval", {"eval", "goldens/bert", "--tokens", "1,5,9", "--output", "{out}/all.npy", "-t", "1"}),
      command("Compare", {"compare", "goldens/llama", "{converted/llama}", "--report", "{out}/report.html", "-t", "1"}),
  };
}

std::vector<Command> runs() {
  const auto command = [](const std::string& name, std::vector<std::string> arguments, const std::string& in = "") {
    return Command{name, kinglet_main, std::move(arguments), in};
  };
  return {
      command("Logits", {"logits", "{tiny/decoder}", "--tokens", "2,3,4", "--output", "{out}/all.npy", "-t", "1"}),
      command("Generate", {"generate", "{tiny/decoder}", "abc", "-n", "4", "-t", "1", "--allow", "{words}"}),
      command("GenerateBeam", {"generate", "{tiny/decoder}", "abc", "-n", "3", "-t", "2", "--beam", "2"}),
      command("Translate", {"translate", "{tiny/translator}", "ab", "-t", "1", "--attention", "{out}/attention.html"}),
      command("TranslateJson", {"translate", "{tiny/translator}", "ab", "-t", "2", "--json"}),
      command("Chat", {"chat", "{tiny/chat}", "-n", "3", "-t", "1"}, "ab\nc\n"),
      command("Classify", {"classify", "{tiny/classifier}", "-t", "1"}, "ab\ncd\n"),
      command("Embed", {"embed", "{tiny/encoder}", "-t", "1", "--json"}, "ab\ncd\n"),
      command("Caption", {"caption", "{converted/vit-gpt2}", "goldens/vit-gpt2/0.png", "-t", "1", "-n", "3",
                          "--attention", "{out}/attention.html"}),
      command("Transcribe", {"transcribe", "{converted/whisper}", "goldens/whisper/0.wav", "-t", "1", "-n", "3"}),
      command("Inspect", {"inspect", "{tiny/translator}"}),
      command("InspectJson", {"inspect", "{tiny/translator}", "--json"}),
      command("Verify", {"verify", "{tiny/translator}"}),
  };
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> all = [] {
    std::vector<Command> list = conversions();
    for (Command& command : runs()) list.push_back(std::move(command));
    return list;
  }();
  return all;
}

}  // namespace

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : all_commands()) names.push_back(command.name);
  return names;
}

Command command_named(const std::string& name) {
  for (Command command : all_commands()) {
    if (command.name != name) continue;
    for (std::string& argument : command.arguments) argument = resolved(argument);
    return command;
  }
  throw std::runtime_error("no command " + name);
}

std::vector<std::uint64_t> places(std::uint64_t calls, std::uint64_t most) {
  if (std::getenv("KINGLET_ALL_FAULTS") != nullptr) most = calls;
  const std::uint64_t count = std::min(calls, most);
  std::vector<std::uint64_t> list;
  for (std::uint64_t i = 0; i < count; ++i) list.push_back(1 + i * calls / count);
  return list;
}

std::string lasting(const std::string& name, std::string bytes) {
  if (name != "report.html") return bytes;
  std::string made;
  for (const char c : bytes) {
    const bool digit = (c >= '0' && c <= '9') || c == '.';
    if (!digit || made.empty() || made.back() != '#') made += digit ? '#' : c;
  }
  return made;
}

std::string complaint(const Command& command, const Ended& ended, const Ended& good,
                      const std::map<std::string, std::string>& before) {
  const bool done = ended.status == 0;
  if (!done && ended.status != 1) return "its status is " + std::to_string(ended.status);
  for (const auto& [name, bytes] : ended.files) {
    const auto whole = good.files.find(name);
    const auto old = before.find(name);
    const bool is_whole = whole != good.files.end() && (lasting(name, bytes) == lasting(name, whole->second));
    if (!is_whole && (old == before.end() || bytes != old->second)) return "it left " + name;
  }
  for (const auto& [name, bytes] : before) {
    if (!ended.files.contains(name)) return "it lost the old " + name;
  }
  if (done) {
    if (command.same_output && ended.out != good.out) return "it ended well, with another output";
    for (const auto& [name, bytes] : good.files) {
      if (!ended.files.contains(name) || lasting(name, ended.files.at(name)) != lasting(name, bytes))
        return "it ended well without " + name;
    }
    return "";
  }
  const std::string name = command.main == kinglet_main ? "kinglet: " : "kinglet-convert: ";
  std::string err = ended.err;
  if (!good.err.empty() && err.starts_with(good.err)) err.erase(0, good.err.size());  // what it says in any case
  const bool one_line = std::count(err.begin(), err.end(), '\n') == 1 && err.ends_with('\n');
  if (!one_line || !err.starts_with(name) || err.size() < name.size() + 12) return "no message of one line";
  for (const char* inner : {"unexpected: ", "std::", "basic_", "iostream", "terminate", "bad_", "json.exception"}) {
    if (err.find(inner) != std::string::npos) return "its message is the library's";
  }
  return "";
}

}  // namespace kinglet::faults
