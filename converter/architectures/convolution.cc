#include "converter/architectures/convolution.h"

#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "converter/error.h"

namespace kinglet::converter {
namespace {

// Sizes of a layer's tensor.
struct Shape {
  std::uint32_t outputs = 1, inputs = 1, height = 1, width = 1;  // inputs: of one group
  std::uint32_t taps() const { return height * width; }
};

bool is(fb::Size size, std::uint32_t both) { return size.height() == both && size.width() == both; }

Shape shape_of(const Builder& b, const std::string& name) {
  const Tensor* tensor = b.checkpoint().find(name);
  if (tensor == nullptr) return {};  // which asking for it then tells
  const auto& s = tensor->shape;
  if (s.size() != 3 && s.size() != 4)
    throw Error(name + " has " + std::to_string(s.size()) + " dimensions; a convolution's weight has three or four");
  for (const std::uint64_t n : s) {
    if (n == 0 || n > kMostWidth) throw Error(name + " has a dimension of " + std::to_string(n));
  }
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(s[i]); };
  return s.size() == 4 ? Shape{at(0), at(1), at(2), at(3)} : Shape{at(0), at(1), 1, at(2)};
}

std::vector<float> floats_of(Builder& b, const std::string& name, std::uint32_t width) {
  const WeightSource& source = b.edit(b.vector(name, width));
  return source.load ? source.floats() : std::vector<float>(width);  // a missing tensor is told at the end
}

// What a batch norm with its running statistics multiplies each channel with and adds to it.
struct Affine {
  std::vector<float> gain, shift;
};

Affine folded(Builder& b, const ConvLayer& layer, std::uint32_t width) {
  const auto values = [&](const char* what, float otherwise) {
    const std::string name = layer.batch_norm + "." + what;
    return b.has(name) ? floats_of(b, name, width) : std::vector<float>(width, otherwise);
  };
  Affine affine{values("weight", 1), values("bias", 0)};  // an affine=False norm has neither
  const std::vector<float> mean = floats_of(b, layer.batch_norm + ".running_mean", width);
  const std::vector<float> variance = floats_of(b, layer.batch_norm + ".running_var", width);
  for (std::uint32_t c = 0; c < width; ++c) {
    affine.gain[c] /= std::sqrt(variance[c] + layer.epsilon);
    affine.shift[c] -= mean[c] * affine.gain[c];
  }
  return affine;
}

// Groups side by side in one product: as many as give a multiple of 16 outputs, for that is what the runtime takes.
std::uint32_t joined_groups(std::uint32_t groups, std::uint32_t outputs) {
  const std::uint32_t each = outputs / groups, together = 16 / std::gcd(each, 16U);
  return groups % together == 0 ? together : groups;
}

// [N, K / groups, height, width] as rows of windows: [N, height * width * K / groups], of `joined` groups each with zeros for the others.
WeightRef window_weight(Builder& b, const std::string& name, const Shape& s, std::uint32_t groups,
                        std::uint32_t joined) {
  const WeightSource stored = b.stored(name, {s.outputs, s.inputs, s.height, s.width});
  const std::uint32_t wide = s.inputs * joined, each = s.outputs / groups;
  WeightSource source{.name = name, .rows = s.outputs, .columns = wide * s.taps()};
  source.load_rows = [stored, s, wide, joined, each](std::uint32_t first, std::span<float> out) {
    const std::size_t columns = std::size_t{wide} * s.taps(), rows = out.size() / columns;
    std::vector<float> in(rows * s.inputs * s.taps());
    stored.read(first, in);
    std::fill(out.begin(), out.end(), 0.0F);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t offset = (first + r) / each % joined * s.inputs;  // of its group among those joined
      for (std::size_t k = 0; k < s.inputs; ++k) {
        for (std::size_t tap = 0; tap < s.taps(); ++tap)
          out[r * columns + tap * wide + offset + k] = in[(r * s.inputs + k) * s.taps() + tap];
      }
    }
  };
  source.load = [read = source.load_rows](std::span<float> out) { read(0, out); };
  return b.source(std::move(source), fb::WeightType::Int8);
}

// [N, 1, height, width] as [height * width, N], with the batch norm's gain.
WeightRef depthwise_weight(Builder& b, const std::string& name, const Shape& s, std::vector<float> gain) {
  const WeightSource stored = b.stored(name, {s.outputs, 1, s.height, s.width});
  WeightSource source{.name = name, .rows = s.taps(), .columns = s.outputs, .column_scale = std::move(gain)};
  source.load = [stored, s](std::span<float> out) {
    const std::vector<float> in = stored.floats();
    for (std::size_t c = 0; c < s.outputs; ++c) {
      for (std::size_t tap = 0; tap < s.taps(); ++tap) out[tap * s.outputs + c] = in[c * s.taps() + tap];
    }
  };
  return b.source(std::move(source), fb::WeightType::Float32);
}

