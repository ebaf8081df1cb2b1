#include "converter/convert.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>

#include "converter/architectures/architectures.h"
#include "converter/architectures/config.h"
#include "converter/error.h"
#include "converter/passes/calibration.h"
#include "converter/passes/dataflow.h"
#include "converter/passes/equalize.h"
#include "converter/passes/ranges.h"
#include "converter/passes/recording.h"
#include "converter/passes/write.h"
#include "converter/readers/mapping.h"
#include "converter/readers/read.h"
#include "converter/tokenizers/tokenizers.h"
#include "kinglet/plan.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;

std::string name_of(const fs::path& source) {
  const fs::path whole = fs::absolute(source).lexically_normal();
  const fs::path last = whole.has_filename() ? whole.filename() : whole.parent_path().filename();
  return fs::is_directory(source) ? last.string() : last.stem().string();
}

void read_tokenizers(const fs::path& source, const fs::path& tokenizer, LoadedProgram& loaded) {
  fb::ModelT& model = loaded.program.model;
  const bool reads_text = !model.input;
  const std::uint32_t vocabulary = model.encode && reads_text ? model.source_vocabulary : model.vocabulary;
  const std::uint32_t target_vocabulary = model.step ? model.vocabulary : vocabulary;
  if (!fs::is_directory(source)) {
    if (!tokenizer.empty()) model.tokenizer = read_llama2c_tokenizer(tokenizer, vocabulary);
    return;
  }
  if (!tokenizer.empty())
    throw Error("--tokenizer with a directory, " + source.string() +
                ": it is for llama2.c files, directories bring their own");
  if (vocabulary == 0) return;  // of pictures or sounds alone
  Tokenizers read = read_tokenizer(source, vocabulary, target_vocabulary);
  model.tokenizer = std::move(read.tokenizer);
  model.target_tokenizer = std::move(read.target);
  if (!reads_text && !model.target_tokenizer) model.target_tokenizer = std::move(model.tokenizer);
  model.chat = std::move(read.chat);
  loaded.warnings.insert(loaded.warnings.end(), read.warnings.begin(), read.warnings.end());
}

// Elements of the tensors that the program reads. What a batch norm has counted is none of its parameters.
std::uint64_t parameters_of(const Checkpoint& checkpoint, const Program& program) {
  std::uint64_t count = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const bool counted = name.ends_with(".running_mean") || name.ends_with(".running_var");
    if (!counted && !std::binary_search(program.unused.begin(), program.unused.end(), name)) count += tensor.elements();
  }
  return count;
}

std::string unused_warning(const std::vector<std::string>& names) {
  std::string text =
      std::to_string(names.size()) + (names.size() == 1 ? " tensor" : " tensors") + " of the checkpoint not used: ";
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 3 ? text + " …" : text;
}

std::vector<std::pair<std::string, std::size_t>> count_operators(const fb::ModelT& model) {
  std::map<std::string, std::size_t> counts;
  for (const fb::FunctionT* function : functions(model)) {
    for (const auto& op : function->operators) ++counts[std::string(kind_of(*op))];
  }
  return {counts.begin(), counts.end()};
}

void check_finite(const Recording& recording, const Program& program, const fs::path& source) {
  const auto finite = [](const Matrix& m) {
    return std::all_of(m.data.begin(), m.data.end(), [](float x) { return std::isfinite(x); });
  };
  if (finite(recording.output)) return;
  std::string first;
  for (const fb::FunctionT* function : functions(program.model)) {
    const auto& results = recording.of(function == program.model.encode.get());
    for (std::size_t i = 0; i < results.size() && first.empty(); ++i) {
      if (!finite(results[i])) first = ", first behind " + function->operators[i]->name;
    }
  }
  throw Error("the float program gives a NaN or an infinity for " + source.string() + first +
              ": the checkpoint is damaged, or its training failed");
}

