// The two pipelines: a checkpoint becomes a file, and a file is compared with its checkpoint.
//
//   read ─► build ─► record ─► equalize ─► lower ─► write ─► fidelity
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "converter/passes/fidelity.h"
#include "converter/passes/lower.h"
#include "converter/passes/perplexity.h"
#include "converter/passes/ranges.h"
#include "converter/program.h"

namespace kinglet::converter {

// Told what is going on: a stage's name and how much of it is done, in [0, 1].
using StageProgress = std::function<void(const char* stage, double done)>;

// What a program of grids is measured on, each as ReferenceInput::features; empty: one that is made up.
using Grids = std::function<std::vector<std::vector<float>>(const Program&)>;

struct ConvertRequest {
  std::filesystem::path source;
  std::filesystem::path output;
  std::filesystem::path tokenizer;  // of a llama2.c checkpoint; empty: none
  std::string name;                 // empty: the source's
  std::uint32_t context = 0;        // 0: the checkpoint's
  std::string part = {};            // of a checkpoint with several models: which
  unsigned threads = 1;
  Q16 q16 = Q16::kAuto;
  Grids calibrate = {};
  StageProgress progress = {};
};

struct ConvertSummary {
  std::string name;
  std::string architecture;
  std::filesystem::path output;
  std::uint64_t parameters = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t arena_bytes = 0;    // for the default limits
  std::uint64_t arena_context = 0;  // and which these are
  std::uint64_t arena_source = 0;
  std::vector<std::pair<std::string, std::size_t>> operators;  // kind, how many
  std::size_t equalized = 0;                                   // junctions
  std::vector<LinearNoise> linears;
  std::vector<StaticNoise> statics;  // of what was calibrated
  Fidelity fidelity;
  std::vector<std::string> warnings;
  double seconds = 0;
};

ConvertSummary convert(const ConvertRequest& request);

struct LoadedProgram {
  Program program;
  std::uint64_t parameters = 0;
  std::vector<std::int32_t> bos;  // bos_token_id of the checkpoint, if it has one
  std::vector<std::string> warnings;
};

// The float program of a checkpoint, with its tokenizers.
LoadedProgram load_program(const std::filesystem::path& source, const std::filesystem::path& tokenizer,
                           std::uint32_t context, const std::string& part = {});

struct CompareRequest {
  std::filesystem::path source;
  std::filesystem::path file;
  std::optional<std::string> text;  // nothing: the calibration input
  Grids calibrate = {};             // those of the conversion
  std::size_t sample = 0;           // tokens that each model writes for a perplexity; 0: none
  std::uint64_t seed = 0;           // of what they write
  unsigned threads = 1;
  StageProgress progress = {};
};

struct Comparison {
  std::string name;
  std::string architecture;
  std::size_t tokens = 0;  // of the input, on both sides
  Fidelity fidelity;
  std::vector<Perplexity> perplexities;  // of a decoder-only model, on the text given and on what was written
};

Comparison compare(const CompareRequest& request);

}  // namespace kinglet::converter
