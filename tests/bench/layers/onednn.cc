// oneDNN's matmul: int8 rows in, floats out, a scale per column, a bias and a ReLU; weights in the layout it likes best.
#include <oneapi/dnnl/dnnl.hpp>

#include <unordered_map>

#include "tests/bench/layers/library.h"

namespace kinglet::bench {
namespace {

using dnnl::memory;

class Layer : public LibraryLayer {
 public:
  Layer(const LayerShape& shape, std::size_t copies) : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const auto m = static_cast<memory::dim>(shape.rows), k = static_cast<memory::dim>(shape.k),
               n = static_cast<memory::dim>(shape.n);
    const memory::desc x({m, k}, memory::data_type::s8, memory::format_tag::ab);
    const memory::desc any({k, n}, memory::data_type::s8, memory::format_tag::any);
    const memory::desc bias({1, n}, memory::data_type::f32, memory::format_tag::ab);
    const memory::desc y({m, n}, memory::data_type::f32, memory::format_tag::ab);
    constexpr int kPerColumn = 1 << 1;
    dnnl::post_ops after;
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(kPerColumn, std::vector<float>(shape.n, 0.01F));
    attributes.set_post_ops(after);
    const dnnl::matmul::primitive_desc chosen(dnnl::matmul::desc(x, any, bias, y), attributes, engine_);
    matmul_ = dnnl::matmul(chosen);
    x_ = memory(x, engine_), bias_ = memory(bias, engine_), y_ = memory(y, engine_);
    std::vector<std::int8_t> rows = some_bytes(shape.rows * shape.k), weights = some_bytes(shape.k * shape.n);
    std::copy(rows.begin(), rows.end(), static_cast<std::int8_t*>(x_.get_data_handle()));
    std::fill_n(static_cast<float*>(bias_.get_data_handle()), shape.n, 0.5F);
    memory plain({{k, n}, memory::data_type::s8, memory::format_tag::ab}, engine_, weights.data());
    for (std::size_t i = 0; i < copies; ++i) {
      memory packed(chosen.weights_desc(), engine_);
      dnnl::reorder(plain, packed).execute(stream_, plain, packed);
      stream_.wait();
      copies_.push_back(packed);
    }
  }

  void run(std::size_t copy) override {
    matmul_.execute(
        stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, copies_[copy]}, {DNNL_ARG_BIAS, bias_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul matmul_;
  memory x_, bias_, y_;
  std::vector<memory> copies_;
};

}  // namespace

std::unique_ptr<LibraryLayer> make_layer(const LayerShape& shape, std::size_t copies) {
  return std::make_unique<Layer>(shape, copies);
}

}  // namespace kinglet::bench
