#include "kinglet/classifier.h"

#include <limits>

#include "model_generated.h"
#include "tasks/weights.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

// Width of the encoder's output: one logit per label.
std::uint32_t label_count(const Plan& plan) {
  const fb::Function* encode = plan.model.root().encode();
  if (encode == nullptr || encode->output() < 0) return 0;
  return encode->values()->Get(static_cast<std::uint32_t>(encode->output()))->width();
}

// Minus infinity where a logit is a NaN or +infinity, or none is finite.
float highest_of(std::span<const float> logits) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  float highest = kNone;
  for (const float x : logits) {
    if (!(x <= std::numeric_limits<float>::max())) return kNone;
    if (x > highest) highest = x;
  }
  return highest;
}

}  // namespace

Result<std::size_t> Classifier::workspace_bytes(const Plan& plan, std::size_t text_bytes) {
  auto embedding = Embedder::workspace_bytes(plan, text_bytes);
  if (!embedding.ok()) return embedding;
  Workspace workspace;
  workspace.take<float>(label_count(plan));
  workspace.take<std::byte>(*embedding);
  return workspace.measured();
}

Result<Classifier> Classifier::create(Session& session, std::span<std::byte> memory, std::size_t text_bytes) {
  auto embedding = Embedder::workspace_bytes(session.plan(), text_bytes);
  if (!embedding.ok()) return embedding.status();
  if (label_count(session.plan()) == 0) return Status{Code::kUnsupported, "this model's encoder has no output"};
  Classifier classifier;
  Workspace workspace(memory);
  classifier.probabilities_ = workspace.take<float>(label_count(session.plan()));
  const std::span<std::byte> rest = workspace.take<std::byte>(*embedding);
  if (auto s = workspace.check(); !s.ok()) return s;
  auto rows = Embedder::create(session, rest, text_bytes);
  if (!rows.ok()) return rows.status();
  classifier.rows_ = *rows;
  return classifier;
}

Result<std::size_t> Classifier::classify(std::span<const Passage> passages, const EmbedOptions& options) {
  return rows_.embed(passages, options);
}

Status Classifier::classify(std::string_view text, const EmbedOptions& options) { return rows_.embed(text, options); }

Result<std::span<const float>> Classifier::probabilities(std::size_t index, std::size_t row) {
  const std::span<const float> logits = rows_.vector(index, row);
  if (logits.empty()) return Status{Code::kBadArgument, "the last call has no such row", index};
  const float highest = highest_of(logits);
  if (highest == -std::numeric_limits<float>::infinity())
    return Status{Code::kNotFinite, "a logit is a NaN or an infinity", index};
  std::uint64_t total = 0;
  for (const float x : logits) total += weight_of(x - highest);
  for (std::size_t i = 0; i < logits.size(); ++i) probabilities_[i] = share(weight_of(logits[i] - highest), total);
  return std::span<const float>(probabilities_);
}

Result<Labelled> Classifier::best(std::size_t index, std::size_t row) {
  auto all = probabilities(index, row);
  if (!all.ok()) return all.status();
  const std::span<const float> logits = rows_.vector(index, row);
  std::uint32_t best = 0;
  for (std::uint32_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return Labelled{.label = best, .probability = (*all)[best]};
}

std::string_view Classifier::label(std::uint32_t index) const {
  const auto* labels = rows_.session().plan().model.root().labels();
  if (labels == nullptr || index >= labels->size()) return {};
  const auto* text = labels->Get(index);
  return {text->c_str(), text->size()};
}

}  // namespace kinglet