void fill_plan(const Model& model, std::uint32_t context, ConvertSummary& summary) {
  const fb::Model& root = model.root();
  const Limits limits = model.has_decoder() ? Limits{.context = std::min(context, root.context())}
                                            : Limits{.source = std::min(context, root.source())};
  const auto plan = Plan::make(model, limits);
  if (!plan.ok())
    throw Error(std::string("no plan for the model: ") + plan.status().message() + "; convert with another --context");
  summary.arena_bytes = plan->arena_bytes;
  summary.arena_context = model.has_decoder() ? plan->limits.context : 0;
  summary.arena_source = model.has_encoder() ? plan->limits.source : 0;
}

// What the float program is measured on.
std::vector<ReferenceInput> inputs_of(const Program& program, const Grids& grids) {
  std::vector<ReferenceInput> inputs{calibration_input(program)};
  if (!grids) return inputs;
  if (!program.model.input) throw Error("--calibrate is for models that read pictures or sounds; this one reads texts");
  const std::vector<std::vector<float>> all = grids(program);
  inputs.resize(all.size(), inputs.front());
  for (std::size_t i = 0; i < all.size(); ++i) inputs[i].features = all[i];
  return inputs;
}

constexpr std::string_view kCalibrated = "calibrated on";

// Remembered in the file, for whoever compares.
void remember_calibration(std::size_t files, fb::ModelT& model) {
  auto property = std::make_unique<fb::PropertyT>();
  property->key = kCalibrated;
  property->text = std::to_string(files) + (files == 1 ? " file" : " files");
  model.properties.push_back(std::move(property));
}

// What equalizes the float program must be what the conversion had, or operators are compared in different units.
void check_calibration(const fb::Model& file, const CompareRequest& request) {
  std::string files;
  for (std::uint32_t i = 0; file.properties() != nullptr && i < file.properties()->size(); ++i) {
    const fb::Property& property = *file.properties()->Get(i);
    if (property.key()->string_view() == kCalibrated) files = property.text()->str();
  }
  if (files.empty() == !request.calibrate) return;
  throw Error(request.file.string() + " was calibrated on " + (files.empty() ? "no files" : files) + ": " +
              (files.empty() ? "leave --calibrate out" : "name the same ones with --calibrate"));
}

// Which model of its checkpoint a file is; empty: there is one only.
std::string part_of_file(const fb::Model& file, const fs::path& source) {
  if (Config(read_checkpoint(source).config).text_or("model_type", "") != "clip") return {};
  return file.architecture() != nullptr && file.architecture()->str() == "clip_vision_model" ? "vision" : "text";
}

std::vector<Perplexity> perplexities(const Model& model, const Program& program, const std::vector<std::int32_t>& bos,
                                     const CompareRequest& request) {
  std::vector<Perplexity> all;
  PerplexityOptions options{
      .threads = request.threads, .start = start_tokens(program), .seed = request.seed, .progress = request.progress};
  const bool decoder_only = model.has_decoder() && !model.has_encoder();
  if (request.text && decoder_only) all.push_back(measure_perplexity(model, program, *request.text, options));
  if (request.sample == 0) return all;
  if (!decoder_only)
    throw Error("--sample for " + request.file.string() +
                ": its model does not continue texts by itself; only a decoder-only model writes one");
  if (options.start.empty()) options.start = bos;
  const Written written = write_and_measure(model, program, request.sample, options);
  all.push_back(written.on_float);
  all.push_back(written.on_int8);
  return all;
}

}  // namespace

LoadedProgram load_program(const fs::path& source, const fs::path& tokenizer, std::uint32_t context,
                           const std::string& part) {
  const Checkpoint checkpoint = part_of(read_checkpoint(source), part);
  LoadedProgram loaded;
  loaded.program = build_program(checkpoint, {.context = context});
  loaded.parameters = parameters_of(checkpoint, loaded.program);
  loaded.bos = Config(checkpoint.config).tokens("bos_token_id");
  if (!loaded.program.unused.empty()) loaded.warnings.push_back(unused_warning(loaded.program.unused));
  read_tokenizers(source, tokenizer, loaded);
  return loaded;
}

