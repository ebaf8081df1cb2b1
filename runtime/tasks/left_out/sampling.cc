// In the place of tasks/sampling.cc: a build without it, where every temperature but 0 is refused.
#include "tasks/sampling.h"

#include "kinglet/sampler.h"

namespace kinglet {

bool has_sampling() { return false; }

std::uint32_t Sampler::choose(Draw) { return best_; }

}  // namespace kinglet
