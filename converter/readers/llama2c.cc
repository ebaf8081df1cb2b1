#include "converter/readers/llama2c.h"

#include <bit>
#include <cstring>
#include <utility>

#include "converter/error.h"
#include "converter/readers/mapping.h"

namespace kinglet::converter {
namespace {

struct Header {
  std::int32_t dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len;
};
constexpr std::size_t kHeaderBytes = 28;
constexpr std::int32_t kMagic = 0x616b3432;  // of the later versions, which are laid out otherwise

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(what + " in " + where + ": expected a llama2.c checkpoint of version 0 (export.py --version 0)");
}

std::int32_t int32_at(std::span<const std::byte> file, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(file[offset + i]) << (8 * i);
  return std::bit_cast<std::int32_t>(value);
}

Header read_header(std::span<const std::byte> file, const std::string& where) {
  if (file.size() < kHeaderBytes) fail(where, "fewer than 28 bytes");
  const Header h{int32_at(file, 0),  int32_at(file, 4),  int32_at(file, 8), int32_at(file, 12),
                 int32_at(file, 16), int32_at(file, 20), int32_at(file, 24)};
  if (h.dim == kMagic) fail(where, "a later version of the format");
  const auto within = [](std::int32_t n, std::int32_t most) { return n >= 1 && n <= most; };
  // Bounds keep every product below 2^63.
  const std::int64_t vocabulary = std::abs(std::int64_t{h.vocab_size});
  const bool sizes = within(h.dim, 1 << 17) && within(h.hidden_dim, 1 << 17) && within(h.n_layers, 1024) &&
                     within(h.n_heads, 4096) && within(h.n_kv_heads, 4096) && vocabulary >= 1 &&
                     vocabulary <= (1 << 20) && within(h.seq_len, 1 << 20);
  if (!sizes) fail(where, "sizes that no model has");
  if (h.dim % h.n_heads != 0 || (h.dim / h.n_heads) % 2 != 0 || h.n_heads % h.n_kv_heads != 0)
    fail(where, "heads that do not divide the model");
  return h;
}

// Takes one tensor after the other from the file.
class Cursor {
 public:
  Cursor(std::span<const std::byte> rest, std::string where, Checkpoint& checkpoint)
      : rest_(rest),
        where_(std::move(where)),
        checkpoint_(checkpoint) {}

  std::span<const std::byte> take(std::uint64_t elements) {
    if (elements > rest_.size() / 4) fail(where_, "fewer tensors than its header announces");
    const auto bytes = static_cast<std::size_t>(elements * 4);
    const auto taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

  void tensor(const std::string& name, std::vector<std::uint64_t> shape, std::uint64_t interleaved = 0) {
    Tensor tensor{
        .name = name, .type = DType::kF32, .shape = std::move(shape), .bytes = {}, .interleaved = interleaved};
    tensor.bytes = take(tensor.elements());
    checkpoint_.tensors.emplace(name, std::move(tensor));
  }

  // One tensor of this shape for each layer.
  void layers(std::int32_t count, const std::string& name, const std::vector<std::uint64_t>& shape,
              std::uint64_t interleaved = 0) {
    for (std::int32_t i = 0; i < count; ++i)
      tensor("model.layers." + std::to_string(i) + "." + name, shape, interleaved);
  }

  bool done() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  std::string where_;
  Checkpoint& checkpoint_;
};

nlohmann::json config_of(const Header& h) {
  // llama2.c ends a text at token 1 or 2, and begins it with 1.
  return {{"model_type", "llama2c"},
          {"hidden_size", h.dim},
          {"intermediate_size", h.hidden_dim},
          {"num_hidden_layers", h.n_layers},
          {"num_attention_heads", h.n_heads},
          {"num_key_value_heads", h.n_kv_heads},
          {"head_dim", h.dim / h.n_heads},
          {"vocab_size", std::abs(std::int64_t{h.vocab_size})},
          {"max_position_embeddings", h.seq_len},
          {"hidden_act", "silu"},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", h.vocab_size > 0},
          {"bos_token_id", 1},
          {"eos_token_id", {1, 2}}};
}

}  // namespace

Checkpoint read_llama2c(std::span<const std::byte> file, const std::string& where) {
  const Header h = read_header(file, where);
  Checkpoint checkpoint;
  checkpoint.config = config_of(h);
  const auto d = static_cast<std::uint64_t>(h.dim), hidden = static_cast<std::uint64_t>(h.hidden_dim);
  const auto head_dim = static_cast<std::uint64_t>(h.dim / h.n_heads),
             kv = head_dim * static_cast<std::uint64_t>(h.n_kv_heads);
  const auto vocabulary = static_cast<std::uint64_t>(std::abs(std::int64_t{h.vocab_size}));

  Cursor cursor(file.subspan(kHeaderBytes), where, checkpoint);
  cursor.tensor("model.embed_tokens.weight", {vocabulary, d});
  cursor.layers(h.n_layers, "input_layernorm.weight", {d});
  cursor.layers(h.n_layers, "self_attn.q_proj.weight", {d, d}, head_dim);
  cursor.layers(h.n_layers, "self_attn.k_proj.weight", {kv, d}, head_dim);
  cursor.layers(h.n_layers, "self_attn.v_proj.weight", {kv, d});
  cursor.layers(h.n_layers, "self_attn.o_proj.weight", {d, d});
  cursor.layers(h.n_layers, "post_attention_layernorm.weight", {d});
  cursor.layers(h.n_layers, "mlp.gate_proj.weight", {hidden, d});
  cursor.layers(h.n_layers, "mlp.down_proj.weight", {d, hidden});
  cursor.layers(h.n_layers, "mlp.up_proj.weight", {hidden, d});
  cursor.tensor("model.norm.weight", {d});
  // Tables of cosines and sines that the format once needed; ours are computed.
  cursor.take(static_cast<std::uint64_t>(h.seq_len) * (head_dim / 2));
  cursor.take(static_cast<std::uint64_t>(h.seq_len) * (head_dim / 2));
  if (h.vocab_size < 0) cursor.tensor("lm_head.weight", {vocabulary, d});
  if (!cursor.done()) fail(where, "more bytes than its header announces");
  return checkpoint;
}

Checkpoint read_llama2c(const std::filesystem::path& path) {
  auto mapping = Mapping::open(path);
  Checkpoint checkpoint = read_llama2c(mapping->bytes(), path.string());
  checkpoint.path = path;
  checkpoint.mappings.push_back(std::move(mapping));
  return checkpoint;
}

}  // namespace kinglet::converter