ConvertSummary convert(const ConvertRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto stage = [&](const char* name, double done) {
    if (request.progress) request.progress(name, done);
  };
  stage("reading", 0);
  LoadedProgram loaded = load_program(request.source, request.tokenizer, request.context, request.part);
  Program& program = loaded.program;
  program.model.name = request.name.empty() ? name_of(request.source) : request.name;

  ConvertSummary summary;
  summary.name = program.model.name;
  summary.architecture = program.model.architecture;
  summary.output = request.output;
  summary.parameters = loaded.parameters;
  summary.operators = count_operators(program.model);
  summary.warnings = std::move(loaded.warnings);

  stage("measuring the float model", 0);
  const std::vector<ReferenceInput> inputs = inputs_of(program, request.calibrate);
  if (request.calibrate) remember_calibration(inputs.size(), program.model);
  Recording recording = record(program, inputs, request.threads);
  check_finite(recording, program, request.source);
  stage("equalizing", 0);
  summary.equalized = equalize(program, recording, request.threads);
  stage("choosing 8 or 16 bits", 0);
  Program lowered = program;
  summary.linears = lower(lowered, recording, request.q16, request.threads);
  if (request.calibrate) summary.statics = set_ranges(program, recording, summary.linears, lowered, request.threads);

  WriteOptions options;
  options.threads = request.threads;
  options.progress = [&](std::uint64_t done, std::uint64_t total) {
    stage("writing", static_cast<double>(done) / static_cast<double>(total));
  };
  options.check = [&](const Model& model) {
    stage("checking the int8 model", 0);
    fill_plan(model, request.context, summary);
    summary.fidelity = measure_fidelity(model, program, inputs, recording, request.threads);
  };
  summary.file_bytes = write_model(lowered, request.output, options);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return summary;
}

Comparison compare(const CompareRequest& request) {
  const auto stage = [&](const char* name, double done) {
    if (request.progress) request.progress(name, done);
  };
  stage("reading", 0);
  const auto mapping = Mapping::open(request.file);
  const auto model = Model::open(mapping->bytes());
  if (!model.ok())
    throw Error("not a model of this runtime, " + request.file.string() + ": " + model.status().message() +
                "; convert it again");
  const fb::Model& root = model->root();
  LoadedProgram loaded = load_program(request.source, {}, model->has_decoder() ? root.context() : root.source(),
                                      part_of_file(root, request.source));
  Program& program = loaded.program;
  check_same_program(*model, program);
  check_calibration(root, request);
  // The file's own tokenizer, so that the calibration is that of the conversion.
  program.model.tokenizer.reset(root.tokenizer() == nullptr ? nullptr : root.tokenizer()->UnPack());
  program.model.target_tokenizer.reset(root.target_tokenizer() == nullptr ? nullptr
                                                                          : root.target_tokenizer()->UnPack());

  stage("measuring the float model", 0);
  const Program original = program;
  std::vector<ReferenceInput> inputs = inputs_of(program, request.calibrate);
  Recording recording = record(program, inputs, request.threads);
  check_finite(recording, program, request.source);
  equalize(program, recording, request.threads);
  if (request.text) {
    inputs = {text_input(program, *request.text)};
    recording = record(program, inputs, request.threads);
  }

  Comparison comparison;
  comparison.name = root.name() == nullptr ? "" : root.name()->str();
  comparison.architecture = program.model.architecture;
  comparison.tokens = recording.inputs.front().tokens.size() + recording.inputs.front().decoder_tokens.size();
  comparison.fidelity = measure_fidelity(*model, program, inputs, recording, request.threads);
  comparison.perplexities = perplexities(*model, original, loaded.bos, request);
  return comparison;
}

}  // namespace kinglet::converter
