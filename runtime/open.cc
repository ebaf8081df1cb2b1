// Model::open: the total verifier. The one file that sees every part that has something to check: the container, the weights,
// the program operator by operator (ops/), the tokenizers (text/). Whatever it accepts runs safely.
#include <bit>
#include <cstring>

#include "base/align.h"
#include "kinglet/model.h"
#include "kinglet/tokenizer.h"
#include "model/checker.h"
#include "model/checksum.h"
#include "model/rules.h"
#include "model/structure.h"
#include "model_generated.h"
#include "ops/ops.h"

namespace kinglet {
namespace {

Status bad(Message message, std::uint64_t subject = 0) { return {Code::kBadFile, message, subject}; }

std::uint32_t little_endian_u32(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return value;
}

Result<const fb::Model*> verify_container(std::span<const std::byte> bytes) {
  constexpr std::size_t kPrefix = 4, kSmallest = 16;
  if (bytes.size() < kSmallest) return bad("a file this short is no Kinglet model", bytes.size());
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0)
    return Status{Code::kBadArgument, "the model's address is not aligned to this many bytes", kAlignment};
  const auto* start = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (std::memcmp(start + 8, fb::ModelIdentifier(), 4) != 0)
    return bad("this is no Kinglet model: the identifier KGL1 is missing");
  const std::uint32_t size = little_endian_u32(bytes.data());
  if (size > rules::kMetadataBytes || size > bytes.size() - kPrefix)
    return bad("the file is shorter than its program says", size);
  if (!verify_structure(start, size + kPrefix)) return bad("the program's tables are damaged");
  return fb::GetSizePrefixedModel(start);
}

bool inside(const fb::Region& region, std::uint64_t needed, std::uint64_t segment_bytes) {
  return region.offset() % kAlignment == 0 && region.bytes() >= needed && region.offset() <= segment_bytes &&
         region.bytes() <= segment_bytes - region.offset();
}

Status verify_weight(const fb::Weight& weight, std::uint64_t segment_bytes, std::uint32_t index) {
  const std::uint64_t rows = weight.rows();
  const std::uint64_t columns = weight.columns();
  if (rows == 0 || rows > rules::kVocabulary || columns == 0 || columns > rules::kVocabulary)
    return bad("a weight's shape is out of range", index);
  if (weight.type() == fb::WeightType::Float32) {
    if (weight.layout() != fb::Layout::Plain || weight.scales() != nullptr)
      return bad("f32 weights are plain and have no scales", index);
    if (!inside(*weight.data(), round_up(rows * columns, kLanes) * sizeof(float), segment_bytes))
      return bad("a weight lies outside the file, or is not aligned", index);
    return {};
  }
  if (weight.type() != fb::WeightType::Int8 || weight.layout() != fb::Layout::Tile16x4)
    return {Code::kUnsupported, "a weight's type or layout is not one this version reads", index};
  if (!inside(*weight.data(), round_up(rows, kLanes) * round_up(columns, 4), segment_bytes))
    return bad("a weight lies outside the file, or is not aligned", index);
  if (weight.scales() == nullptr || !inside(*weight.scales(), round_up(rows, kLanes) * sizeof(float), segment_bytes))
    return bad("a weight's scales are missing, lie outside the file, or are not aligned", index);
  return {};
}

Status verify_weights(const fb::Model& root, std::uint64_t file_bytes) {
  if (root.segment() % kAlignment != 0 || root.segment() > file_bytes ||
      root.segment_bytes() > file_bytes - root.segment())
    return bad("the weights segment lies outside the file: is the file complete?", root.segment());
  if (root.weights()->size() > rules::kWeights)
    return bad("more weights than a model may have", root.weights()->size());
  std::uint64_t left = root.segment_bytes();  // so that whoever reads all weights reads the file once
  for (std::uint32_t i = 0; i < root.weights()->size(); ++i) {
    const fb::Weight& weight = *root.weights()->Get(i);
    if (auto s = verify_weight(weight, root.segment_bytes(), i); !s.ok()) return s;
    for (const fb::Region* region : {weight.data(), weight.scales()}) {
      if (region == nullptr) continue;
      if (region->bytes() > left) return bad("the weights are more than their segment: two of them share bytes", i);
      left -= region->bytes();
    }
  }
  return {};
}

Status verify_limits(const fb::Model& root) {
  const bool encode = root.encode() != nullptr;
  const bool step = root.step() != nullptr;
  if (!encode && !step) return bad("the model has no function");
  if (step && (root.context() == 0 || root.context() > rules::kPositions))
    return bad("the context is out of range", root.context());
  if (encode && (root.source() == 0 || root.source() > rules::kPositions))
    return bad("the source is out of range", root.source());
  if (step && (root.vocabulary() == 0 || root.vocabulary() > rules::kVocabulary))
    return bad("the vocabulary is out of range", root.vocabulary());
  const bool reads_tokens = encode && root.input() == nullptr;
  if (root.source_vocabulary() > rules::kVocabulary || (reads_tokens && root.source_vocabulary() == 0))
    return bad("the source vocabulary is out of range", root.source_vocabulary());
  if (root.types() == 0 || root.types() > 256) return bad("the number of token types is out of range", root.types());
  if (root.task() > fb::Task::MAX) return {Code::kUnsupported, "a task this version does not know"};
  return {};
}

Status verify_vector(const fb::Model& root, int index, std::uint32_t width) {
  if (index < 0 || static_cast<std::uint32_t>(index) >= root.weights()->size())
    return bad("the input names a weight that is not there");
  const fb::Weight& weight = *root.weights()->Get(static_cast<std::uint32_t>(index));
  if (weight.type() != fb::WeightType::Float32 || weight.rows() != 1 || weight.columns() != width)
    return bad("the input's gain or shift has the wrong type or shape");
  return {};
}

Status verify_input(const fb::Model& root) {
  const fb::Input* input = root.input();
  if (input == nullptr) return {};
  const fb::Size& grid = *input->grid();
  if (root.encode() == nullptr) return bad("the model has an input but nothing that reads it");
  if (grid.height() == 0 || grid.width() == 0 || std::uint64_t{grid.height()} * grid.width() > rules::kGrid ||
      input->channels() == 0 || input->channels() > rules::kWidth)
    return bad("the input's size is out of range");
  if (input->gain() == -1 && input->shift() == -1) return {};
  if (auto s = verify_vector(root, input->gain(), input->channels()); !s.ok()) return s;
  return verify_vector(root, input->shift(), input->channels());
}

Status verify_states(const fb::Model& root) {
  if (root.states()->size() > rules::kStates) return bad("more states than a model may have", root.states()->size());
  for (std::uint32_t i = 0; i < root.states()->size(); ++i) {
    const fb::State& state = *root.states()->Get(i);
    if (state.extent() > fb::StateExtent::MAX || state.heads() == 0 || state.heads() > rules::kHeads ||
        state.head_dim() == 0 || state.head_dim() > rules::kHeadDim ||
        std::uint64_t{state.heads()} * state.head_dim() > rules::kWidth || state.value_dim() > rules::kHeadDim ||
        std::uint64_t{state.heads()} * state.value_dim() > rules::kWidth ||
        (state.value_dim() != 0 && state.extent() != fb::StateExtent::Source))
      return bad("a state's shape is out of range", i);
  }
  return {};
}

Status verify_function(const Model& model, const fb::Function& function, bool encode, std::uint32_t& next_state) {
  if (function.operators()->size() == 0 || function.operators()->size() > rules::kOperators)
    return bad("the number of operators is out of range", function.operators()->size());
  Checker check(model, function, encode, next_state);
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    check.at(i);
    const bool good = ops::visit(
        *function.operators()->Get(i), [&check](const auto& op) { return ops::verify(op, check); }, false);
    if (good) continue;
    if (!check.failure().ok()) return check.failure();
    return {Code::kUnsupported, "an operator this version does not know", i};
  }
  next_state = check.next_state();
  return check.finish();
}

