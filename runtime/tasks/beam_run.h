// Beam searches over a session: group g has the sequences [g * beams, (g + 1) * beams), of which the first has read what the text
// begins with. Hypotheses share its cache and its source; each step reorders sequences by index and copies nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kinglet/beam.h"
#include "kinglet/session.h"
#include "kinglet/status.h"
#include "tasks/workspace.h"

namespace kinglet {

// Whether this build has them (KINGLET_PARTS).
bool has_beams();

// Memory of beam searches in a task's workspace.
BeamMemory take_beams(Workspace& workspace, const Limits& limits);

// Prepares `groups` searches in memory.searches. kBadArgument: more hypotheses than the plan's sequences (its subject), or
// an option out of range.
Status begin_beams(BeamMemory& memory, const Session& session, std::uint32_t groups, const BeamOptions& options,
                   const TokenMarks& marks, std::uint32_t max_tokens, std::int32_t forced);

// Runs them to their end. `prompt`: all tokens each group's first sequence begins with; its cache may have seen the first of them,
// but not the last.
Status run_beams(Session& session, BeamMemory& memory, std::uint32_t groups, std::uint32_t beams,
                 std::span<const std::int32_t> prompt);

}  // namespace kinglet
