// kinglet-convert: weights in, .kgl out. Options become requests, results become text; everything else is in the library.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "converter/architectures/architectures.h"
#include "converter/convert.h"
#include "converter/error.h"
#include "converter/evaluate.h"
#include "converter/files/grids.h"
#include "converter/npy.h"
#include "converter/output_file.h"
#include "converter/printable.h"
#include "converter/progress.h"
#include "converter/readers/mapping.h"
#include "converter/readers/read.h"
#include "converter/reference/reference.h"
#include "converter/report.h"
#include "converter/summary.h"

namespace kinglet::converter {
namespace {

constexpr const char* kExample =
    "Examples:\n"
    "  kinglet-convert models/smollm -o smollm.kgl --context 2048\n"
    "  kinglet-convert stories.bin --tokenizer tok512.bin -o stories.kgl\n"
    "  kinglet-convert eval models/smollm --tokens 1,2,3 --output logits.npy\n"
    "  kinglet-convert compare models/smollm smollm.kgl --report fidelity.html";

// What the command line says; each command looks at its own part.
struct Options {
  std::string source, output, name, target = "cpu", report, tokenizer, q16 = "auto";
  std::vector<std::string> tokens, decoder_tokens, types;  // eval: one list for each sequence
  std::vector<std::string> files;  // pictures or sounds: eval: one for each sequence; what is calibrated on
  std::string file, text;          // compare
  std::size_t sample = 0;
  std::uint64_t seed = 0;
  std::uint32_t context = 0;
  std::string part;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string read_stdin() { return {std::istreambuf_iterator<char>(std::cin), {}}; }

void print(const std::string& text) { write_output("-", std::as_bytes(std::span(text))); }

// "1,2,3", or white space between; "-": from stdin.
template <class Number>
std::vector<Number> parse_list(const std::string& option, std::string text) {
  if (text == "-") text = read_stdin();
  std::vector<Number> numbers;
  const char* at = text.data();
  const char* end = at + text.size();
  const auto separator = [](char c) { return c == ',' || c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (at != end) {
    if (separator(*at)) {
      ++at;
      continue;
    }
    Number number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc::result_out_of_range)
      throw UsageError(option + ": " + std::string(at, next) + " is not in " +
                       std::to_string(std::numeric_limits<Number>::min()) + " to " +
                       std::to_string(std::numeric_limits<Number>::max()));
    if (error != std::errc() || (next != end && !separator(*next)))
      throw UsageError(option + ": a list of whole numbers is expected, like 1,2,3");
    numbers.push_back(number);
    at = next;
  }
  return numbers;
}

void write_report(const std::string& path, const std::string& html) {
  if (!path.empty()) write_output(path, std::as_bytes(std::span(html)));
}

// By its name, whether a file of a folder is a picture or a sound: beside them may lie what people write of them.
bool is_picture_or_sound(const std::filesystem::path& path) {
  static constexpr std::string_view kEndings[] = {".png", ".jpg", ".jpeg", ".bmp",  ".gif", ".tga", ".pnm",
                                                  ".ppm", ".pgm", ".wav",  ".flac", ".ogg", ".oga", ".opus",
                                                  ".mp3", ".aif", ".aiff", ".au",   ".caf", ".w64"};
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

// Of folders the pictures and sounds in them, by name.
std::vector<std::string> expanded(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const auto begin = static_cast<std::ptrdiff_t>(files.size());
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (is_picture_or_sound(entry.path())) files.push_back(entry.path().string());
    }
    std::sort(files.begin() + begin, files.end());
    if (static_cast<std::ptrdiff_t>(files.size()) == begin)
      throw Error(path +
                  " holds no file that is called like a picture (.png, .jpg, …) or a sound (.wav, .flac, …); "
                  "files of other names are taken when they are named one by one");
  }
  return files;
}

// Nothing where no file is named.
Grids calibration_of(const Options& options) {
  if (options.files.empty()) return {};
  return [&files = options.files](const Program& program) {
    std::vector<std::vector<float>> grids;
    for (const std::string& file : expanded(files)) grids.push_back(read_grid(file, program));
    return grids;
  };
}

int run_convert(const Options& options) {
  if (options.source.empty()) throw UsageError("SOURCE is missing");
  if (options.output.empty()) throw UsageError("-o OUT.kgl is missing");
  if (options.target != "cpu")
    throw Error("--target " + options.target +
                " in this build: it writes the layout of --target cpu only, which every runtime reads");
  const bool to_stdout = options.output == "-";
  if (to_stdout && ::isatty(STDOUT_FILENO) != 0)
    throw Error("a model on a terminal: redirect stdout or give -o OUT.kgl");
  std::optional<TemporaryFile> temporary;  // a model for stdout is made in a file first, for its head is written last
  if (to_stdout) temporary.emplace();

  ProgressBar bar;
  ConvertRequest request;
  request.source = options.source;
  request.output = to_stdout ? temporary->path() : std::filesystem::path(options.output);
  request.tokenizer = options.tokenizer;
  request.name = options.name;
  request.context = options.context;
  request.part = options.part;
  request.calibrate = calibration_of(options);
  request.threads = options.threads;
  request.q16 = options.q16 == "all" ? Q16::kAll : options.q16 == "none" ? Q16::kNone : Q16::kAuto;
  request.progress = [&bar](const char* stage, double done) { bar.show(stage, done); };
  ConvertSummary summary = convert(request);
  bar.clear();
  if (to_stdout) {
    const auto mapping = Mapping::open(temporary->path());
    temporary.reset();  // an interrupted copy leaves nothing behind
    write_output("-", mapping->bytes());
    summary.output = "-";
  }
  for (const std::string& warning : summary.warnings)
    std::cerr << "kinglet-convert: warning: " << printable(warning) << "\n";
  write_report(options.report, to_html(summary));
  const std::string text = options.json ? to_json(summary).dump() + "\n" : to_text(summary);
  if (to_stdout) {
    std::cerr << text;
  } else {
    print(text);
  }
  return 0;
}

std::string eval_text(const Matrix& result, bool vector) {
  const auto last = result.row(result.rows - 1);
  std::string text;
  std::vector<std::uint32_t> order(result.width);
  for (std::uint32_t i = 0; i < result.width; ++i) order[i] = i;
  if (!vector) {
    const auto shown = std::min<std::ptrdiff_t>(10, static_cast<std::ptrdiff_t>(order.size()));
    std::partial_sort(order.begin(), order.begin() + shown, order.end(),
                      [&](auto a, auto b) { return last[a] != last[b] ? last[a] > last[b] : a < b; });
    order.resize(static_cast<std::size_t>(shown));
  }
  for (const std::uint32_t i : order) text += std::to_string(i) + "\t" + std::to_string(last[i]) + "\n";
  return text;
}

std::string eval_json(const Matrix& result) {
  const auto last = result.row(result.rows - 1);
  const nlohmann::json json = {
      {"rows", result.rows}, {"width", result.width}, {"last", std::vector<float>(last.begin(), last.end())}};
  return json.dump() + "\n";
}

// One input for each --tokens, or of a model of grids for each --image or --audio; with the --decoder-tokens and --types of the same place.
std::vector<ReferenceInput> eval_inputs(const Options& options, const Program& program) {
  const bool grids = program.model.input != nullptr;
  const auto& sequences = grids ? options.files : options.tokens;
  const std::string kind = !grids ? "--tokens" : program.model.input->sound ? "--audio" : "--image";
  if (sequences.empty()) throw UsageError(kind + " is missing: it is what the model of " + options.source + " reads");
  if (!(grids ? options.tokens : options.files).empty())
    throw UsageError("the model of " + options.source + " reads " + kind + " only");
  const auto as_many = [&](const char* option, const std::vector<std::string>& lists) {
    if (!lists.empty() && lists.size() != sequences.size())
      throw UsageError(std::string(option) + " is given " + std::to_string(lists.size()) + " times and " + kind + " " +
                       std::to_string(sequences.size()) + " times; each sequence needs its own");
  };
  as_many("--decoder-tokens", options.decoder_tokens);
  as_many("--types", options.types);
  std::vector<ReferenceInput> inputs(sequences.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (grids) {
      inputs[i].features = read_grid(sequences[i], program);
    } else {
      inputs[i].tokens = parse_list<std::int32_t>("--tokens", sequences[i]);
      if (inputs[i].tokens.empty()) throw UsageError("--tokens: at least one token is needed");
    }
    if (!options.decoder_tokens.empty())
      inputs[i].decoder_tokens = parse_list<std::int32_t>("--decoder-tokens", options.decoder_tokens[i]);
    if (!options.types.empty()) inputs[i].types = parse_list<std::uint8_t>("--types", options.types[i]);
  }
  return inputs;
}

int run_eval(const Options& options) {
  const Program program = build_program(part_of(read_checkpoint(options.source), options.part), {});
  const Evaluation evaluation = evaluate(program, options.source, eval_inputs(options, program), options.threads);
  const auto& outputs = evaluation.outputs;
  if (!options.output.empty()) write_output(options.output, outputs.size() == 1 ? to_npy(outputs[0]) : to_npz(outputs));
  if (options.output == "-") return 0;
  std::string text;
  for (const Matrix& output : outputs) {
    if (!options.json && !text.empty()) text += "\n";
    text += options.json ? eval_json(output) : eval_text(output, evaluation.vectors);
  }
  print(text);
  return 0;
}

int run_compare(const Options& options) {
  CompareRequest request;
  request.source = options.source;
  request.file = options.file;
  request.threads = options.threads;
  if (options.text == "-") {
    request.text = read_stdin();
  } else if (!options.text.empty()) {
    request.text = read_text(options.text, std::size_t{64} << 20U);
  }
  ProgressBar bar;
  request.sample = options.sample;
  request.calibrate = calibration_of(options);
  request.seed = options.seed;
  request.progress = [&bar](const char* stage, double done) { bar.show(stage, done); };
  const Comparison comparison = compare(request);
  bar.clear();
  write_report(options.report, to_html(comparison));
  if (options.report != "-") print(options.json ? to_json(comparison).dump() + "\n" : to_text(comparison));
  return 0;
}

void add_common(CLI::App& app, Options& options) {
  app.add_option("-t,--threads", options.threads, "Threads to work with (default: all)")->check(CLI::Range(1U, 1024U));
  app.add_flag("--json", options.json, "Print one JSON object");
}

void add_calibrate(CLI::App& app, Options& options) {
  app.add_option(
         "--calibrate", options.files,
         "Measure on this picture or sound, or on those in a folder; may be given several times (default: on one that "
         "is made up; to compare, on those of the conversion)")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

void add_part(CLI::App& app, Options& options) {
  app.add_option("--part", options.part, "Of a checkpoint with several models (CLIP's towers): which, text or vision")
      ->check(CLI::IsMember({"text", "vision"}))
      ->type_name("PART");
}

void add_convert(CLI::App& app, Options& options) {
  app.add_option("SOURCE", options.source, "Directory with config.json and *.safetensors, or a llama2.c checkpoint");
  app.add_option("-o,--output", options.output, "The .kgl file to write; - is stdout");
  app.add_option("--context", options.context, "Most positions a sequence may have (default: the checkpoint's)")
      ->check(CLI::Range(1U, 131072U));
  add_part(app, options);
  add_calibrate(app, options);
  app.add_option("--target", options.target, "Layout of the weights (default: cpu)")
      ->check(CLI::IsMember({"cpu", "cortex-m"}));
  app.add_option("--name", options.name, "Name of the model (default: SOURCE's)");
  app.add_option("--tokenizer", options.tokenizer, "Tokenizer file of a llama2.c checkpoint (tok.bin)");
  app.add_option("--q16", options.q16,
                 "16-bit inputs of linear layers: where 8 bits are too few, everywhere, nowhere (default: auto)")
      ->check(CLI::IsMember({"auto", "all", "none"}));
  app.add_option("--report", options.report, "Write an HTML report; - is stdout");
  add_common(app, options);
}

void add_eval(CLI::App& app, Options& options) {
  app.add_option("SOURCE", options.source, "Checkpoint, as for converting")->required();
  add_part(app, options);
  const auto lists = [&app](const char* name, std::vector<std::string>& values, const char* what) {
    return app.add_option(name, values, what)->type_name("1,2,3")->allow_extra_args(false);
  };
  lists("--tokens", options.tokens, "Token ids, separated by commas; - is stdin. Once for each sequence");
  lists("--decoder-tokens", options.decoder_tokens, "Token ids of the decoder (default: what starts it)");
  lists("--types", options.types, "Token types, as many as tokens (default: all 0)");
  app.add_option("--image,--audio", options.files, "Instead of tokens a file, for models that read pictures or sounds")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option(
      "--output", options.output,
      "Write all positions: as .npy [positions, width], or of several sequences as .npz with arrays arr_0, arr_1, ...; "
      "- is stdout");
  app.footer(
      "Prints the best ten of the last position of each sequence (all, for embeddings), with --json one object a line. "
      "Examples:\n  kinglet-convert eval models/smollm --tokens 1,2,3 --output logits.npy\n"
      "  kinglet-convert eval models/smollm --tokens 1,2,3 --tokens 1,7 --output logits.npz");
  add_common(app, options);
}

void add_compare(CLI::App& app, Options& options) {
  app.add_option("SOURCE", options.source, "Checkpoint the file was made from")->required();
  app.add_option("FILE", options.file, "The .kgl file")->required();
  add_calibrate(app, options);
  app.add_option("--text", options.text,
                 "Text to compare on (default: a built-in one), with the perplexity of it all; - is stdin");
  app.add_option(
         "--sample", options.sample,
         "Let float and int8 write N tokens each, and show the perplexity of both on both (decoder-only models)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000'000}))
      ->type_name("N");
  app.add_option("--seed", options.seed, "Seed of what they write (default: 0)")->type_name("S");
  app.add_option("--report", options.report, "Write an HTML report; - is stdout");
  app.footer(
      "Examples:\n  kinglet-convert compare models/smollm smollm.kgl --report fidelity.html\n"
      "  kinglet-convert compare models/smollm smollm.kgl --sample 4000");
  add_common(app, options);
}

// A file of a checkpoint's folder that is none of those that this program writes.
bool is_part_of(const std::filesystem::path& file, const std::filesystem::path& folder) {
  static constexpr std::string_view kWritten[] = {".kgl", ".html", ".npy", ".npz"};
  std::error_code error;
  return std::filesystem::exists(file, error) && std::filesystem::is_directory(folder, error) &&
         std::filesystem::equivalent(std::filesystem::absolute(file).parent_path(), folder, error) &&
         std::find(std::begin(kWritten), std::end(kWritten), file.extension().string()) == std::end(kWritten);
}

// What is written may be neither what is read nor each other.
void check_outputs(const Options& options) {
  std::vector<std::string> inputs = options.files;
  inputs.insert(inputs.end(), {options.source, options.file, options.tokenizer, options.text});
  std::vector<std::string> outputs;
  for (const std::string& output : {options.output, options.report}) {
    if (output.empty() || output == "-") continue;
    std::error_code error;
    const auto same = [&](const std::string& path) { return std::filesystem::equivalent(output, path, error); };
    if (std::any_of(inputs.begin(), inputs.end(), same) || is_part_of(output, options.source))
      throw Error(output + " is read here: give another path to write to");
    outputs.push_back(std::filesystem::weakly_canonical(output, error).string());
  }
  if (outputs.size() == 2 && outputs[0] == outputs[1])
    throw Error(options.output + " cannot be the report, too: give another path to one of them");
}

int usage_error(const std::string& what) {
  std::cerr << "kinglet-convert: " << printable(what) << "; see kinglet-convert --help\n";
  return 2;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Turns the weights of a sequence model into one int8 .kgl file.", "kinglet-convert");
  app.set_version_flag("--version", "kinglet-convert " KINGLET_VERSION);
  app.footer(kExample);
  add_convert(app, options);
  CLI::App* eval = app.add_subcommand("eval", "Run the float model on tokens; no .kgl file is involved");
  CLI::App* against = app.add_subcommand("compare", "Compare a .kgl file with its checkpoint");
  for (CLI::App* command : {eval, against}) command->set_version_flag("--version", "kinglet-convert " KINGLET_VERSION);
  add_eval(*eval, options);
  add_compare(*against, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) return usage_error(e.what());
    std::ostringstream text;  // of --help, --version
    const int status = app.exit(e, text, text);
    print(text.str());
    return status;
  }
  try {
    check_outputs(options);
    if (*eval) return run_eval(options);
    return *against ? run_compare(options) : run_convert(options);
  } catch (const UsageError& e) {
    return usage_error(e.what());
  }
}

// What a signal handler may do: a file that is mapped became shorter, and a read behind its end is a signal.
void explain_shorter_file(int /*signal*/) {
  constexpr std::string_view kLine =
      "kinglet-convert: an input became shorter while it was read: run it again when nothing writes to SOURCE\n";
  OutputFile::remove_unfinished();
  (void)!::write(STDERR_FILENO, kLine.data(), kLine.size());
  ::_exit(1);
}

constexpr const char* kNoMemory =
    "kinglet-convert: out of memory in the conversion: close other programs or use a machine with more\n";

// An allocation failed where no exception may leave, in a destructor of a library, say.
[[noreturn]] void end_without_memory() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    OutputFile::remove_unfinished();
    std::fputs(kNoMemory, stderr);
    ::_exit(1);
  } catch (...) {  // anything else is a mistake of ours
  }
  std::abort();
}

int run_and_explain(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::filesystem::filesystem_error& e) {
    std::cerr << "kinglet-convert: " + printable("cannot read " + e.path1().string() + ": " + e.code().message()) +
                     "\n";
  } catch (const std::exception& e) {
    std::cerr << "kinglet-convert: " + printable(e.what()) + "\n";
  }
  return 1;
}

}  // namespace
}  // namespace kinglet::converter

int main(int argc, char** argv) {
  std::set_terminate(kinglet::converter::end_without_memory);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is an error of write
  std::signal(SIGBUS, kinglet::converter::explain_shorter_file);
  try {
    return kinglet::converter::run_and_explain(argc, argv);
  } catch (const std::bad_alloc&) {  // there may be none for a message either
    std::fputs(kinglet::converter::kNoMemory, stderr);
  }
  return 1;
}
