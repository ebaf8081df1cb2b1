// The models as kinglet-convert makes them: a convolution of one place is a linear layer of as many rows as the grid has places, small
// groups are joined, queries, keys and values are one product. What no provider is given is left out: products with a gate (gate and up of
// Llama's feed-forward), and a model's last layer.
#include "tests/bench/provider_shapes.h"

#include <algorithm>
#include <span>
#include <utility>

namespace kinglet::bench {
namespace {

using enum GridLayer::Kind;

// Adds one model's operators. What another model has already gets both names.
class Operators {
 public:
  Operators(std::vector<ProviderShape>& all, std::string model) : all_(&all), model_(std::move(model)) {}

  void add(const GridLayer& layer) const {
    const auto same = std::ranges::find(*all_, layer, &ProviderShape::layer);
    if (same == all_->end()) return all_->push_back({model_, layer});
    if (!same->models.ends_with(model_)) same->models += ", " + model_;
  }
  void linear(std::uint32_t rows, std::uint32_t input, std::uint32_t output) const {
    add({.kind = kLinear, .width = rows, .input = input, .output = output});
  }
  void rows(GridLayer::Kind kind, std::uint32_t rows, std::uint32_t width) const {
    add({.kind = kind, .width = rows, .input = width, .output = width});
  }

 private:
  std::vector<ProviderShape>* all_;
  std::string model_;
};

// ---- Convolutional networks

// Operators one behind the other: each reads what the one before makes. A copy is a branch.
class Network {
 public:
  explicit Network(Operators model, std::uint32_t side = 224, std::uint32_t channels = 3, bool whole = true)
      : model_(std::move(model)),
        side_(side),
        channels_(channels),
        first_(whole) {}

  std::uint32_t channels() const { return channels_; }

  void conv(std::uint32_t out, std::uint32_t kernel, std::uint32_t stride = 1, std::uint32_t groups = 1,
            fb::Activation activation = fb::Activation::Relu) {
    if (kernel != 1 || stride != 1)
      return windows({.kind = kConv2d,
                      .output = out,
                      .kernel = kernel,
                      .stride = stride,
                      .padding = (kernel - 1) / 2,
                      .groups = groups,
                      .activation = activation});
    model_.linear(side_ * side_, channels_, out);
    channels_ = out;
  }
  void depthwise(std::uint32_t kernel, std::uint32_t stride, fb::Activation activation, bool for_product) {
    windows({.kind = kDepthwise,
             .output = channels_,
             .kernel = kernel,
             .stride = stride,
             .padding = (kernel - 1) / 2,
             .activation = activation,
             .for_product = for_product});
  }
  void max_pool(std::uint32_t kernel) {
    windows({.kind = kMaxPool, .output = channels_, .kernel = kernel, .stride = 2, .padding = (kernel - 1) / 2});
  }
  void mean_pool(std::uint32_t kernel) {
    windows({.kind = kAveragePool, .output = channels_, .kernel = kernel, .stride = kernel});
  }
  void mean_pool() { mean_pool(side_); }
  void sum() { model_.rows(kAdd, side_ * side_, channels_); }
  void flatten() {
    channels_ *= side_ * side_;
    side_ = 1;
  }

 private:
  void windows(GridLayer layer) {
    layer.height = layer.width = side_;
    layer.input = channels_;
    layer.reads_caller = std::exchange(first_, false);
    model_.add(layer);
    side_ /= layer.stride;
    channels_ = layer.output;
  }

