// Options that several commands share.
#include <cstdio>

#include "commands/commands.h"
#include "cpu_features.h"
#include "failure.h"
#include "kinglet/isa.h"
#include "text.h"

namespace kinglet::host {

void add_common(CLI::App& app, Common& common, CommonOptions which) {
  app.add_option("FILE", common.file, "Model file (.kgl)")->type_name("");
  if (which.session) {
    app.add_option("-t,--threads", common.threads, "Threads (default: physical cores)")
        ->check(between(1, 1024))
        ->type_name("N");
    app.add_option("--isa", common.isa, "Kernel set to use; 'list' shows them (default: the best that runs here)")
        ->type_name("NAME");
    app.add_option("--provider", common.provider,
                   "Who else computes: xnnpack, in floats, the grouped and depthwise convolutions, pooling, "
                   "sums and activations that it is faster at, and then the bits are not the same everywhere; "
                   "xnnpack-int8: all "
                   "convolutions but depthwise ones in its static int8, too, of a model that was converted with "
                   "--calibrate")
        ->check(CLI::IsMember({"none", "xnnpack", "xnnpack-int8"}))
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--context", common.context, "Longest text, in tokens (default: the model's, at most 2048)")
        ->check(between(1, 1 << 17))
        ->type_name("N");
  }
  if (which.json) app.add_flag("--json", common.json, "Print JSON");
}

void add_measured(CLI::App& app, Measured& measured) {
  app.add_option("-p,--prompt", measured.prompt, "Tokens of the prompt, or of the text that is encoded")
      ->check(between(1, 1 << 17))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-n,--tokens", measured.tokens, "Tokens to generate")
      ->check(between(1, 1 << 17))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("-r,--repetitions", measured.repetitions, "How often each is measured, after one round to warm up")
      ->check(between(1, 10000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--rows", measured.rows, "Tokens of one call while a prompt is read (default: at most 128)")
      ->check(between(1, 1 << 20))
      ->type_name("N");
}

void add_sampling(CLI::App& app, SamplerOptions& options) {
  app.add_option("--temperature", options.temperature, "0: the likeliest token, always; higher: more surprising")
      ->check(between(0.0, 1e6))
      ->type_name("T")
      ->capture_default_str();
  app.add_option("--top-k", options.top_k, "Only the K likeliest tokens (0: all)")
      ->type_name("K")
      ->capture_default_str();
  app.add_option("--top-p", options.top_p, "Only the likeliest tokens that together reach probability P")
      ->check(between(0.0, 1.0))
      ->type_name("P")
      ->capture_default_str();
  app.add_option("--min-p", options.min_p, "Only tokens at least P times as likely as the likeliest")
      ->check(between(0.0, 1.0))
      ->type_name("P")
      ->capture_default_str();
  app.add_option("--repeat-penalty", options.repetition_penalty, "Divides the logits of tokens seen before (1: none)")
      ->check(between(1e-6, 1e6))
      ->type_name("R")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of the random numbers: the same seed gives the same text")
      ->type_name("S")
      ->capture_default_str();
}

void add_beam(CLI::App& app, BeamOptions& options) {
  CLI::Option* beam = app.add_option("--beam", options.beams, "Search with N hypotheses at once instead of sampling")
                          ->check(between(1, 4096))
                          ->type_name("N");
  for (const char* sampling : {"--temperature", "--repeat-penalty"}) beam->excludes(app.get_option(sampling));
  app.add_option("--nbest", options.nbest, "Show the N best of the search, each line with its score first")
      ->check(between(1, 4096))
      ->type_name("N")
      ->needs(beam)
      ->capture_default_str();
  app.add_option("--length-penalty", options.length_penalty,
                 "Scores are log-probabilities / length^A: 0 for the sum, 1 for the average, more for longer texts")
      ->check(between(-10.0, 10.0))
      ->type_name("A")
      ->needs(beam)
      ->capture_default_str();
  app.add_flag_callback(
         "--gnmt", [&options] { options.norm = LengthNorm::kGnmt; }, "Divide by ((5 + length) / 6)^A instead")
      ->needs(beam);
  CLI::Option* early = app.add_flag_callback(
      "--early-stopping", [&options] { options.early_stopping = EarlyStopping::kFull; },
      "End the search as soon as N hypotheses have ended");
  app.add_flag_callback(
         "--no-early-stopping", [&options] { options.early_stopping = EarlyStopping::kNever; },
         "End it only when no longer text could be better")
      ->needs(beam)
      ->excludes(early);
  early->needs(beam);
  app.parse_complete_callback([&options] {
    if (options.beams > 0 && options.nbest > options.beams)
      throw CLI::ValidationError("--nbest", "not more than --beam");
  });
}

void print_isas() {
  std::string text;
  bool best = true;
  for (const Isa& isa : isas(cpu_features())) {
    char line[128];
    std::snprintf(line, sizeof(line), "%-14s %s%s\n", isa.name, isa.available ? "runs here" : "not on this processor",
                  isa.available && best ? " (default)" : "");
    if (isa.available) best = false;
    text += line;
  }
  print(text);
}

bool lists_isas(const Common& common) {
  if (common.isa == "list") {
    print_isas();
    return true;
  }
  check_isa(common.isa);
  if (common.file.empty()) throw Misuse("FILE is missing: give a model file (.kgl)");
  return false;
}

}  // namespace kinglet::host
