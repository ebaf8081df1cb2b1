#include "work.h"

#include <algorithm>
#include <vector>

#include "base/align.h"
#include "cpu_features.h"
#include "file.h"
#include "kernels/kernels.h"
#include "machine.h"

namespace kinglet::host {
namespace {

const fb::Weight& weight_at(const Opened& opened, int index) {
  return *opened.root().weights()->Get(static_cast<std::uint32_t>(index));
}

template <class Visit>
void each_linear(const fb::Function& function, const Visit& visit) {
  for (const auto* op : *function.operators()) {
    if (op->body_as_Linear() != nullptr) visit(*op->body_as_Linear());
  }
}

}  // namespace

Work work_of(const Opened& opened, const fb::Function& function) {
  Work work;
  each_linear(function, [&](const fb::Linear& linear) {
    const fb::Value& input = *function.values()->Get(static_cast<std::uint32_t>(linear.input()));
    for (const int index : {linear.weight(), linear.up()}) {
      if (index < 0) continue;
      const fb::Weight& weight = weight_at(opened, index);
      const double size = static_cast<double>(weight.rows()) * weight.columns();
      const double operations = 2 * size * (input.kind() == fb::Kind::Q16 ? 2 : 1);
      (input.extent() == fb::Extent::Rows ? work.row_operations : work.output_operations) += operations;
      work.weight_bytes += static_cast<double>(weight.data()->bytes());
    }
  });
  for (const auto* op : *function.operators()) {
    const fb::Recurrent* recurrent = op->body_as_Recurrent();
    if (recurrent == nullptr) continue;
    for (const int index : {recurrent->weight(), recurrent->candidate()}) {
      if (index < 0) continue;
      const fb::Weight& weight = weight_at(opened, index);
      work.row_operations += 2.0 * weight.rows() * weight.columns() * (recurrent->wide() ? 2 : 1);
      work.weight_bytes += static_cast<double>(weight.data()->bytes());
    }
  }
  return work;
}

LargestMatmul time_largest_matmul(const Opened& opened, const char* isa, std::uint32_t rows,
                                  std::uint32_t repetitions) {
  const fb::Weight* largest = nullptr;
  for (const auto* function : {opened.root().encode(), opened.root().step()}) {
    if (function == nullptr) continue;
    each_linear(*function, [&](const fb::Linear& linear) {
      const fb::Weight& weight = weight_at(opened, linear.weight());
      if (largest == nullptr || weight.data()->bytes() > largest->data()->bytes()) largest = &weight;
    });
  }
  LargestMatmul result;
  const kernels::Kernels* set = kernels::select(isa, cpu_features());
  if (largest == nullptr || set == nullptr) return result;
  const std::size_t k = static_cast<std::size_t>(round_up(largest->columns(), 4)),
                    n = static_cast<std::size_t>(round_up(largest->rows(), kLanes));
  const std::size_t x_stride = static_cast<std::size_t>(round_up(k, kAlignment));
  Arena x(rows * x_stride), y(rows * n * sizeof(float));
  std::fill(x.bytes().begin(), x.bytes().end(), std::byte{3});
  std::vector<float> scale(rows, 1.0F);
  std::vector<std::int32_t> sum(rows, static_cast<std::int32_t>(3 * k));
  const kernels::MatmulArgs args{.x = {.q = reinterpret_cast<std::int8_t*>(x.bytes().data()),
                                       .low = nullptr,
                                       .scale = scale.data(),
                                       .sum = sum.data(),
                                       .low_sum = nullptr,
                                       .stride = x_stride},
                                 .rows = rows,
                                 .k = k,
                                 .w = reinterpret_cast<const std::int8_t*>(opened.model().data(*largest->data())),
                                 .w_scale = reinterpret_cast<const float*>(opened.model().data(*largest->scales())),
                                 .bias = nullptr,
                                 .activation = kernels::Activation::kNone,
                                 .cap = 0,
                                 .residual = nullptr,
                                 .residual_stride = 0,
                                 .y = reinterpret_cast<float*>(y.bytes().data()),
                                 .y_stride = n,
                                 .first_tile = 0,
                                 .tiles = n / kLanes};
  const Times times = measure(repetitions, [&] { set->matmul(args); });
  result = {.rows = rows,
            .k = largest->columns(),
            .n = largest->rows(),
            .operations = 2.0 * rows * largest->columns() * largest->rows(),
            .seconds = times.median()};
  return result;
}

}  // namespace kinglet::host