Status verify_tokens(const flatbuffers::Vector<std::int32_t>* tokens, std::uint32_t vocabulary) {
  if (tokens == nullptr) return {};
  for (const std::int32_t token : *tokens) {
    if (token < 0 || static_cast<std::uint32_t>(token) >= vocabulary)
      return bad("a token for decoding is not in the vocabulary", static_cast<std::uint32_t>(token));
  }
  return {};
}

Status verify_generation(const fb::Model& root) {
  const fb::Generation* generation = root.generation();
  if (generation == nullptr) return {};
  const std::uint32_t vocabulary = root.step() != nullptr ? root.vocabulary() : root.source_vocabulary();
  for (const auto* tokens :
       {generation->start(), generation->stop(), generation->suppressed(), generation->suppressed_first()}) {
    if (auto s = verify_tokens(tokens, vocabulary); !s.ok()) return s;
  }
  if (auto s =
          verify_tokens(generation->source_suffix(), root.encode() != nullptr ? root.source_vocabulary() : vocabulary);
      !s.ok())
    return s;
  if (generation->languages() != nullptr) {
    for (const fb::Language* language : *generation->languages()) {
      if (auto s = verify_tokens(language->tokens(), vocabulary); !s.ok()) return s;
    }
  }
  for (const std::int32_t token : {generation->forced(), generation->padding()}) {
    if (token < -1 || (token >= 0 && static_cast<std::uint32_t>(token) >= vocabulary))
      return bad("a token for decoding is not in the vocabulary");
  }
  return {};
}

