// XNNPACK's fully connected layer: int8 rows in and out, scales known beforehand, a bias.
#include <xnnpack.h>

#include <limits>

#include "tests/bench/layers/library.h"

namespace kinglet::bench {
namespace {

class Layer : public LibraryLayer {
 public:
  explicit Layer(const LayerShape& shape)
      : rows_(shape.rows),
        x_(some_bytes(shape.rows * shape.k + XNN_EXTRA_BYTES)),
        y_(shape.rows * shape.n + XNN_EXTRA_BYTES) {}
  ~Layer() override {
    for (xnn_operator_t op : copies_) xnn_delete_operator(op);
  }

  bool add(const LayerShape& shape) {
    constexpr float kInput = 0.5F, kKernel = 0.01F, kOutput = 4.0F;  // scales
    const std::vector<std::int8_t> w = some_bytes(shape.k * shape.n);
    const std::vector<std::int32_t> bias(shape.n, 5);
    xnn_operator_t op = nullptr;
    const xnn_status made = xnn_create_fully_connected_nc_qs8(
        shape.k, shape.n, shape.k, shape.n, 0, kInput, kKernel, w.data(), bias.data(), 0, kOutput,
        std::numeric_limits<std::int8_t>::min(), std::numeric_limits<std::int8_t>::max(), 0, &op);
    if (made != xnn_status_success) return false;
    copies_.push_back(op);
    return xnn_setup_fully_connected_nc_qs8(op, rows_, x_.data(), y_.data(), nullptr) == xnn_status_success;
  }

  void run(std::size_t copy) override { xnn_run_operator(copies_[copy], nullptr); }

 private:
  std::size_t rows_;
  std::vector<std::int8_t> x_, y_;
  std::vector<xnn_operator_t> copies_;
};

}  // namespace

std::unique_ptr<LibraryLayer> make_layer(const LayerShape& shape, std::size_t copies) {
  if (xnn_initialize(nullptr) != xnn_status_success) return nullptr;
  auto layer = std::make_unique<Layer>(shape);
  for (std::size_t i = 0; i < copies; ++i) {
    if (!layer->add(shape)) return nullptr;
  }
  return layer;
}

}  // namespace kinglet::bench
