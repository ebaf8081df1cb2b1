// See leftovers.h.
#include "converter/architectures/leftovers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace kinglet::converter {
namespace {

// Masks, rotary tables, computed positions, and heads of BERT's training or of other tasks than the one converted.
bool kept_by_training(std::string_view name) {
  constexpr std::array<std::string_view, 10> kEnds{".attn.bias",
                                                   ".attn.masked_bias",
                                                   "attention.bias",
                                                   "attention.masked_bias",
                                                   "rotary_emb.inv_freq",
                                                   "embed_positions.weights",
                                                   "embed_positions._float_tensor",
                                                   "embeddings.mask_token",
                                                   "position_ids",
                                                   "token_type_ids"};
  constexpr std::array<std::string_view, 3> kParts{"pooler.dense.", "cls.seq_relationship.", "embed_positions.weight"};
  return std::ranges::any_of(kEnds, [&](auto end) { return name.ends_with(end); }) ||
         std::ranges::any_of(kParts, [&](auto part) { return name.find(part) != std::string_view::npos; });
}

// Equal, byte for byte, to a tensor that is read.
bool is_copy(const Checkpoint& checkpoint, const Tensor& tensor, const std::vector<std::string>& unused) {
  return std::ranges::any_of(checkpoint.tensors, [&](const auto& entry) {
    const Tensor& other = entry.second;
    return &other != &tensor && other.type == tensor.type && other.shape == tensor.shape &&
           other.interleaved == tensor.interleaved && std::ranges::find(unused, entry.first) == unused.end() &&
           std::memcmp(other.bytes.data(), tensor.bytes.data(), tensor.bytes.size()) == 0;
  });
}

}  // namespace

std::vector<std::string> missed(const Checkpoint& checkpoint, const std::vector<std::string>& unused) {
  std::vector<std::string> names;
  for (const std::string& name : unused) {
    const Tensor* tensor = checkpoint.find(name);
    if (!kept_by_training(name) && (tensor == nullptr || !is_copy(checkpoint, *tensor, unused))) names.push_back(name);
  }
  return names;
}

}  // namespace kinglet::converter
