#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasLinear = false;

xnn_status create_linear(const Layer&, const float*, const std::int8_t*, xnn_operator_t*) {
  return xnn_status_unsupported_parameter;
}

xnn_status shape_linear(xnn_operator_t, std::size_t, std::size_t*, pthreadpool_t) {
  return xnn_status_unsupported_parameter;
}

xnn_status place_linear(xnn_operator_t, std::size_t, void*, const std::int8_t*, const float*, float*) {
  return xnn_status_unsupported_parameter;
}

}  // namespace kinglet::xnnpack
