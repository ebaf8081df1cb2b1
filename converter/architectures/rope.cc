// See rope.h. Frequencies are computed in float, step by step as transformers does: rounding them otherwise would turn
// far positions by visibly other angles.
#include "converter/architectures/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

// The object that describes the rotation, and the type it names ("default" where there is no object).
struct Parameters {
  nlohmann::json values = nlohmann::json::object();
  std::string where;
  std::string type = "default";
  float theta = 0;
  float fraction = 1;
};

Parameters find_parameters(const Config& config, const RopeOptions& options) {
  Parameters p{.where = config.where(), .theta = config.positive_or(options.theta_key, options.theta)};
  const char* fraction_key = config.has("rotary_pct") ? "rotary_pct" : "partial_rotary_factor";
  p.fraction = config.positive_or(fraction_key, options.rotary_fraction);
  if (config.has("rope_parameters")) {
    Config found = config.object("rope_parameters");
    if (!options.layer_type.empty() && found.has(options.layer_type)) found = found.object(options.layer_type);
    p.where = found.where();
    p.values = found.json();
    p.theta = found.positive_or("rope_theta", p.theta);
    p.fraction = found.positive_or("partial_rotary_factor", p.fraction);
  } else if (options.scaled && config.has("rope_scaling")) {
    p.where = config.where() + ": rope_scaling";
    p.values = config.object("rope_scaling").json();
  }
  const Config c(p.values, p.where);
  p.type = c.text_or("rope_type", c.text_or("type", "default"));
  if (p.type == "su") p.type = "longrope";  // its name in the first Phi-3 configs
  if (p.fraction > 1)
    throw Error(p.where + ": the rotated part of a head is " + std::to_string(p.fraction) +
                " of it; expected at most 1");
  if (c.has("mrope_section")) c.reject("mrope_section", "rotary positions in several dimensions are not supported");
  return p;
}

// theta^(2i / width) for each pair i.
std::vector<float> wavelengths(float theta, std::uint32_t width) {
  std::vector<float> powers(width / 2);
  for (std::size_t i = 0; i < powers.size(); ++i)
    powers[i] = std::pow(theta, static_cast<float>(2 * i) / static_cast<float>(width));
  return powers;
}

// Meta's Llama 3.1: low frequencies divided, high ones kept, those between blended.
void scale_llama3(std::vector<float>& frequencies, const Config& c) {
  const float factor = c.positive("factor");
  const float low = c.positive("low_freq_factor");
  const float high = c.positive("high_freq_factor");
  if (!(high > low)) c.reject("high_freq_factor", "expected more than low_freq_factor");
  const auto original = static_cast<float>(c.count("original_max_position_embeddings", kMostPositions));
  for (float& f : frequencies) {
    const float wavelength = 2 * std::numbers::pi_v<float> / f;
    if (wavelength < original / high) continue;
    if (wavelength > original / low) {
      f /= factor;
    } else {
      const float smooth = (original / wavelength - low) / (high - low);
      f = (1 - smooth) * f / factor + smooth * f;
    }
  }
}

// YaRN (Peng et al. 2023): a ramp over the pairs from kept to divided frequencies, and longer cosines and sines.
void scale_yarn(Rope& rope, const Config& c, const Parameters& p, std::uint32_t width, std::uint32_t positions) {
  const std::uint32_t original = c.count_or("original_max_position_embeddings", kMostPositions, positions);
  const float factor = c.positive("factor");
  const auto grown = [](float by, float m) { return by <= 1 ? 1.0F : 0.1F * m * std::log(by) + 1.0F; };
  if (c.has("attention_factor")) {
    rope.scale = c.positive("attention_factor");
  } else if (c.has("mscale") && c.has("mscale_all_dim") && c.number("mscale") > 0 && c.number("mscale_all_dim") > 0) {
    rope.scale = grown(factor, c.number("mscale")) / grown(factor, c.number("mscale_all_dim"));
  } else {
    rope.scale = grown(factor, 1);
  }
  const auto pair_of = [&](float rotations) {
    return width * std::log(original / (rotations * 2 * std::numbers::pi)) / (2 * std::log(double{p.theta}));
  };
  double low = pair_of(c.positive_or("beta_fast", 32));
  double high = pair_of(c.positive_or("beta_slow", 1));
  if (c.flag_or("truncate", true)) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, width - 1.0);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < rope.frequencies.size(); ++i) {
    const auto ramp = static_cast<float>(std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0));
    rope.frequencies[i] = rope.frequencies[i] / factor * ramp + rope.frequencies[i] * (1 - ramp);
  }
}

// LongRoPE (Ding et al. 2024) has one list of factors within the original length and another beyond; a sequence that
// grows past it would change the angles of all its rows, so the context ends there.
void scale_longrope(Rope& rope, const Config& config, const Config& c, std::uint32_t positions) {
  const Config& from = c.has("original_max_position_embeddings") ? c : config;
  const std::uint32_t original = from.count("original_max_position_embeddings", kMostPositions);
  const auto factors = c.numbers("short_factor");
  if (factors.size() != rope.frequencies.size()) {
    c.reject("short_factor",
             "expected " + std::to_string(rope.frequencies.size()) + " numbers, one for each rotated pair");
  }
  const float factor = c.positive_or("factor", static_cast<float>(positions) / static_cast<float>(original));
  const float grown = factor <= 1 ? 1.0F : std::sqrt(1 + std::log(factor) / std::log(static_cast<float>(original)));
  rope.scale = c.positive_or("attention_factor", grown);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (!(factors[i] > 0)) c.reject("short_factor", "expected numbers greater than 0");
    rope.frequencies[i] /= factors[i];
  }
  rope.most = original;
  rope.why = "LongRoPE turns positions beyond the original " + std::to_string(original) + " otherwise";
}

}  // namespace

Rope make_rope(const Config& config, std::uint32_t head_dim, const RopeOptions& options) {
  const Parameters p = find_parameters(config, options);
  const Config c(p.values, p.where);
  const auto width = static_cast<std::uint32_t>(static_cast<float>(head_dim) * p.fraction);
  if (width < 2 || width % 2 != 0) {
    throw Error(p.where + ": " + std::to_string(width) + " of a head's " + std::to_string(head_dim) +
                " columns would be rotated; expected an even number of them");
  }
  const std::uint32_t positions = config.count_or("max_position_embeddings", kMostPositions, 2048);

  Rope rope;
  rope.frequencies = wavelengths(p.theta, width);
  for (float& f : rope.frequencies) f = 1 / f;
  if (p.type == "linear") {
    for (float& f : rope.frequencies) f /= c.positive("factor");
  } else if (p.type == "dynamic") {
    rope.most = positions;
    rope.why = "dynamic NTK scaling turns positions beyond the original " + std::to_string(positions) + " otherwise";
  } else if (p.type == "llama3") {
    scale_llama3(rope.frequencies, c);
  } else if (p.type == "yarn") {
    scale_yarn(rope, c, p, width, positions);
  } else if (p.type == "longrope") {
    scale_longrope(rope, config, c, positions);
  } else if (p.type != "default") {
    c.reject(c.has("rope_type") ? "rope_type" : "type", "supported: default, linear, dynamic, llama3, yarn, longrope");
  }
  return rope;
}

Rows rotary_angles(Builder& b, const Rope& rope, const std::string& name) {
  const auto n = static_cast<std::uint32_t>(rope.frequencies.size());
  return b.rotary_angles(b.constant(name, 1, n, rope.frequencies, fb::WeightType::Float32), n, rope.scale);
}

}  // namespace kinglet::converter
