#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {

const bool kHasStaticConvolutions = false;

xnn_status create_static(const Layer&, const Sides&, const StaticWeights&, StaticConvolution&) {
  return xnn_status_unsupported_parameter;
}

xnn_status shape_static(const Layer&, const StaticConvolution&, std::size_t, std::size_t*, pthreadpool_t) {
  return xnn_status_unsupported_parameter;
}

xnn_status place_static(const Layer&, const StaticConvolution&, std::size_t, void*, const float*, float*,
                        pthreadpool_t) {
  return xnn_status_unsupported_parameter;
}

}  // namespace kinglet::xnnpack
