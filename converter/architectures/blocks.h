// Building blocks that several architectures share: names, tables, limits, and the layers of the paper.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "converter/architectures/architectures.h"
#include "converter/architectures/config.h"
#include "converter/builder.h"

namespace kinglet::converter {

// ---- names

std::string numbered(const std::string& prefix, std::uint32_t i);  // ("layers.", 3) → "layers.3."

// The first of `prefixes` under which the checkpoint has `name`; the first of all where none has it, so that the
// message about the missing tensor gives the usual name.
std::string find_prefix(const Builder& b, std::initializer_list<std::string_view> prefixes, std::string_view name);
std::string find_name(const Builder& b, std::initializer_list<std::string> names);

// ---- weights

// Replaces a weight's floats by `form` of them, of another shape if need be: for tensors stored otherwise than
// operators read.
void rewrite(Builder& b, WeightRef weight, std::uint32_t rows, std::uint32_t columns,
             std::function<std::vector<float>(const std::vector<float>&)> form);

// Positions and token types stay float: they are small, and outliers in them (GPT-2's) would drown the rest in int8.
WeightRef keep_float(Builder& b, WeightRef table);

// A float table of computed positions [count, width].
WeightRef sinusoid_table(Builder& b, std::uint32_t count, std::uint32_t width,
                         std::function<void(std::uint32_t position, std::span<float> row)> fill);

// fairseq's, in float as transformers computes them: sines of all rates, then cosines, of positions counted from `first`; the last of an
// odd number of columns is zero. Rows have 4 columns or more.
std::function<void(std::uint32_t position, std::span<float> row)> fairseq_sinusoid(std::uint32_t first);

// LayerNorm under `prefix`, by its present names (.weight, .bias) or those of 2018 (.gamma, .beta).
NormSpec layer_norm(Builder& b, const std::string& prefix, std::uint32_t width, float epsilon);

struct Projection {
  WeightRef weight;
  WeightRef bias = {};
};
Projection projection(Builder& b, const std::string& name, std::uint32_t rows, std::uint32_t columns, bool bias = true);
// Several tensors of `columns` inputs as one matrix: their outputs lie side by side.
Projection projections(Builder& b, const std::vector<std::string>& names, const std::vector<std::uint32_t>& rows,
                       std::uint32_t columns, bool bias = true);

// Rows [first, first + rows) of a tensor with `total`.
Projection projection_rows(Builder& b, const std::string& name, std::uint32_t total, std::uint32_t first,
                           std::uint32_t rows, std::uint32_t columns, bool bias = true);

Rows linear(Builder& b, Rows x, const Projection& p, LinearSpec spec = {});
// activation(gate(x)) * up(x)
Rows gated(Builder& b, Rows x, const Projection& gate, const Projection& up, fb::Activation activation);

// ---- limits and generation

// Positions a sequence may have: what --context asks for, else `usual`; never more than `most`, for the reason `why`.
std::uint32_t positions(const ConvertOptions& options, std::uint32_t usual, std::uint32_t most, const std::string& why);

// Heads divide the width; query heads are a multiple of key/value heads.
std::uint32_t head_width(const Config& config, std::string_view width_key, std::string_view heads_key);

// Stop, padding and suppressed tokens from generation_config.json and config.json (the first wins).
void set_generation(Builder& b);
// As set_generation, and the tokens that start a decoder.
void set_translation(Builder& b);
// What config.json's object `languages` says: the tokens that begin a text in each, {"en": [4], "ko": [5]}; `language` names the usual
// one, or it is the first by the alphabet.
void set_languages(Builder& b);
// In the paper a source ends in </s>. Its tokenizer adds it, if it adds anything; otherwise the decoder's caller does, unless
// config.json has a source_suffix of its own.
void set_source_suffix(Builder& b);
// All that a translator of Kinglet's own config.json forms says beside its functions; source and target have `positions` at most.
void set_translator(Builder& b, std::uint32_t source_vocabulary, std::uint32_t target_vocabulary,
                    std::uint32_t positions);

// A sentence about the conversion that its summary shows (property "note", "note 2" …).
void note(Builder& b, const std::string& text);

// Refuses what changes a model's meaning and nobody here follows: quantized checkpoints, experts …
void check_common(const Config& config);

// ---- the layers of the paper (Vaswani et al. 2017), with the norm after each sum as there, or before each part
// ("pre-norm")

struct SelfAttention {
  Projection qkv, out;  // [3 width, width], [width, width]
  NormSpec norm;
  std::uint32_t heads = 0;
  fb::Mask mask = fb::Mask::Full;
  int state = -1;
};

struct CrossAttention {
  Projection query, key_value, out;
  NormSpec norm;
  std::uint32_t heads = 0;
  int state = -1;
  float scale = 0;  // of the scores; 0: 1 / sqrt(a head's width)
};

struct FeedForward {
  Projection up, down;
  NormSpec norm;
  fb::Activation activation = fb::Activation::Relu;
};

Rows self_attention(Builder& b, Rows x, const SelfAttention& w, bool pre_norm);
void keep_memory(Builder& b, Rows memory, const CrossAttention& w);  // the encoder's part
Rows cross_attention(Builder& b, Rows x, const CrossAttention& w, bool pre_norm);
Rows feed_forward(Builder& b, Rows x, const FeedForward& w, bool pre_norm);

// Whether the output layer has the embedding's weights: as config.json says ("tie_word_embeddings"). Where it says nothing, where that is
// `usual`, and where there are no weights of its own, `head`.
bool ties_embedding(const Builder& b, const Config& config, const std::string& head, bool usual);

// Scores over the vocabulary, of the rows whose output was asked for.
void language_head(Builder& b, Rows x, const NormSpec* norm, WeightRef weight, const LinearSpec& spec = {});

}  // namespace kinglet::converter
