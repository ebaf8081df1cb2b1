// Builder: what an architecture file writes with. Reads like the paper: rows in, rows out, weights by their checkpoint names.
//
//     Rows x = b.embed({.tokens = w.matrix("model.embed_tokens.weight", vocabulary, d)});
//     for (int i = 0; i < layers; ++i) {
//       Rows h = b.norm(x, w.rms(layer + "input_layernorm.weight", d, eps));
//       …
//       x = b.linear(attended, w.matrix(layer + "self_attn.o_proj.weight", d, d), {.residual = x});
//     }
//
// Everything is float here; the passes decide what is quantized. A missing tensor or a wrong shape is remembered and the
// build goes on, so that `finish` names all of them at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint.h"
#include "program.h"

namespace kinglet::converter {

// Columns [first, first + width) of a value of the function being built.
struct Rows {
  int value = -1;
  std::uint32_t first = 0;
  std::uint32_t width = 0;

  bool empty() const { return value < 0; }
  Rows columns(std::uint32_t begin, std::uint32_t count) const { return {value, first + begin, count}; }
};

// Index of a weight in the program; -1: none.
struct WeightRef {
  int index = -1;
};

struct NormSpec {
  fb::NormKind kind = fb::NormKind::Layer;
  WeightRef gain = {};
  WeightRef bias = {};
  float epsilon = 1e-5F;
  std::uint32_t group = 0;  // 0: the whole row
  Rows residual = {};       // added after normalizing
};

struct EmbedSpec {
  WeightRef tokens;
  WeightRef positions = {};
  WeightRef types = {};
  float scale = 1;
};

struct LinearSpec {
  WeightRef bias = {};
  fb::Activation activation = fb::Activation::None;
  float cap = 0;
  Rows residual = {};
  WeightRef up = {};  // gated: times x U^T + up_bias
  WeightRef up_bias = {};
};

struct AttentionSpec {
  Rows query;
  Rows key = {};  // empty: from the state
  Rows value = {};
  int state = -1;
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  fb::Mask mask = fb::Mask::Causal;
  std::uint32_t window = 0;
  float scale = 0;  // 0: 1 / sqrt(head_dim)
  float cap = 0;
  Rows angles = {};
  WeightRef bias = {};
};

struct RecurrentSpec {
  fb::Cell cell = fb::Cell::Lstm;
  WeightRef weight;  // [gates * hidden, hidden]; GruOriginal: [2 * hidden, hidden]
  WeightRef bias = {};
  WeightRef candidate = {};  // GruOriginal
  WeightRef candidate_bias = {};
  int state = -1;
  int initial = -1;
  bool reverse = false;
};

struct AlignSpec {
  Rows query;
  int state = -1;
  fb::Score score = fb::Score::Dot;
  WeightRef v = {};
  float scale = 1;
  fb::Place place = fb::Place::Everywhere;
  std::uint32_t window = 0;
  Rows centre = {};
  bool hard = false;
};

// Where a window's places lie, as of the schema's Conv2d.
struct WindowSpec {
  fb::Size kernel{1, 1};
  fb::Size stride{1, 1};
  fb::Size padding{0, 0};  // above and to the left
  fb::Size dilation{1, 1};
  fb::Size output{0, 0};  // 0: as much as fits when there is as much padding below and to the right
};

struct ConvSpec {
  WindowSpec window;
  WeightRef bias = {};
  fb::Activation activation = fb::Activation::None;
  Rows residual = {};
  std::uint32_t groups = 1;
};

class Builder {
 public:
  explicit Builder(const Checkpoint& checkpoint);

