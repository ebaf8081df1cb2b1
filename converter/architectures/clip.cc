// The two towers of CLIP (Radford et al. 2021), each a model of its own: a text's vector is that of its last token, a picture's that of its
// class token, both projected into one space. Layers have their norms before each part.
#include <utility>

#include "converter/architectures/list.h"
#include "converter/architectures/vit_encoder.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

struct Tower {
  std::string prefix;  // "text_model.", "vision_model." or nothing
  std::uint32_t width = 0, layers = 0, heads = 0, feed_forward = 0;
  float epsilon = 1e-5F;
  fb::Activation activation = fb::Activation::QuickGelu;
  fb::Mask mask = fb::Mask::Full;
};

// Sizes that are left out are those of transformers' class.
Tower read_tower(const Config& config, const std::string& prefix, std::uint32_t width, std::uint32_t heads) {
  Tower m;
  m.prefix = prefix;
  m.width = config.count_or("hidden_size", kMostWidth, width);
  m.layers = config.count_or("num_hidden_layers", kMostLayers, 12);
  m.heads = config.count_or("num_attention_heads", kMostHeads, heads);
  m.feed_forward = config.count_or("intermediate_size", kMostWidth, 4 * width);
  m.epsilon = config.positive_or("layer_norm_eps", 1e-5F);
  m.activation = config.activation_or("hidden_act", "quick_gelu");
  if (m.width % m.heads != 0) config.reject("num_attention_heads", "expected a divisor of hidden_size");
  return m;
}

// Transformers 5 names the tensors of a tower that it saves by itself and without a projection as if there were no tower.
std::string prefix_of(const Builder& b, const std::string& tower) {
  return b.has("embeddings.position_embedding.weight") ? "" : tower;
}

Rows layer(Builder& b, Rows x, const Tower& m, const std::string& name) {
  const std::uint32_t d = m.width;
  const std::string self = name + "self_attn.";
  b.scope(name + "self_attn");
  x = self_attention(b, x,
                     {.qkv = projections(b, {self + "q_proj", self + "k_proj", self + "v_proj"}, {d, d, d}, d),
                      .out = projection(b, self + "out_proj", d, d),
                      .norm = layer_norm(b, name + "layer_norm1", d, m.epsilon),
                      .heads = m.heads,
                      .mask = m.mask},
                     true);
  b.scope(name + "mlp");
  return feed_forward(b, x,
                      {.up = projection(b, name + "mlp.fc1", m.feed_forward, d),
                       .down = projection(b, name + "mlp.fc2", d, m.feed_forward),
                       .norm = layer_norm(b, name + "layer_norm2", d, m.epsilon),
                       .activation = m.activation},
                      true);
}

Rows layers(Builder& b, Rows x, const Tower& m) {
  for (std::uint32_t i = 0; i < m.layers; ++i) x = layer(b, x, m, numbered(m.prefix + "encoder.layers.", i));
  return x;
}

// One row normed, and projected where the checkpoint has it (…WithProjection): the vector, not brought to length 1.
void vector(Builder& b, Rows row, const Config& config, const Tower& m, const std::string& norm,
            const std::string& projected) {
  b.model().task = fb::Task::Embed;
  b.scope(projected);
  row = b.norm(row, layer_norm(b, m.prefix + norm, m.width, m.epsilon));
  if (b.has(projected + ".weight"))
    row = b.linear(row, b.matrix(projected + ".weight", config.count_or("projection_dim", kMostWidth, 512), m.width));
  b.output(row);
}

}  // namespace

Checkpoint clip_tower(Checkpoint checkpoint, const std::string& part) {
  const Config config(checkpoint.config);
  check_common(config);
  for (const std::string& name :
       config.has("architectures") ? config.texts("architectures") : std::vector<std::string>{}) {
    if (name.find("For") != name.npos) config.reject("architectures", "supported: CLIPModel");
  }
  if (part != "text" && part != "vision")
    throw Error(
        "config.json: this is all of CLIP, and a file holds one of its towers; say which by --part text or --part "
        "vision");
  nlohmann::json tower = config.object(part + "_config").json();
  tower["model_type"] = "clip_" + part + "_model";
  if (config.has("projection_dim")) tower["projection_dim"] = config.at("projection_dim");
  const std::string projection = part == "text" ? "text_projection." : "visual_projection.";
  std::erase_if(checkpoint.tensors, [&](const auto& tensor) {
    return !tensor.first.starts_with(part + "_model.") && !tensor.first.starts_with(projection);
  });
  checkpoint.config = std::move(tower);
  return checkpoint;
}

void build_clip_text(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  Tower m = read_tower(config, prefix_of(b, "text_model."), 512, 8);
  m.mask = fb::Mask::Causal;
  const std::uint32_t vocabulary = config.count_or("vocab_size", kMostTokens, 49408);
  const std::uint32_t longest = config.count_or("max_position_embeddings", kMostPositions, 77);
  const std::string tables = m.prefix + "embeddings.";
  b.begin_encode();
  const Rows x =
      layers(b,
             b.embed({.tokens = b.matrix(tables + "token_embedding.weight", vocabulary, m.width),
                      .positions = keep_float(b, b.matrix(tables + "position_embedding.weight", longest, m.width))},
                     m.width),
             m);
  fb::ModelT& model = b.model();
  model.source = positions(options, longest, longest, "the checkpoint has no more (max_position_embeddings)");
  model.vocabulary = model.source_vocabulary = vocabulary;
  set_generation(b);
  vector(b, b.pool(x, fb::Pooling::Last), config, m, "final_layer_norm", "text_projection");
}

void build_clip_vision(Builder& b, const ConvertOptions&) {
  const Config config(b.config());
  const Tower m = read_tower(config, prefix_of(b, "vision_model."), 768, 12);
  PatchSpec spec = read_patches(config, 32);
  spec.projection = m.prefix + "embeddings.patch_embedding";
  spec.before = {m.prefix + "embeddings.class_embedding"};
  spec.positions = m.prefix + "embeddings.position_embedding.weight";
  Rows x = patches(b, config, spec, kClipProcessor);
  x = layers(b, b.norm(x, layer_norm(b, m.prefix + "pre_layrnorm", m.width, m.epsilon)), m);
  vector(b, b.pool(x, fb::Pooling::First), config, m, "post_layernorm", "visual_projection");
}

}  // namespace kinglet::converter