WeightRef bias_of(Builder& b, const ConvLayer& layer, const Shape& s, const Affine& affine) {
  const std::string name = layer.name + ".bias";
  if (layer.batch_norm.empty()) return b.has(name) ? b.vector(name, s.outputs) : WeightRef{};
  std::vector<float> bias = affine.shift;
  if (b.has(name)) {
    const std::vector<float> own = floats_of(b, name, s.outputs);
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] += own[c] * affine.gain[c];
  }
  return b.constant(layer.batch_norm + ".bias", 1, s.outputs, std::move(bias), fb::WeightType::Float32);
}

}  // namespace

Rows convolution(Builder& b, Rows x, const ConvLayer& layer) {
  const std::string name = layer.name + ".weight";
  const Shape s = shape_of(b, name);
  const bool there = b.checkpoint().find(name) != nullptr;
  if (there && s.outputs % layer.groups != 0)
    throw Error(name + " has " + std::to_string(s.outputs) + " outputs for " + std::to_string(layer.groups) +
                " groups");
  const std::uint32_t groups = there ? layer.groups : 1;
  const Affine affine = layer.batch_norm.empty() ? Affine{} : folded(b, layer, s.outputs);
  ConvSpec spec;
  spec.window = {
      .kernel = {s.height, s.width}, .stride = layer.stride, .padding = layer.padding, .dilation = layer.dilation};
  spec.activation = layer.activation;
  const WeightRef bias = bias_of(b, layer, s, affine);
  spec.bias = bias;
  if (!x.empty() && groups > 1 && groups == s.outputs && groups == x.width)
    return b.depthwise_conv2d(x, depthwise_weight(b, name, s, affine.gain), spec);
  const std::uint32_t joined = groups == 1 ? 1 : joined_groups(groups, s.outputs);
  const WeightRef weight = window_weight(b, name, s, groups, joined);
  b.edit(weight).row_scale = affine.gain;
  spec.groups = groups / joined;
  const bool plain = s.taps() == 1 && is(layer.stride, 1) && is(layer.padding, 0);
  if (plain && spec.groups == 1 && !x.empty())
    return b.linear(x, weight, {.bias = bias, .activation = layer.activation});
  return b.conv2d(x, weight, spec);
}

// ---------------------------------------------------------------- trunks

namespace {

// torchvision's ResNet (He et al. 2016): conv1, bn1, a pooling, layer1 … with their blocks of two or three convolutions.
class ResNet {
 public:
  ResNet(Builder& b, const Config& config) : b_(b), prefix_(config.text_or("prefix", "")) {
    config.known({"type", "prefix", "stem_stride", "stem_pool", "groups", "grid"});
    stem_stride_ = config.count_or("stem_stride", 16, 2);
    stem_pool_ = config.flag_or("stem_pool", true);
    groups_ = config.count_or("groups", kMostWidth, 1);
  }