  const nlohmann::json& config() const { return checkpoint_.config; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  fb::ModelT& model() { return program_.model; }

  // ---- weights. Names are the checkpoint's; shapes are checked. The same tensor asked for twice is stored once.
  bool has(std::string_view name) const;
  WeightRef matrix(const std::string& name, std::uint32_t rows, std::uint32_t columns);      // [rows, columns]
  WeightRef transposed(const std::string& name, std::uint32_t rows, std::uint32_t columns);  // stored [columns, rows]
  WeightRef stacked(const std::vector<std::string>& names, const std::vector<std::uint32_t>& rows,
                    std::uint32_t columns);
  WeightRef vector(const std::string& name, std::uint32_t width);  // f32
  WeightRef stacked_vector(const std::vector<std::string>& names, const std::vector<std::uint32_t>& widths);
  // Rows [first, first + rows) of a tensor whose full shape is [total, columns].
  WeightRef matrix_rows(const std::string& name, std::uint32_t total, std::uint32_t first, std::uint32_t rows,
                        std::uint32_t columns);
  WeightRef vector_part(const std::string& name, std::uint32_t total, std::uint32_t first, std::uint32_t width);
  // A tensor of more dimensions as it is stored, [first dimension, all others], for what an architecture makes of it.
  WeightSource stored(const std::string& name, const std::vector<std::uint64_t>& shape);
  // Any other source (permuted rows, a computed table). `type` Int8 for matrices, Float32 for vectors and small tables.
  WeightRef source(WeightSource source, fb::WeightType type);
  WeightRef constant(const std::string& name, std::uint32_t rows, std::uint32_t columns, std::vector<float> values,
                     fb::WeightType type);
  WeightSource& edit(WeightRef weight) { return program_.sources[static_cast<std::size_t>(weight.index)]; }

  NormSpec rms(const std::string& gain, std::uint32_t width, float epsilon);
  NormSpec layer_norm(const std::string& prefix, std::uint32_t width,
                      float epsilon);  // prefix + ".weight", ".bias" (bias optional)

  // ---- functions. Operators go to the function begun last.
  void begin_encode();
  void begin_step();
  void output(Rows rows);  // what the caller reads
  bool has_row_per_token(Rows rows) const { return extent_of(rows) == fb::Extent::Rows; }
  void sequential() { function_->sequential = true; }         // a call runs the operators row after row
  void scope(std::string name) { scope_ = std::move(name); }  // names of the operators that follow

  // ---- operators
  Rows embed(const EmbedSpec& spec, std::uint32_t width);
  Rows rotary_angles(WeightRef frequencies, std::uint32_t n, float scale = 1);
  Rows norm(Rows x, const NormSpec& spec);
  Rows linear(Rows x, WeightRef weight, const LinearSpec& spec = {});
  Rows attention(const AttentionSpec& spec);
  void cache_key_value(Rows key, Rows value, int state);
  Rows gate(Rows gate, Rows up, fb::Activation activation);
  Rows activate(Rows x, fb::Activation activation);
  Rows add(Rows left, Rows right, fb::Activation activation = fb::Activation::None);
  Rows select(Rows x);
  Rows pool(Rows x, fb::Pooling pooling, std::uint32_t row = 0);  // row: of First, those before it
  Rows recurrent(Rows gates, const RecurrentSpec& spec);
  Rows recall(int state, int initial);
  void keep(Rows x, int state);
  Rows concat(const std::vector<Rows>& parts, fb::Extent extent = fb::Extent::Rows);
  Rows align(const AlignSpec& spec);
  // What `encode` reads is a grid. gain and shift: of bytes, one per channel; none: it reads floats only.
  void input(fb::Size grid, std::uint32_t channels, WeightRef gain = {}, WeightRef shift = {});
  // Of a grid, or (empty rows) of the input.
  Rows conv2d(Rows x, WeightRef weight, const ConvSpec& spec);
  Rows depthwise_conv2d(Rows x, WeightRef weight, const ConvSpec& spec);
  Rows pool2d(Rows x, fb::PoolKind kind, const WindowSpec& window);
  Rows adaptive_pool2d(Rows x, fb::PoolKind kind, fb::Size output);
  Rows regions(Rows x, WeightRef before = {}, WeightRef positions = {});
  fb::Size grid_of(Rows rows) const;  // of the input where there are none; (0, 0): no grid
  int state(fb::StateExtent extent, std::uint32_t heads, std::uint32_t head_dim, std::uint32_t value_dim = 0);

  // Throws one Error that names every missing tensor and wrong shape; computes last_use of every value.
  Program finish();

 private:
  WeightRef add_weight(const std::string& key, fb::WeightType type, WeightSource source);
  WeightRef known(const std::string& key) const;
  const Tensor* tensor(const std::string& name,
                       const std::vector<std::uint64_t>& shape);  // nullptr: a problem was noted
  int add_value(std::uint32_t width, fb::Extent extent, fb::Size grid = {});
  std::uint32_t width_of(int value) const;
  fb::Extent extent_of(Rows rows) const;
  const fb::StateT& state_at(int state) const { return *program_.model.states[static_cast<std::size_t>(state)]; }
  int whole(Rows rows);  // the value itself, or a copy of the columns asked for; -1 for none
  Rows emit(fb::OperatorT op, const std::string& name, std::uint32_t width, fb::Extent extent, fb::Size grid = {});
  Rows emit_like(fb::OperatorT op, const std::string& name, std::uint32_t width, Rows like);
  fb::Size output_of(const WindowSpec& window, fb::Size input, const std::string& name);
  void add_operator(fb::OperatorT op, const std::string& name);
  std::string weight_name(WeightRef weight) const;
  void problem(const std::string& where, const std::string& what);
  void require(bool holds, const std::string& what);  // about the operator being added

  const Checkpoint& checkpoint_;
  std::shared_ptr<const void> mappings_;  // held by every source
  Program program_;
  fb::FunctionT* function_ = nullptr;
  std::string scope_;
  std::vector<std::string> problems_;
  std::map<std::string, int> known_;  // weight key → index
  std::set<std::string, std::less<>> used_;
};

// Computes Value.last_use of every function; called after anything that changes operators.
void compute_last_use(fb::ModelT& model);

}  // namespace kinglet::converter
