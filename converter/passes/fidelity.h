// fidelity: a finished file against the float program, on the same input: every operator's result, and the output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "converter/passes/recording.h"
#include "kinglet/model.h"

namespace kinglet::converter {

// How one operator's int8 result compares with its float result, over all recorded rows.
struct OperatorFidelity {
  bool encode = false;
  std::size_t op = 0;
  std::string name;
  std::string kind;  // "Linear"
  bool q16 = false;  // a Linear with 16-bit input
  double snr_db = 0;
  double cosine = 0;
};

struct Fidelity {
  std::vector<OperatorFidelity> operators;  // in the order in which they run
  std::size_t rows = 0;                     // output rows compared
  double snr_db = 0;                        // of the output
  double cosine = 0;                        // mean over rows
  bool distribution = false;                // the output rows are logits, so that the following mean something
  double kl = 0;                            // mean of KL(float || int8), in nats
  double top1 = 0;                          // share of rows with the same best entry

  const OperatorFidelity* worst() const;  // the operator with the lowest SNR
};

// Throws Error where the file's operators are not those of the checkpoint's program.
void check_same_program(const Model& model, const Program& program);

// Runs the model on all inputs of the recording's equalized program; where there are several, each is recorded anew by itself. Throws Error
// where the model is not that program's, or does not run.
Fidelity measure_fidelity(const Model& model, const Program& program, const std::vector<ReferenceInput>& inputs,
                          const Recording& recording, unsigned threads);

}  // namespace kinglet::converter
