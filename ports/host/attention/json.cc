// Attention for programs (picture.h).
#include "json.h"

#include <algorithm>

#include "attention/maps.h"

namespace kinglet::host {
namespace {

// Numbers are floats here, so that they are written with as many digits as a float needs.
using FloatJson =
    nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

FloatJson nested(const AttentionLayer& layer) {
  FloatJson heads = FloatJson::array();
  auto from = layer.weights.begin();
  for (std::uint32_t head = 0; head < layer.heads; ++head) {
    FloatJson rows = FloatJson::array();
    for (std::uint32_t row = 0; row < layer.rows; ++row, from += layer.columns)
      rows.push_back(std::vector<float>(from, from + layer.columns));
    heads.push_back(std::move(rows));
  }
  return heads;
}

// For each output token the source token that it looks at most.
FloatJson alignment(const AttentionPicture& picture) {
  FloatJson best = FloatJson::array();
  const auto telling = telling_layer(picture);
  if (!telling) return best;
  const AttentionLayer& layer = picture.layers[*telling];
  const bool reads_source = layer.kind == AttentionKind::kCross || layer.kind == AttentionKind::kAlign;
  if (!reads_source || layer.columns == 0) return best;
  const std::vector<float> mean = mean_of_heads(layer).weights;
  for (auto row = mean.begin(); row != mean.end(); row += layer.columns)
    best.push_back(std::max_element(row, row + layer.columns) - row);
  return best;
}

}  // namespace

std::string attention_json(const AttentionPicture& picture) {
  FloatJson json = {
      {"model", picture.title},          {"source_text", picture.source_text}, {"target_text", picture.target_text},
      {"source", picture.source},        {"target", picture.target},           {"decoder_input", picture.decoder_input},
      {"alignment", alignment(picture)}, {"layers", FloatJson::array()}};
  for (const auto& layer : picture.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"kind", kind_name(layer.kind)},
                              {"heads", layer.heads},
                              {"rows", layer.rows},
                              {"columns", layer.columns},
                              {"weights", nested(layer)}});
  }
  return json.dump(-1, ' ', false, FloatJson::error_handler_t::replace) + "\n";
}

}  // namespace kinglet::host
