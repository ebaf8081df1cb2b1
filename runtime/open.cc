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

// Everything behind the container, in order. A question that is answered with no is false and leaves in `failure` why, as a Checker's is.
class Verifier {
 public:
  Verifier(const fb::Model& root, std::uint64_t file_bytes) : root_(root), file_bytes_(file_bytes) {}

  bool verify_weights();
  bool verify_limits();
  bool verify_input();
  bool verify_states();
  bool verify_functions(const Model& model);
  bool verify_generation();
  bool verify_texts();
  const Status& failure() const { return failure_; }

 private:
  bool keep(const Status& status) {
    failure_ = status;
    return status.ok();
  }
  bool refuse(Code code, Message message, std::uint64_t subject = 0);
  bool bad(Message message, std::uint32_t subject = 0);

  bool verify_weight(const fb::Weight& weight, std::uint32_t index);
  bool verify_vector(int index, std::uint32_t width);
  bool verify_function(const Model& model, const fb::Function& function, bool encode, std::uint32_t& next_state);
  bool verify_tokens(const flatbuffers::Vector<std::int32_t>* tokens, std::uint32_t vocabulary);

  const fb::Model& root_;
  std::uint64_t file_bytes_;
  Status failure_;
};

bool Verifier::refuse(Code code, Message message, std::uint64_t subject) {
  failure_ = {code, message, subject};
  return false;
}

bool Verifier::bad(Message message, std::uint32_t subject) { return refuse(Code::kBadFile, message, subject); }

bool Verifier::verify_weight(const fb::Weight& weight, std::uint32_t index) {
  const std::uint64_t segment_bytes = root_.segment_bytes();
  const std::uint64_t rows = weight.rows();
  const std::uint64_t columns = weight.columns();
  if (rows == 0 || rows > rules::kVocabulary || columns == 0 || columns > rules::kVocabulary)
    return bad("a weight's shape is out of range", index);
  if (weight.type() == fb::WeightType::Float32) {
    if (weight.layout() != fb::Layout::Plain || weight.scales() != nullptr)
      return bad("f32 weights are plain and have no scales", index);
    if (!inside(*weight.data(), round_up(rows * columns, kLanes) * sizeof(float), segment_bytes))
      return bad("a weight lies outside the file, or is not aligned", index);
    return true;
  }
  if (weight.type() != fb::WeightType::Int8 || weight.layout() != fb::Layout::Tile16x4)
    return refuse(Code::kUnsupported, "a weight's type or layout is not one this version reads", index);
  if (!inside(*weight.data(), round_up(rows, kLanes) * round_up(columns, 4), segment_bytes))
    return bad("a weight lies outside the file, or is not aligned", index);
  if (weight.scales() == nullptr || !inside(*weight.scales(), round_up(rows, kLanes) * sizeof(float), segment_bytes))
    return bad("a weight's scales are missing, lie outside the file, or are not aligned", index);
  return true;
}

bool Verifier::verify_weights() {
  if (root_.segment() % kAlignment != 0 || root_.segment() > file_bytes_ ||
      root_.segment_bytes() > file_bytes_ - root_.segment())
    return refuse(Code::kBadFile, "the weights segment lies outside the file: is the file complete?", root_.segment());
  if (root_.weights()->size() > rules::kWeights)
    return bad("more weights than a model may have", root_.weights()->size());
  std::uint64_t left = root_.segment_bytes();  // so that whoever reads all weights reads the file once
  for (std::uint32_t i = 0; i < root_.weights()->size(); ++i) {
    const fb::Weight& weight = *root_.weights()->Get(i);
    if (!verify_weight(weight, i)) return false;
    for (const fb::Region* region : {weight.data(), weight.scales()}) {
      if (region == nullptr) continue;
      if (region->bytes() > left) return bad("the weights are more than their segment: two of them share bytes", i);
      left -= region->bytes();
    }
  }
  return true;
}

bool Verifier::verify_limits() {
  const bool encode = root_.encode() != nullptr;
  const bool step = root_.step() != nullptr;
  if (!encode && !step) return bad("the model has no function");
  if (step && (root_.context() == 0 || root_.context() > rules::kPositions))
    return bad("the context is out of range", root_.context());
  if (encode && (root_.source() == 0 || root_.source() > rules::kPositions))
    return bad("the source is out of range", root_.source());
  if (step && (root_.vocabulary() == 0 || root_.vocabulary() > rules::kVocabulary))
    return bad("the vocabulary is out of range", root_.vocabulary());
  const bool reads_tokens = encode && root_.input() == nullptr;
  if (root_.source_vocabulary() > rules::kVocabulary || (reads_tokens && root_.source_vocabulary() == 0))
    return bad("the source vocabulary is out of range", root_.source_vocabulary());
  if (root_.types() == 0 || root_.types() > 256) return bad("the number of token types is out of range", root_.types());
  if (root_.task() > fb::Task::MAX) return refuse(Code::kUnsupported, "a task this version does not know");
  return true;
}

bool Verifier::verify_vector(int index, std::uint32_t width) {
  if (index < 0 || static_cast<std::uint32_t>(index) >= root_.weights()->size())
    return bad("the input names a weight that is not there");
  const fb::Weight& weight = *root_.weights()->Get(static_cast<std::uint32_t>(index));
  if (weight.type() != fb::WeightType::Float32 || weight.rows() != 1 || weight.columns() != width)
    return bad("the input's gain or shift has the wrong type or shape");
  return true;
}