  Rows build() {
    const std::uint32_t side = shape_of(b_, prefix_ + "conv1.weight").height;
    b_.scope(prefix_ + "stem");
    Rows x = convolution(b_, {}, layer("conv1", "bn1", stem_stride_, side / 2, fb::Activation::Relu));
    if (stem_pool_) {
      b_.scope(prefix_ + "maxpool");
      x = b_.pool2d(x, fb::PoolKind::Max, {.kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    }
    for (std::uint32_t stage = 1; b_.has(prefix_ + block(stage, 0) + "conv1.weight"); ++stage) {
      for (std::uint32_t i = 0; b_.has(prefix_ + block(stage, i) + "conv1.weight"); ++i)
        x = residual(x, block(stage, i), stage > 1 && i == 0 ? 2 : 1);
    }
    return x;
  }

 private:
  static std::string block(std::uint32_t stage, std::uint32_t i) {
    return "layer" + std::to_string(stage) + "." + std::to_string(i) + ".";
  }

  ConvLayer layer(const std::string& conv, const std::string& norm, std::uint32_t stride, std::uint32_t padding,
                  fb::Activation activation) const {
    return {.name = prefix_ + conv,
            .batch_norm = prefix_ + norm,
            .stride = {stride, stride},
            .padding = {padding, padding},
            .activation = activation};
  }

  Rows residual(Rows x, const std::string& name, std::uint32_t stride) {
    b_.scope(prefix_ + name.substr(0, name.size() - 1));
    Rows skip = x;
    if (b_.has(prefix_ + name + "downsample.0.weight"))
      skip = convolution(b_, x, layer(name + "downsample.0", name + "downsample.1", stride, 0, fb::Activation::None));
    Rows y;
    if (b_.has(prefix_ + name +
               "conv3.weight")) {  // a bottleneck; torchvision has the stride in its second convolution
      y = convolution(b_, x, layer(name + "conv1", name + "bn1", 1, 0, fb::Activation::Relu));
      ConvLayer middle = layer(name + "conv2", name + "bn2", stride, 1, fb::Activation::Relu);
      middle.groups = groups_;
      y = convolution(b_, y, middle);
      y = convolution(b_, y, layer(name + "conv3", name + "bn3", 1, 0, fb::Activation::None));
    } else {
      y = convolution(b_, x, layer(name + "conv1", name + "bn1", stride, 1, fb::Activation::Relu));
      y = convolution(b_, y, layer(name + "conv2", name + "bn2", 1, 1, fb::Activation::None));
    }
    return b_.add(y, skip, fb::Activation::Relu);
  }

  Builder& b_;
  std::string prefix_;
  std::uint32_t stem_stride_ = 2, groups_ = 1;
  bool stem_pool_ = true;
};

fb::Filter read_filter(const Config& config) {
  const std::string name = config.text_or("filter", "bilinear");
  constexpr std::pair<std::string_view, fb::Filter> kFilters[] = {
      {"nearest", fb::Filter::Nearest}, {"bilinear", fb::Filter::Bilinear}, {"bicubic", fb::Filter::Bicubic},
      {"lanczos", fb::Filter::Lanczos}, {"box", fb::Filter::Box},           {"hamming", fb::Filter::Hamming}};
  for (const auto& [known, filter] : kFilters) {
    if (name == known) return filter;
  }
  config.reject("filter", R"(supported: "nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")");
}

}  // namespace

Rows trunk(Builder& b, const Config& config) {
  if (config.text("type") != "resnet") config.reject("type", R"(supported: "resnet")");
  Rows x = ResNet(b, config).build();
  if (config.has("grid")) {  // as many regions whatever the picture's size
    const std::uint32_t side = config.count("grid", 1U << 10);
    b.scope("grid");
    x = b.adaptive_pool2d(x, fb::PoolKind::Average, {side, side});
  }
  return x;
}

void picture_input(Builder& b, const Config& config) {
  config.known({"height", "width", "mean", "std", "filter", "resize"});
  constexpr std::uint32_t kSide = 1U << 13;
  const fb::Size size(config.count("height", kSide), config.count("width", kSide));
  const std::vector<float> mean = config.has("mean") ? config.numbers("mean") : std::vector<float>(3, 0.0F);
  const std::vector<float> deviation =
      config.has("std") ? config.numbers("std") : std::vector<float>(mean.size(), 1.0F);
  const auto channels = static_cast<std::uint32_t>(mean.size());
  if (channels != 1 && channels != 3) config.reject("mean", "expected one number or three");
  if (deviation.size() != channels) config.reject("std", "expected as many numbers as mean has");
  std::vector<float> gain, shift;
  for (std::size_t c = 0; c < channels; ++c) {
    if (!(deviation[c] > 0)) config.reject("std", "expected numbers above 0");
    gain.push_back(1.0F / (255.0F * deviation[c]));
    shift.push_back(-mean[c] / deviation[c]);
  }
  b.input(size, channels, b.constant("image.gain", 1, channels, std::move(gain), fb::WeightType::Float32),
          b.constant("image.shift", 1, channels, std::move(shift), fb::WeightType::Float32));
  auto picture = std::make_unique<fb::PictureT>();
  picture->filter = read_filter(config);
  const std::string resize = config.text_or("resize", "exact");
  if (resize == "exact") {
    picture->resize = std::make_unique<fb::Size>(size);
  } else if (resize == "shorter") {  // the shorter side to the model's, then the middle
    picture->resize = std::make_unique<fb::Size>(std::min(size.height(), size.width()), 0);
    picture->crop = std::make_unique<fb::Size>(size);
  } else {
    config.reject("resize", R"(supported: "exact", "shorter")");
  }
  b.model().input->picture = std::move(picture);
}

}  // namespace kinglet::converter
