// An operator of a body, as Builder's methods end.
#pragma once

#include <utility>

#include "model_generated.h"

namespace kinglet::converter {

template <class Body>
fb::OperatorT make_operator(Body body) {
  fb::OperatorT op;
  op.body.Set(std::move(body));
  return op;
}

}  // namespace kinglet::converter