Status verify_text(const fb::Model& root) {
  const std::uint32_t source = root.encode() != nullptr ? root.source_vocabulary() : root.vocabulary();
  const std::uint32_t target = root.step() != nullptr ? root.vocabulary() : root.source_vocabulary();
  if (root.tokenizer() != nullptr) {
    if (auto s = verify_tokenizer(*root.tokenizer(), source); !s.ok()) return s;
  }
  const fb::Tokenizer* out = root.target_tokenizer() != nullptr ? root.target_tokenizer() : root.tokenizer();
  if (out == nullptr || (out == root.tokenizer() && target >= source)) return {};
  return verify_tokenizer(*out, target);
}

}  // namespace

Result<Model> Model::open(std::span<const std::byte> bytes) {
  // Weights and tables are read in place, and a file's numbers are little-endian.
  if constexpr (std::endian::native != std::endian::little)
    return Status{Code::kUnsupported, "this machine is big-endian, and models are read on little-endian ones only"};
  auto root = verify_container(bytes);
  if (!root.ok()) return root.status();
  static_assert(rules::kVersion == 4, "as the message says");
  const std::uint32_t version = (*root)->version();
  if (version != rules::kVersion)
    return Status{Code::kUnsupported,
                  version > rules::kVersion ? "a newer Kinglet wrote the file: this one reads format 4, not"
                                            : "the file has a format that is no longer read",
                  version};
  Model model;
  model.root_ = *root;
  model.bytes_ = bytes;
  if (auto s = verify_weights(**root, bytes.size()); !s.ok()) return s;
  model.segment_ = bytes.data() + (*root)->segment();
  if (auto s = verify_limits(**root); !s.ok()) return s;
  if (auto s = verify_input(**root); !s.ok()) return s;
  if (auto s = verify_states(**root); !s.ok()) return s;
  std::uint32_t next_state = 0;
  for (const bool encode : {true, false}) {
    const fb::Function* function = encode ? (*root)->encode() : (*root)->step();
    if (function == nullptr) continue;
    if (auto s = verify_function(model, *function, encode, next_state); !s.ok()) return s;
  }
  if (next_state != (*root)->states()->size()) return bad("a state is filled by no operator", next_state);
  if (auto s = verify_generation(**root); !s.ok()) return s;
  if (auto s = verify_text(**root); !s.ok()) return s;
  return model;
}

Status Model::verify_checksums() const {
  for (std::uint32_t i = 0; i < root_->weights()->size(); ++i) {
    const fb::Weight& weight = *root_->weights()->Get(i);
    std::uint64_t sum = checksum({data(*weight.data()), static_cast<std::size_t>(weight.data()->bytes())}, 0);
    if (weight.scales() != nullptr)
      sum = checksum({data(*weight.scales()), static_cast<std::size_t>(weight.scales()->bytes())}, sum);
    if (sum != weight.checksum()) return bad("a weight's checksum does not match: the file is damaged", i);
  }
  return {};
}

const std::byte* Model::data(const fb::Region& region) const { return segment_ + region.offset(); }

bool Model::has_encoder() const { return root_->encode() != nullptr; }

bool Model::has_decoder() const { return root_->step() != nullptr; }

}  // namespace kinglet
