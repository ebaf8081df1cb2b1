// torchvision's MobileNetV3: features.0, a convolution; features.1 … the inverted residuals, which widen, look at places, weigh their channels
// (squeeze and excitation) and narrow; and a last convolution of one place. Tensors tell all but strides and activations.
#include "converter/architectures/trunk.h"

namespace kinglet::converter {
namespace {

// One of the paper's tables.
struct Blocks {
  std::vector<std::uint32_t> strides;
  std::uint32_t relus;  // so many blocks before those with hard swishes
};
const Blocks kLarge{{1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1}, 6};  // table 1
const Blocks kSmall{{2, 2, 1, 2, 1, 1, 1, 1, 2, 1, 1}, 3};              // table 2

class MobileNetV3 {
 public:
  MobileNetV3(Builder& b, const Config& config)
      : b_(b),
        config_(config),
        prefix_(config.text_or("prefix", "")),
        epsilon_(config.positive_or("batch_norm_eps", 1e-3F)) {
    known_of_trunk(config, {"stem_stride", "strides", "activations", "batch_norm_eps"});
  }

  Rows build() {
    const std::uint32_t blocks = count_of(b_, prefix_ + "features.", ".block.0.0.weight");
    const Blocks& paper = blocks == kSmall.strides.size() ? kSmall : kLarge;
    const std::vector<std::uint32_t> strides = strides_of(config_, blocks, paper.strides);
    const std::vector<fb::Activation> activations = read_activations(blocks, paper);
    const std::uint32_t stem_stride = config_.count_or("stem_stride", 16, 2);
    Rows x = whole({}, features(0), fb::Activation::HardSwish, stem_stride);
    for (std::uint32_t i = 0; i < blocks; ++i) x = residual(x, features(i + 1) + ".block.", strides[i], activations[i]);
    return whole(x, features(blocks + 1), fb::Activation::HardSwish);
  }

 private:
  std::vector<fb::Activation> read_activations(std::uint32_t blocks, const Blocks& paper) const {
    std::vector<fb::Activation> activations;
    if (config_.has("activations")) {
      for (const std::string& name : config_.texts("activations")) {
        if (name != "relu" && name != "hardswish")
          config_.reject("activations", "expected relu or hardswish for every block");
        activations.push_back(*activation_by_name(name));
      }
    } else {
      activations.resize(paper.relus, fb::Activation::Relu);
      activations.resize(paper.strides.size(), fb::Activation::HardSwish);
    }
    if (blocks != 0 && activations.size() != blocks) config_.reject("activations", for_every_block(blocks));
    return activations;
  }

  std::string features(std::uint32_t i) const { return prefix_ + "features." + std::to_string(i); }

  // Of all channels.
  Rows whole(Rows x, const std::string& name, fb::Activation activation, std::uint32_t stride = 1) {
    return unit(b_, x, name, {.stride = stride, .activation = activation, .epsilon = epsilon_});
  }

  // Hu et al. 2018: each channel times what two layers make of the means of all.
  Rows excited(Rows x, const std::string& name) {
    b_.scope(name);
    Rows weights = b_.adaptive_pool2d(x, fb::PoolKind::Average, {1, 1});
    weights = convolution(b_, weights, {.name = name + ".fc1", .activation = fb::Activation::Relu});
    weights = convolution(b_, weights, {.name = name + ".fc2", .activation = fb::Activation::HardSigmoid});
    return b_.gate(weights, x, fb::Activation::None);
  }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride, fb::Activation activation) {
    const auto is_unit = [&](std::uint32_t i) { return b_.has(name + std::to_string(i) + ".0.weight"); };
    const auto excites = [&](std::uint32_t i) { return b_.has(name + std::to_string(i) + ".fc1.weight"); };
    const bool widens = is_unit(1) && (is_unit(2) || excites(2));
    std::uint32_t i = 0;
    Rows y = x;
    if (widens) y = whole(y, name + std::to_string(i++), activation);
    y = unit(b_, y, name + std::to_string(i++),
             {.stride = stride, .activation = activation, .depthwise = true, .epsilon = epsilon_});
    if (excites(i)) y = excited(y, name + std::to_string(i++));
    y = whole(y, name + std::to_string(i), fb::Activation::None);
    return stride == 1 && y.width == x.width ? b_.add(y, x) : y;
  }

  Builder& b_;
  Config config_;
  std::string prefix_;
  float epsilon_;
};

}  // namespace

Rows mobilenet_v3(Builder& b, const Config& config) { return MobileNetV3(b, config).build(); }

}  // namespace kinglet::converter
