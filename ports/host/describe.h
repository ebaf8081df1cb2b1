// A model's program in words: what each operator reads, with which weights, and what it leaves.
#pragma once

#include <string>
#include <vector>

#include "kinglet/plan.h"
#include "model_generated.h"

namespace kinglet::host {

struct Described {
  std::string kind;                 // "Linear"
  std::string name;                 // where it comes from
  std::string detail;               // "silu, residual"
  std::vector<std::string> inputs;  // "%3 q8 [rows, 64]", or columns of it: "%3[64:128] f32 [rows, 64]"
  std::vector<std::string> outputs;
  std::vector<std::string> weights;  // "model.norm.weight f32 [1, 64]"
  std::vector<std::string> states;   // "#0 [context, 4 x 16]"
};

Described describe(const fb::Model& root, const fb::Function& function, const fb::Operator& op);

std::string weight_text(const fb::Weight& weight);  // "int8 [512, 64]"
std::string task_text(fb::Task task);
std::string tokenizer_text(const fb::Tokenizer& tokenizer);  // "byte-level BPE, 512 tokens"

// A picture of the working memory: one line per operator, the memory from left to right; letters are values, '~' scratch. Long
// programs show their beginning and end only, unless `all`.
std::string memory_map(const Plan& plan, bool encode, bool all);

// The whole arena, its parts in proportion.
std::string arena_map(const Plan& plan);

}  // namespace kinglet::host
