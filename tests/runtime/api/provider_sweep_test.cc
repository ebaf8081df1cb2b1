// What a provider is given of each operator of a model that reads pictures, called with everything (sweep.h).
#include "kinglet/provider.h"

#include <cstring>
#include <vector>

#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/bundle.h"
#include "tests/runtime/api/sweep.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;

class ProviderSweep : public testing::Sweep {
 public:
  // Before anything runs.
  Status prepare(const Provided& op) {
    sweep_counts(op);
    sweep("Provided::weights", [&](std::uint32_t channel, std::span<float> out) { op.weights(channel - 1, out); });
    sweep("Provided::weights",
          [&](std::uint32_t channel, std::span<std::int8_t> out) { return op.weights(channel - 1, out); });
    const auto layer = op.layer();
    judge(layer.status());
    described_ += layer.ok() ? 1 : 0;
    return layer.status();
  }

  Status run(const Provided& op) {
    const auto layer = op.layer();
    if (!layer.ok()) return layer.status();
    sweep_counts(op);
    const auto looked_at = [](const auto* data) { return std::span(data, data == nullptr ? 0U : 1U); };
    sweep("Provided::grids", [&] { return op.grids(); });
    sweep("Provided::copy_input", [&](std::span<float> out) { op.copy_input(out); });
    sweep("Provided::addend", [&] { return looked_at(op.addend()); });
    if (layer->kind == Layer::Kind::kLinear) {
      sweep("Provided::quantized_input", [&] { return looked_at(op.quantized_input()); });
      sweep("Provided::input_scales", [&] { return looked_at(op.input_scales()); });
    } else {
      sweep("Provided::input", [&] { return looked_at(op.input()); });
    }
    sweep("Provided::output", [&] { return looked_at(op.output()); });
    ran_ += 1;
    lent_.assign(std::size_t{op.grids()} * layer->output.height * layer->output.width * layer->output_stride, 0.5F);
    sweep("Provided::finish", [&] { return op.finish(lent_.data()); });
    if (op.output() != nullptr) std::memcpy(op.output(), lent_.data(), lent_.size() * sizeof(float));
    return {};
  }

  int described_ = 0, ran_ = 0;

 private:
  void sweep_counts(const Provided& op) {
    sweep("Provided::layer", [&] { return op.layer().ok() || op.layer().status().code() == Code::kUnsupported; });
    sweep("Provided::most_grids", [&] { return op.most_grids(); });
  }

  std::vector<float> lent_;
};

TEST_F(ProviderSweep, EveryOperator) {
  const AlignedBytes file = testing::released_model("captioner-attend");
  const Model model = *Model::open(file.span());
  const Plan plan = *Plan::make(model);
  AlignedBytes arena(plan.arena_bytes);
  const Provider provider{
      .context = this,
      .prepare = [](void* self, const Provided& op) { return static_cast<ProviderSweep*>(self)->prepare(op); },
      .run = [](void* self, const Provided& op) { return static_cast<ProviderSweep*>(self)->run(op); }};
  SessionOptions options;
  options.provider = provider;
  const auto session = Session::create(plan, arena.span(), options);
  ASSERT_TRUE(session.ok()) << session.status().message();
  const fb::Input& input = *model.root().input();
  const std::vector<std::uint8_t> pixels(std::size_t{input.grid()->height()} * input.grid()->width() *
                                         input.channels());
  const Chunk chunk{.grid = {.bytes = pixels}};
  const Status done = (*session)->encode({&chunk, 1});
  EXPECT_TRUE(done.ok() || done.code() == Code::kNotFinite) << done.message();
  EXPECT_GT(described_, 0);
  EXPECT_GT(ran_, 0);
}

}  // namespace
}  // namespace kinglet
