// The part of Sampler that draws, which a build may leave out (KINGLET_PARTS): then there is only the best token.
#pragma once

namespace kinglet {

bool has_sampling();

}  // namespace kinglet