bool Verifier::verify_input() {
  const fb::Input* input = root_.input();
  if (input == nullptr) return true;
  const fb::Size& grid = *input->grid();
  if (root_.encode() == nullptr) return bad("the model has an input but nothing that reads it");
  if (grid.height() == 0 || grid.width() == 0 || std::uint64_t{grid.height()} * grid.width() > rules::kGrid ||
      input->channels() == 0 || input->channels() > rules::kWidth)
    return bad("the input's size is out of range");
  if (input->gain() == -1 && input->shift() == -1) return true;
  return verify_vector(input->gain(), input->channels()) && verify_vector(input->shift(), input->channels());
}

bool Verifier::verify_states() {
  if (root_.states()->size() > rules::kStates) return bad("more states than a model may have", root_.states()->size());
  for (std::uint32_t i = 0; i < root_.states()->size(); ++i) {
    const fb::State& state = *root_.states()->Get(i);
    if (state.extent() > fb::StateExtent::MAX || state.heads() == 0 || state.heads() > rules::kHeads ||
        state.head_dim() == 0 || state.head_dim() > rules::kHeadDim ||
        std::uint64_t{state.heads()} * state.head_dim() > rules::kWidth || state.value_dim() > rules::kHeadDim ||
        std::uint64_t{state.heads()} * state.value_dim() > rules::kWidth ||
        (state.value_dim() != 0 && state.extent() != fb::StateExtent::Source))
      return bad("a state's shape is out of range", i);
  }
  return true;
}

bool Verifier::verify_function(const Model& model, const fb::Function& function, bool encode,
                               std::uint32_t& next_state) {
  if (function.operators()->size() == 0 || function.operators()->size() > rules::kOperators)
    return bad("the number of operators is out of range", function.operators()->size());
  Checker check(model, function, encode, next_state);
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    check.at(i);
    const bool good = ops::visit(
        *function.operators()->Get(i), [&check](const auto& op) { return ops::verify(op, check); }, false);
    if (good) continue;
    if (!check.failure().ok()) return keep(check.failure());
    return refuse(Code::kUnsupported, "an operator this version does not know", i);
  }
  next_state = check.next_state();
  return keep(check.finish());
}

bool Verifier::verify_functions(const Model& model) {
  std::uint32_t next_state = 0;
  for (const bool encode : {true, false}) {
    const fb::Function* function = encode ? root_.encode() : root_.step();
    if (function != nullptr && !verify_function(model, *function, encode, next_state)) return false;
  }
  return next_state == root_.states()->size() || refuse(Code::kBadFile, "a state is filled by no operator", next_state);
}

bool Verifier::verify_tokens(const flatbuffers::Vector<std::int32_t>* tokens, std::uint32_t vocabulary) {
  if (tokens == nullptr) return true;
  for (const std::int32_t token : *tokens) {
    if (token < 0 || static_cast<std::uint32_t>(token) >= vocabulary)
      return bad("a token for decoding is not in the vocabulary", static_cast<std::uint32_t>(token));
  }
  return true;
}

bool Verifier::verify_generation() {
  const fb::Generation* generation = root_.generation();
  if (generation == nullptr) return true;
  const std::uint32_t vocabulary = root_.step() != nullptr ? root_.vocabulary() : root_.source_vocabulary();
  for (const auto* tokens :
       {generation->start(), generation->stop(), generation->suppressed(), generation->suppressed_first()}) {
    if (!verify_tokens(tokens, vocabulary)) return false;
  }
  if (!verify_tokens(generation->source_suffix(), root_.encode() != nullptr ? root_.source_vocabulary() : vocabulary))
    return false;
  if (generation->languages() != nullptr) {
    for (const fb::Language* language : *generation->languages()) {
      if (!verify_tokens(language->tokens(), vocabulary)) return false;
    }
  }
  for (const std::int32_t token : {generation->forced(), generation->padding()}) {
    if (token < -1 || (token >= 0 && static_cast<std::uint32_t>(token) >= vocabulary))
      return bad("a token for decoding is not in the vocabulary");
  }
  return true;
}

bool Verifier::verify_texts() {
  const std::uint32_t source = root_.encode() != nullptr ? root_.source_vocabulary() : root_.vocabulary();
  const std::uint32_t target = root_.step() != nullptr ? root_.vocabulary() : root_.source_vocabulary();
  if (root_.tokenizer() != nullptr && !keep(verify_tokenizer(*root_.tokenizer(), source))) return false;
  const fb::Tokenizer* out = root_.target_tokenizer() != nullptr ? root_.target_tokenizer() : root_.tokenizer();
  if (out == nullptr || (out == root_.tokenizer() && target >= source)) return true;
  return keep(verify_tokenizer(*out, target));
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
  Verifier verifier(**root, bytes.size());
  if (!verifier.verify_weights()) return verifier.failure();
  model.segment_ = bytes.data() + (*root)->segment();
  if (!verifier.verify_limits() || !verifier.verify_input() || !verifier.verify_states() ||
      !verifier.verify_functions(model) || !verifier.verify_generation() || !verifier.verify_texts())
    return verifier.failure();
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
