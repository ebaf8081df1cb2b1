#include "kinglet/plan.h"

#include <limits>

#include "base/align.h"
#include "model/rules.h"
#include "plan/layout.h"
#include "plan/tables.h"

namespace kinglet {
namespace {

Status bad(Message message, std::uint64_t subject) { return {Code::kBadArgument, message, subject}; }

// Pictures that one call of `encode` can take.
std::uint32_t grids(const fb::Model& root, const Limits& limits) {
  if (root.input() == nullptr) return 0;
  return smaller(limits.source_rows / root.source(), limits.sequences);
}

// Fills in the defaults and refuses what the model or the rules do not allow.
Status settle(const fb::Model& root, Limits& limits) {
  constexpr std::uint32_t kContext = 2048, kSource = 512, kRows = 128;
  if (limits.context == 0) limits.context = root.step() == nullptr ? 1 : smaller(root.context(), kContext);
  if (root.input() != nullptr && limits.source == 0) limits.source = root.source();
  if (limits.source == 0) limits.source = root.encode() == nullptr ? 1 : smaller(root.source(), kSource);
  if (limits.rows == 0) limits.rows = smaller(limits.context, kRows);
  if (limits.source_rows == 0) limits.source_rows = limits.source;
  if (limits.outputs == 0) limits.outputs = limits.sequences;
  if (limits.sources == 0) limits.sources = limits.sequences;
  if (root.step() != nullptr && limits.context > root.context())
    return bad("the context is longer than the model's", root.context());
  if (root.encode() != nullptr && limits.source > root.source())
    return bad("the source is longer than the model's", root.source());
  if (root.input() != nullptr && (limits.source != root.source() || limits.source_rows < limits.source))
    return bad("the source is shorter than what this model reads", root.source());
  if (limits.sequences == 0 || limits.sequences > rules::kSequences)
    return bad("number of sequences out of range", rules::kSequences);
  if (limits.sources > limits.sequences)
    return bad("more sources than sequences that could have them", limits.sequences);
  if (limits.threads == 0 || limits.threads > rules::kThreads)
    return bad("number of threads out of range", rules::kThreads);
  if (limits.rows > rules::kRows || limits.source_rows > rules::kRows || limits.outputs > rules::kRows ||
      limits.context > rules::kPositions || limits.source > rules::kPositions)
    return bad("more rows than a call can have", rules::kRows);
  if (root.input() != nullptr) {
    for (const fb::Value* value : *root.encode()->values()) {
      if (value->extent() == fb::Extent::Grid && std::uint64_t{grids(root, limits)} * places(*value) > rules::kGridRows)
        return bad("more pictures in one call than a plan can hold", rules::kGridRows);
    }
  }
  return {};
}

}  // namespace

Shapes shapes_of(const fb::Model& root, const Limits& limits, bool encode) {
  const bool single = !encode && is_sequential(root);
  return {.rows = encode   ? limits.source_rows
                  : single ? smaller(limits.rows, limits.sequences)
                           : limits.rows,
          .outputs = single ? smaller(limits.outputs, limits.sequences) : limits.outputs,
          .sequences = limits.sequences,
          .sources = limits.sources,
          .context = static_cast<std::uint32_t>(round_up(limits.context, kLanes)),
          .source = static_cast<std::uint32_t>(round_up(limits.source, kLanes)),
          .grids = encode ? grids(root, limits) : 0,
          .threads = limits.threads};
}

Tables tables_of(const Model& model, const Limits& limits) {
  const fb::Model& root = model.root();
  const std::uint64_t pages = round_up(limits.context, kLanes) / kLanes;
  const std::uint64_t rows = larger(limits.rows, limits.source_rows);
  std::uint64_t end = kSessionBytes;
  const auto take = [&end](std::uint64_t count, std::uint64_t size) {
    const std::uint64_t begin = end;
    end += round_up(count * size, kAlignment);
    return begin;
  };
  const auto offsets = [&take](const fb::Function* function, bool values) {
    std::uint32_t count = 0;
    if (function != nullptr) count = values ? function->values()->size() : function->operators()->size();
    return take(count, sizeof(std::uint64_t));
  };
  Tables t{};
  t.lengths = take(limits.sequences, sizeof(std::uint32_t));
  t.source_lengths = take(limits.sequences, sizeof(std::uint32_t));
  t.memories = take(limits.sequences, sizeof(std::uint32_t));
  t.pages = take(pages * limits.sequences, sizeof(std::uint32_t));
  t.page_uses = take(pages * limits.sequences, sizeof(std::uint32_t));
  t.free_pages = take(pages * limits.sequences, sizeof(std::uint32_t));
  t.memory_uses = take(limits.sources, sizeof(std::uint32_t));
  t.before = take((pages + 3) * limits.sequences, sizeof(std::uint32_t));
  t.tokens = take(rows, sizeof(std::int32_t));
  t.types = take(rows, sizeof(std::uint8_t));
  t.positions = take(rows, sizeof(std::uint32_t));
  t.span_of = take(rows, sizeof(std::uint32_t));
  t.output_rows = take(limits.outputs, sizeof(std::uint32_t));
  t.spans = take(limits.sequences, sizeof(Span));
  t.encode_values = offsets(root.encode(), true);
  t.encode_scratches = offsets(root.encode(), false);
  t.step_values = offsets(root.step(), true);
  t.step_scratches = offsets(root.step(), false);
  t.states = take(root.states()->size(), sizeof(std::uint64_t));
  if (root.step() != nullptr)
    t.best = take(std::uint64_t{limits.outputs} * (is_sequential(root) ? 2 : 1), sizeof(Best));
  if (is_sequential(root)) {
    const fb::Function& step = *root.step();
    const std::uint32_t width = step.values()->Get(static_cast<std::uint32_t>(step.output()))->width();
    t.results = take(limits.outputs, round_up(width, kLanes) * sizeof(float));
  }
  t.bytes = end;
  return t;
}

Result<Plan> Plan::make(const Model& model, const Limits& limits) {
  Plan plan{.model = model, .limits = limits};
  const fb::Model& root = model.root();
  if (auto s = settle(root, plan.limits); !s.ok()) return s;
  plan.tables_bytes = tables_of(model, plan.limits).bytes;
  for (const fb::State* state : *root.states())
    plan.states_bytes += state_bytes(*state, shapes_of(root, plan.limits, false));
  for (const bool encode : {true, false}) {
    const fb::Function* function = encode ? root.encode() : root.step();
    if (function == nullptr) continue;
    auto bytes = Layout::make(*function, shapes_of(root, plan.limits, encode));
    if (!bytes.ok()) return bytes.status();
    plan.working_bytes = larger(plan.working_bytes, *bytes);
  }
  const std::uint64_t arena = plan.tables_bytes + plan.states_bytes + plan.working_bytes;
  if (arena > std::numeric_limits<std::size_t>::max() / 2)
    return bad("the arena is larger than this machine can address", arena);
  plan.arena_bytes = static_cast<std::size_t>(arena);
  return plan;
}

}  // namespace kinglet
