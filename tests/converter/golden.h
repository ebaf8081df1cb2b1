// The golden checkpoints of tests/goldens: tiny models, inputs, and what PyTorch or transformers computed of them.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "converter/reference/reference.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter::testing {

struct GoldenCase {
  ReferenceInput input;
  Floats expected;  // rows of all positions
};

// Whether `folder` holds a golden: a checkpoint with cases.json.
bool is_golden(const std::filesystem::path& folder);

// What a case of cases.json says; "grid" names a tensor of the folder's inputs.safetensors.
ReferenceInput golden_input(const nlohmann::json& one, const std::filesystem::path& folder);

// `name` is "cases" or "batch": NAME.json, with the outputs it names in expected.safetensors or batch.safetensors.
std::vector<GoldenCase> golden_cases(const std::filesystem::path& folder, const std::string& name = "cases");

// Of two lists of numbers as vectors; both of one length.
double cosine(std::span<const float> a, std::span<const float> b);

// A test's name from a folder's: letters and digits stay, the rest becomes '_'.
std::string test_name(const std::filesystem::path& folder);

}  // namespace kinglet::converter::testing
