// In the place of tasks/beam_run.cc: a build without beam searches, where each is refused.
#include "tasks/beam_run.h"

namespace kinglet {

bool has_beams() { return false; }

BeamMemory take_beams(Workspace&, const Limits&) { return {}; }

Status begin_beams(BeamMemory&, const Session&, std::uint32_t, const BeamOptions&, const TokenMarks&, std::uint32_t,
                   std::int32_t) {
  return {Code::kUnsupported, "this build leaves out Beams"};
}

Status run_beams(Session&, BeamMemory&, std::uint32_t, std::uint32_t, std::span<const std::int32_t>) {
  return {Code::kUnsupported, "this build leaves out Beams"};
}

}  // namespace kinglet
