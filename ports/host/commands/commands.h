// The commands of the program: the single list stands in main.cc. A command is one file: a function that adds its options to the
// command line and returns what runs after it was read, with the exit status as its result.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>

#include "engine.h"
#include "kinglet/beam.h"
#include "kinglet/sampler.h"

namespace kinglet::host {

using Run = std::function<int()>;

Run add_generate(CLI::App& app);
Run add_chat(CLI::App& app);
Run add_translate(CLI::App& app);
Run add_caption(CLI::App& app);
Run add_transcribe(CLI::App& app);
Run add_embed(CLI::App& app);
Run add_classify(CLI::App& app);
Run add_logits(CLI::App& app);
Run add_inspect(CLI::App& app);
Run add_verify(CLI::App& app);
Run add_bench(CLI::App& app);
Run add_profile(CLI::App& app);

// Which of the common options a command has beside FILE.
struct CommonOptions {
  bool session = true;  // --threads, --isa, --context
  bool json = true;
};
void add_common(CLI::App& app, Common& common, CommonOptions which = {});

// What bench and profile run, and how often.
struct Measured {
  std::uint32_t prompt = 512;
  std::uint32_t tokens = 128;
  std::uint32_t repetitions = 5;
  std::uint32_t rows = 0;
};
void add_measured(CLI::App& app, Measured& measured);

void add_sampling(CLI::App& app, SamplerOptions& options);
void add_beam(CLI::App& app, BeamOptions& options);  // after add_sampling

// Accepts numbers in [least, most].
template <class T>
CLI::Validator between(T least, T most) {
  return CLI::Range(least, most).description("");
}

void print_isas();

// The file was given and --isa is a kernel set, or the command is `--isa list`, which needs none and is done: true.
bool lists_isas(const Common& common);

}  // namespace kinglet::host