  Operators model_;
  std::uint32_t side_, channels_;
  bool first_;  // whether the next operator is
};

// torchvision's (He et al. 2015, table 1; ResNeXt: Xie et al. 2016, table 1), whose bottlenecks have their stride in the second convolution.
// All blocks of a stage are like its first or its second.
void resnet(Network x, bool bottleneck, std::uint32_t groups = 1, std::uint32_t width_per_group = 64) {
  x.conv(64, 7, 2);
  x.max_pool(3);
  for (const std::uint32_t width : {64U, 128U, 256U, 512U}) {
    const std::uint32_t out = bottleneck ? 4 * width : width, inner = width * width_per_group / 64 * groups;
    for (const std::uint32_t stride : {width == 64 ? 1U : 2U, 1U}) {
      if (Network skip = x; stride != 1 || x.channels() != out) skip.conv(out, 1, stride);
      if (bottleneck) {
        x.conv(inner, 1);
        x.conv(inner, 3, stride, std::min(groups, inner / 16));  // joined until each has 16 outputs
        x.conv(out, 1);
      } else {
        x.conv(out, 3, stride);
        x.conv(out, 3);
      }
      x.sum();
    }
  }
  x.mean_pool();
}

// Simonyan and Zisserman 2014, table 1, D. A stage's third convolution is like its second.
void vgg16(Network x) {
  for (const std::uint32_t width : {64U, 128U, 256U, 512U, 512U}) {
    x.conv(width, 3);
    x.conv(width, 3);
    x.max_pool(2);
  }
  x.flatten();
  x.conv(4096, 1);
  x.conv(4096, 1);
}

// A MobileNet's block. `squeezed`: channels in the middle of its squeeze-and-excitation; 0: it has none.
struct InvertedResidual {
  std::uint32_t kernel, expanded, out, stride, squeezed = 0;
};

void inverted_residual(Network& x, const InvertedResidual& block, fb::Activation activation) {
  const bool sums = block.stride == 1 && x.channels() == block.out;
  if (block.expanded != x.channels()) x.conv(block.expanded, 1);
  x.depthwise(block.kernel, block.stride, activation, block.squeezed == 0);
  if (Network branch = x; block.squeezed != 0) {
    branch.mean_pool();
    branch.conv(block.squeezed, 1);
    branch.conv(block.expanded, 1);
  }
  x.conv(block.out, 1);
  if (sums) x.sum();
}

// Sandler et al. 2018, table 2.
void mobilenet_v2(Network x) {
  struct Stage {
    std::uint32_t expansion, out, blocks, stride;
  };
  x.conv(32, 3, 2, 1, fb::Activation::Relu6);
  for (const Stage& stage : {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
                             Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    for (std::uint32_t i = 0; i < stage.blocks; ++i)
      inverted_residual(x, {3, stage.expansion * x.channels(), stage.out, i == 0 ? stage.stride : 1},
                        fb::Activation::Relu6);
  }
  x.conv(1280, 1);
  x.mean_pool();
}

// Howard et al. 2019, tables 1 and 2, as torchvision has them.
constexpr InvertedResidual kMobileNetV3Large[] = {
    {3, 16, 16, 1},        {3, 64, 24, 2},        {3, 72, 24, 1},        {5, 72, 40, 2, 24},    {5, 120, 40, 1, 32},
    {5, 120, 40, 1, 32},   {3, 240, 80, 2},       {3, 200, 80, 1},       {3, 184, 80, 1},       {3, 184, 80, 1},
    {3, 480, 112, 1, 120}, {3, 672, 112, 1, 168}, {5, 672, 160, 2, 168}, {5, 960, 160, 1, 240}, {5, 960, 160, 1, 240}};
constexpr InvertedResidual kMobileNetV3Small[] = {{3, 16, 16, 2, 8},    {3, 72, 24, 2},      {3, 88, 24, 1},
                                                  {5, 96, 40, 2, 24},   {5, 240, 40, 1, 64}, {5, 240, 40, 1, 64},
                                                  {5, 120, 48, 1, 32},  {5, 144, 48, 1, 40}, {5, 288, 96, 2, 72},
                                                  {5, 576, 96, 1, 144}, {5, 576, 96, 1, 144}};

// `relus`: so many blocks before those with hard swishes.
void mobilenet_v3(Network x, std::span<const InvertedResidual> blocks, std::size_t relus, std::uint32_t classifier) {
  x.conv(16, 3, 2, 1, fb::Activation::HardSwish);
  for (const InvertedResidual& block : blocks.first(relus)) inverted_residual(x, block, fb::Activation::Relu);
  for (const InvertedResidual& block : blocks.subspan(relus)) inverted_residual(x, block, fb::Activation::HardSwish);
  x.conv(6 * x.channels(), 1);
  x.mean_pool();
  x.conv(classifier, 1);
}

// ---- Transformers

// The sizes of a Transformer's layer. Of a gated feed-forward only the second product is a provider's.
struct Layer {
  std::uint32_t width, queries, keys, feed_forward;
  bool gated;
};

constexpr Layer plain(std::uint32_t width) { return {width, width, width, 4 * width, false}; }

void layer(const Operators& model, std::uint32_t rows, const Layer& l) {
  model.linear(rows, l.width, l.queries + 2 * l.keys);
  model.linear(rows, l.queries, l.width);
  if (!l.gated) model.linear(rows, l.width, l.feed_forward);
  model.linear(rows, l.feed_forward, l.width);
}

// What a decoder's layer has besides: keys and values of the memory, and queries.
void cross_attention(const Operators& model, std::uint32_t rows, std::uint32_t width, std::uint32_t memory_rows,
                     std::uint32_t memory_width) {
  model.linear(memory_rows, memory_width, 2 * width);
  model.linear(rows, width, width);
}

// Dosovitskiy et al. 2021. `tokens`: rows before those of the patches.
void vit(const Operators& model, std::uint32_t side, std::uint32_t patch, std::uint32_t tokens, std::uint32_t width) {
  model.add({.kind = kConv2d,
             .height = side,
             .width = side,
             .input = 3,
             .output = width,
             .kernel = patch,
             .stride = patch,
             .reads_caller = true});
  layer(model, side / patch * (side / patch) + tokens, plain(width));
}

// Gong et al. 2021: 128 mel bands over 1,024 frames.
void audio_spectrogram(const Operators& model) {
  model.add({.kind = kConv2d,
             .height = 128,
             .width = 1024,
             .input = 1,
             .output = 768,
             .kernel = 16,
             .stride = 10,
             .reads_caller = true});
  layer(model, 12 * 101 + 2, plain(768));
}

// Li et al. 2021: the decoder reads a line of 384 × 384 pixels.
void trocr_base(const Operators& model) {
  vit(model, 384, 16, 1, 768);
  layer(model, 1, plain(1024));
  cross_attention(model, 1, 1024, 24 * 24 + 1, 768);
}

// Radford et al. 2022: 30 seconds of 80 mel bands, and a token.
void whisper(const Operators& model, std::uint32_t width) {
  model.add(
      {.kind = kConv1d, .width = 3000, .input = 80, .output = width, .kernel = 3, .padding = 1, .reads_caller = true});
  model.add({.kind = kConv1d, .width = 3000, .input = width, .output = width, .kernel = 3, .stride = 2, .padding = 1});
  layer(model, 1500, plain(width));
  layer(model, 1, plain(width));
  cross_attention(model, 1, width, 1500, width);
}

struct LanguageModel {
  const char* name;
  Layer layer;
  bool attends_to_memory = false;
};

// Their config.json.
constexpr LanguageModel kLanguageModels[] = {{"GPT-2", plain(768)},
                                             {"BERT", plain(768)},
                                             {"stories15M", {288, 288, 288, 768, true}},
                                             {"SmolLM-135M", {576, 576, 192, 1536, true}},
                                             {"Llama 1.1B", {2048, 2048, 256, 5632, true}},
                                             {"Qwen3-0.6B", {1024, 2048, 1024, 3072, true}},
                                             {"T5-small", plain(512), true},
                                             {"Marian", plain(512), true}};

void language_model(const Operators& operators, const LanguageModel& model) {
  for (const std::uint32_t rows : {1U, 16U, 128U}) {
    layer(operators, rows, model.layer);
    if (model.attends_to_memory) cross_attention(operators, rows, model.layer.width, rows, model.layer.width);
  }
}

}  // namespace

std::vector<ProviderShape> provider_shapes() {
  std::vector<ProviderShape> all;
  const auto of = [&](const char* model) { return Operators(all, model); };
  resnet(Network(of("ResNet-18")), false);
  resnet(Network(of("ResNet-50")), true);
  resnet(Network(of("ResNeXt-50 32x4d")), true, 32, 4);
  vgg16(Network(of("VGG-16")));
  mobilenet_v2(Network(of("MobileNetV2")));
  mobilenet_v3(Network(of("MobileNetV3 large")), kMobileNetV3Large, 6, 1280);
  mobilenet_v3(Network(of("MobileNetV3 small")), kMobileNetV3Small, 3, 1024);

  // Where rules of ports/xnnpack/faster.cc have an end and the networks above have nothing.
  Network(of("4 groups"), 28, 128, false).conv(128, 3, 1, 4);
  Network(of("2 groups"), 28, 128, false).conv(128, 3, 1, 2);
  Network(of("MobileNet"), 14, 512, false).depthwise(3, 1, fb::Activation::Relu, false);
  Network(of("DenseNet"), 28, 256, false).mean_pool(2);

  vit(of("ViT-B/16"), 224, 16, 1, 768);
  vit(of("DeiT-tiny"), 224, 16, 2, 192);
  vit(of("CLIP ViT-B/32"), 224, 32, 1, 768);
  layer(of("CLIP text"), 77, plain(512));
  audio_spectrogram(of("AST"));
  trocr_base(of("TrOCR base"));
  whisper(of("Whisper tiny"), 384);
  whisper(of("Whisper base"), 512);
  for (const LanguageModel& model : kLanguageModels) language_model(of(model.name), model);

  for (const GridLayer::Kind kind : {kAdd, kRelu, kSigmoid, kTanh}) {
    for (const std::uint32_t rows : {1U, 16U, 64U, 197U}) of("floats").rows(kind, rows, 768);
  }
  return all;
}

}  // namespace kinglet::bench
