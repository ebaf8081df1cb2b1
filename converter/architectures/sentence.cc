// See sentence.h.
#include "converter/architectures/sentence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "converter/error.h"
#include "converter/readers/safetensors.h"

namespace kinglet::converter {
namespace {

struct Module {
  std::string path;  // inside the checkpoint's directory
  std::string type;  // "Pooling"
};

std::vector<Module> read_modules(const nlohmann::json& json) {
  if (!json.is_array()) throw Error("modules.json is not a list");
  std::vector<Module> modules;
  for (const auto& entry : json) {
    const Config c(entry, "modules.json");
    const std::string type = c.text("type");
    const std::string path = c.text_or("path", "");
    if (path == ".." || path.find_first_of("/\\") != std::string::npos)
      c.reject("path", "expected a folder beside modules.json");
    modules.push_back({path, type.substr(type.rfind('.') + 1)});
  }
  return modules;
}

fb::Pooling read_pooling(const Config& c) {
  constexpr std::array<std::pair<std::string_view, fb::Pooling>, 4> kModes{{{"cls", fb::Pooling::First},
                                                                            {"mean", fb::Pooling::Mean},
                                                                            {"max", fb::Pooling::Max},
                                                                            {"lasttoken", fb::Pooling::Last}}};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kFlags{
      {{"pooling_mode_cls_token", "cls"},
       {"pooling_mode_mean_tokens", "mean"},
       {"pooling_mode_max_tokens", "max"},
       {"pooling_mode_lasttoken", "lasttoken"},
       {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"},
       {"pooling_mode_weightedmean_tokens", "weightedmean"}}};
  std::vector<std::string> modes;
  for (const auto& [flag, mode] : kFlags) {
    if (c.flag_or(flag, false)) modes.emplace_back(mode);
  }
  if (c.has("pooling_mode"))
    modes = c.at("pooling_mode").is_array() ? c.texts("pooling_mode") : std::vector{c.text("pooling_mode")};
  if (modes.size() != 1)
    throw Error(c.where() + " asks for " + std::to_string(modes.size()) + " kinds of pooling; expected one");
  for (const auto& [name, pooling] : kModes) {
    if (name == modes.front()) return pooling;
  }
  throw Error(c.where() + ": pooling by " + modes.front() + " is not supported; supported: cls, mean, max, lasttoken");
}

Rows dense(Builder& b, Rows x, const std::string& path, const Config& c) {
  const std::uint32_t in = c.count("in_features", kMostWidth);
  const std::uint32_t out = c.count("out_features", kMostWidth);
  if (in != x.width) c.reject("in_features", "expected " + std::to_string(x.width));
  const std::string function = c.text_or("activation_function", "torch.nn.modules.activation.Tanh");
  std::string name = function.substr(function.rfind('.') + 1);
  std::ranges::transform(name, name.begin(),
                         [](char ch) { return ch >= 'A' && ch <= 'Z' ? static_cast<char>(ch - 'A' + 'a') : ch; });
  const auto activation = name == "identity" ? std::optional(fb::Activation::None) : activation_by_name(name);
  if (!activation) c.reject("activation_function", "supported: Identity, ReLU, GELU, SiLU, Tanh, Sigmoid");
  const Projection weights = projection(b, path + "/linear", out, in, c.flag_or("bias", true));
  return linear(b, x, weights, {.activation = *activation});
}

}  // namespace

bool is_sentence_transformer(const Builder& b) { return side_file(b.checkpoint(), "modules.json").has_value(); }

Checkpoint with_modules(const Checkpoint& checkpoint) {
  Checkpoint whole = checkpoint;
  const auto json = side_file(checkpoint, "modules.json");
  for (const Module& module : json ? read_modules(*json) : std::vector<Module>{}) {
    if (module.type != "Dense") continue;
    Checkpoint part;
    read_safetensors(checkpoint.path / module.path / "model.safetensors", part);
    for (auto& [name, tensor] : part.tensors) {
      tensor.name = module.path + "/" + name;
      whole.tensors.insert_or_assign(tensor.name, std::move(tensor));
    }
    whole.mappings.insert(whole.mappings.end(), part.mappings.begin(), part.mappings.end());
  }
  return whole;
}

void sentence_head(Builder& b, Rows x, const ConvertOptions& options) {
  bool pooled = false;
  for (const Module& module : read_modules(*side_file(b.checkpoint(), "modules.json"))) {
    const std::string where = module.path + "/config.json";
    const auto json = module.path.empty() ? std::nullopt : side_file(b.checkpoint(), where);
    b.scope(module.path);
    if (module.type == "Transformer") continue;
    if (module.type != "Pooling" && !pooled) throw Error("modules.json: " + module.type + " stands before Pooling");
    if (module.type == "Normalize") {
      NormSpec unit_length;
      unit_length.kind = fb::NormKind::L2;
      unit_length.epsilon = 1e-12F;
      x = b.norm(x, unit_length);
    } else if (!json) {
      throw Error(where + " is missing; modules.json names it");
    } else if (module.type == "Pooling") {
      x = b.pool(x, read_pooling(Config(*json, where)));
      pooled = true;
    } else if (module.type == "Dense") {
      x = dense(b, x, module.path, Config(*json, where));
    } else {
      throw Error("modules.json: " + module.type +
                  " is not supported; supported: Transformer, Pooling, Dense, Normalize");
    }
  }
  if (!pooled) throw Error("modules.json has no Pooling");
  if (const auto json = side_file(b.checkpoint(), "sentence_bert_config.json"); json && options.context == 0) {
    b.model().source =
        std::min(b.model().source,
                 Config(*json, "sentence_bert_config.json").count_or("max_seq_length", kMostPositions, kMostPositions));
  }
  b.model().task = fb::Task::Embed;
  b.output(x);
}

}  // namespace kinglet::converter
