// What a session shows of its calls: output rows, the best token of each, attention weights.
#include "base/overlap.h"
#include "ops/scores.h"
#include "session/impl.h"
#include "session/runner.h"

namespace kinglet {
namespace {

Status bad(Message message, std::uint64_t subject) { return {Code::kBadArgument, message, subject}; }

// The operator that makes the logits and nothing else.
bool ends_in_scores(const fb::Model& root) {
  const fb::Linear* scores = root.step() == nullptr ? nullptr : ops::scores_of(*root.step());
  return scores != nullptr &&
         root.weights()->Get(static_cast<std::uint32_t>(scores->weight()))->rows() == root.vocabulary();
}

Status not_in_vocabulary(std::int32_t token) {
  return bad("a token is not in the vocabulary", static_cast<std::uint32_t>(token));
}

}  // namespace

std::uint32_t Session::outputs() const {
  const Impl* self = static_cast<const Impl*>(this);
  const Frame* frame = self->last;
  if (frame != nullptr && frame->function->sequential()) return self->result_count;
  return frame == nullptr || frame->function->output() < 0 ? 0 : frame->rows_of(frame->function->output());
}

std::span<const float> Session::output(std::uint32_t index) const {
  if (index >= outputs()) return {};
  const Impl* self = static_cast<const Impl*>(this);
  const Frame* frame = self->last;
  if (frame->picking.best != nullptr) return {};
  const int value = frame->function->output();
  if (frame->function->sequential()) return {self->results.row(index), frame->value(value).width()};
  return {frame->floats(value).row(index), frame->value(value).width()};
}

Status Session::restrict(std::span<const std::int32_t> tokens) {
  Impl* self = static_cast<Impl*>(this);
  const fb::Model& root = self->plan.model.root();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] < 0 || static_cast<std::uint32_t>(tokens[i]) >= root.vocabulary())
      return not_in_vocabulary(tokens[i]);
    if (i > 0 && tokens[i] <= tokens[i - 1]) return bad("allowed tokens do not ascend", i);
  }
  if (tokens.empty()) {
    self->frames[0].allowed = {};
    return {};
  }
  if (!ends_in_scores(root)) return {Code::kUnsupported, "only the scores of a vocabulary can be restricted"};
  self->frames[0].allowed = tokens;
  return {};
}

Status Session::pick(std::span<const std::int32_t> never, std::span<const std::int32_t> more_never) {
  Impl* self = static_cast<Impl*>(this);
  const fb::Model& root = self->plan.model.root();
  for (const auto& tokens : {never, more_never}) {
    for (const std::int32_t token : tokens) {
      if (token < 0 || static_cast<std::uint32_t>(token) >= root.vocabulary()) return not_in_vocabulary(token);
    }
  }
  if (!ends_in_scores(root) || !selects(self->frames[0]))
    return {Code::kUnsupported, "only among the scores of a vocabulary one can be picked"};
  // What a sequential function picks for a row of its call moves to the row's place among all.
  self->frames[0].picking = {.best = self->best + (is_sequential(root) ? self->plan.limits.outputs : 0),
                             .never = {never, more_never}};
  self->last = nullptr;
  return {};
}

void Session::stop_picking() {
  Impl* self = static_cast<Impl*>(this);
  if (self->frames[0].picking.best == nullptr) return;
  self->frames[0].picking = {};
  self->last = nullptr;
}

Result<std::int32_t> Session::picked(std::uint32_t index) const {
  const Impl* self = static_cast<const Impl*>(this);
  if (index >= outputs() || self->last->picking.best == nullptr) return bad("no token was picked for this row", index);
  const Best& best = self->best[index];
  if (best.column >= self->plan.model.root().vocabulary()) return bad("no token is left to choose from", index);
  return static_cast<std::int32_t>(best.column);
}

std::span<const AttentionCapture> Session::captures() const {
  return static_cast<const Impl*>(this)->frames[0].captures;
}

Status Session::capture(std::span<const AttentionCapture> captures) {
  Impl* self = static_cast<Impl*>(this);
  const Model& model = self->plan.model;
  const std::span<const std::byte> arena{reinterpret_cast<const std::byte*>(self), self->plan.arena_bytes};
  for (std::size_t i = 0; i < captures.size(); ++i) {
    const AttentionCapture& c = captures[i];
    if (c.rows == 0 || c.columns == 0) return bad("a capture has no room", i);
    if (c.attention >= attention_count(model)) return bad("the model has no such attention to capture", i);
    if (c.sequence >= self->plan.limits.sequences) return bad("a capture's sequence is not in the plan", i);
    for (std::size_t j = 0; j < i; ++j) {
      if (captures[j].attention == c.attention && captures[j].sequence == c.sequence)
        return bad("two captures want the same attention of the same sequence", i);
      if (overlap(captures[j].weights, c.weights)) return bad("a capture's memory is not its own", i);
    }
    if (overlap(c.weights, captures) || overlap(c.weights, arena) || overlap(c.weights, model.bytes()))
      return bad("a capture's memory is not its own", i);
    const std::uint64_t cells = std::uint64_t{c.rows} * c.columns;  // heads are few: no overflow below
    if (cells > c.weights.size() || cells * attention_info(model, c.attention).heads > c.weights.size())
      return bad("a capture's memory is smaller than its heads, rows and columns", i);
  }
  for (Frame& frame : self->frames) frame.captures = captures;
  return {};
}

}  // namespace kinglet
