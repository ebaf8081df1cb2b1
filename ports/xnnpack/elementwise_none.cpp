#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasElementwise = false;

xnn_status create_elementwise(const Layer&, xnn_operator_t*) { return xnn_status_unsupported_parameter; }

xnn_status shape_elementwise(const Layer&, xnn_operator_t, std::size_t, pthreadpool_t) {
  return xnn_status_unsupported_parameter;
}

xnn_status place_elementwise(const Layer&, xnn_operator_t, std::size_t, const float*, const float*, float*,
                             pthreadpool_t) {
  return xnn_status_unsupported_parameter;
}

}  // namespace kinglet::xnnpack
