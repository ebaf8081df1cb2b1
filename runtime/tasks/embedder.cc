#include "kinglet/embedder.h"

#include <cstring>

#include "model_generated.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

constexpr std::size_t kTemplate = 64;  // most tokens of a template that a text longer than the model may have around it

std::size_t length_of(const flatbuffers::Vector<std::int32_t>* tokens) {
  return tokens == nullptr ? 0 : tokens->size();
}

}  // namespace

struct EmbedderLayout {
  static Status lay_out(Embedder& e, Workspace& workspace, const Plan& plan, std::size_t text_bytes) {
    const fb::Model& root = plan.model.root();
    if (!plan.model.has_encoder() || plan.model.has_decoder())
      return {Code::kUnsupported, "vectors and labels are made by models with an encoder and no decoder"};
    const fb::Function& encode = *root.encode();
    const auto output =
        encode.output() < 0 ? nullptr : encode.values()->Get(static_cast<std::uint32_t>(encode.output()));
    e.pools_ = output != nullptr && output->extent() == fb::Extent::Sequences;
    e.chunks_ = workspace.take<Chunk>(plan.limits.sequences);
    if (root.input() != nullptr) return {};
    if (root.tokenizer() == nullptr) return {Code::kUnsupported, "this model has no tokenizer"};
    auto tokenizer = Tokenizer::open(*root.tokenizer());
    if (!tokenizer.ok()) return tokenizer.status();
    e.tokenizer_ = *tokenizer;
    // A token stands for at least a byte of the normalized text, and a byte of text becomes at most three bytes of it where the
    // tokenizer has no map of its own; longer ones end in kContextFull.
    const std::uint64_t longest = 3 * std::uint64_t{text_bytes} + kTemplate;
    e.text_tokens_ = workspace.take<std::int32_t>(longest);
    e.text_types_ = workspace.take<std::uint8_t>(longest);
    e.tokens_ = workspace.take<std::int32_t>(plan.limits.source_rows);
    e.types_ = workspace.take<std::uint8_t>(plan.limits.source_rows);
    e.scratch_ = workspace.take<std::byte>(tokenizer->scratch_bytes(text_bytes));
    e.text_bytes_ = text_bytes;
    return {};
  }
};

Result<std::size_t> Embedder::workspace_bytes(const Plan& plan, std::size_t text_bytes) {
  Embedder embedder;
  Workspace workspace;
  if (auto s = EmbedderLayout::lay_out(embedder, workspace, plan, text_bytes); !s.ok()) return s;
  return workspace.measured();
}

Result<Embedder> Embedder::create(Session& session, std::span<std::byte> memory, std::size_t text_bytes) {
  Embedder embedder;
  Workspace workspace(memory);
  if (auto s = EmbedderLayout::lay_out(embedder, workspace, session.plan(), text_bytes); !s.ok()) return s;
  if (auto s = workspace.check(); !s.ok()) return s;
  embedder.session_ = &session;
  return embedder;
}

// The template's tokens at the end of a text stay, so [SEP] still ends it; the tokens before them go.
std::size_t Embedder::shorten(std::size_t tokens, const Passage& passage, const EmbedOptions& options) const {
  const std::size_t most = session_->plan().limits.source;
  if (tokens <= most || !options.truncate) return tokens;
  const fb::Tokenizer& file = *session_->plan().model.root().tokenizer();
  std::size_t end = options.special.add ? length_of(passage.pair ? file.pair_after() : file.after()) : 0;
  if (end > most) end = most;
  std::memmove(text_tokens_.data() + (most - end), text_tokens_.data() + (tokens - end), end * sizeof(std::int32_t));
  std::memmove(text_types_.data() + (most - end), text_types_.data() + (tokens - end), end);
  return most;
}

// One text's tokens and types.
Result<std::size_t> Embedder::read(const Passage& passage, const EmbedOptions& options) {
  if (passage.text.size() > text_bytes_ || passage.second.size() > text_bytes_ - passage.text.size())
    return Status{Code::kOutOfMemory, "a text is longer than the workspace was made for"};
  std::memset(text_types_.data(), 0, text_types_.size());
  auto made = passage.pair ? tokenizer_.encode_pair(passage.text, passage.second, options.special, scratch_,
                                                    text_tokens_, text_types_)
                           : tokenizer_.encode(passage.text, options.special, scratch_, text_tokens_);
  if (!made.ok()) return made;
  return shorten(*made, passage, options);
}

Result<std::size_t> Embedder::embed(std::span<const Passage> passages, const EmbedOptions& options) {
  const Limits& limits = session_->plan().limits;
  if (passages.empty()) return Status{Code::kBadArgument, "there is no text, picture or sound"};
  if (session_->plan().model.root().input() != nullptr) return embed_grids(passages);
  std::size_t used = 0;
  std::uint32_t i = 0;
  count_ = 0;
  for (; i < passages.size() && i < limits.sequences; ++i) {
    auto made = read(passages[i], options);
    if (!made.ok()) return Status{made.status().code(), made.status().message(), i};
    if (*made > limits.source || *made > limits.source_rows)
      return Status{Code::kContextFull, "a text has more tokens than the plan has room for", i};
    if (*made == 0) return Status{Code::kBadArgument, "a text has no tokens", i};
    if (*made > limits.source_rows - used) break;
    std::memcpy(tokens_.data() + used, text_tokens_.data(), *made * sizeof(std::int32_t));
    std::memcpy(types_.data() + used, text_types_.data(), *made);
    chunks_[i] = {.sequence = i,
                  .tokens = tokens_.subspan(used, *made),
                  .types = types_.subspan(used, *made),
                  .want = Want::kAll};
    used += *made;
  }
  if (auto s = session_->encode(chunks_.first(i)); !s.ok()) return s;
  count_ = i;
  return count_;
}

Result<std::size_t> Embedder::embed_grids(std::span<const Passage> passages) {
  const Plan& plan = session_->plan();
  const std::size_t room = plan.limits.source_rows / plan.model.root().source();
  count_ = 0;
  std::uint32_t i = 0;
  for (; i < passages.size() && i < room && i < plan.limits.sequences; ++i)
    chunks_[i] = {.sequence = i, .tokens = {}, .types = {}, .want = Want::kAll, .grid = passages[i].grid};
  if (auto s = session_->encode(chunks_.first(i)); !s.ok()) return s;
  count_ = i;
  return count_;
}

Status Embedder::embed(std::string_view text, const EmbedOptions& options) {
  const Passage passage{.text = text};
  return embed({&passage, 1}, options).status();
}

std::size_t Embedder::rows(std::size_t index) const {
  if (index >= count_) return 0;
  const fb::Model& root = session_->plan().model.root();
  return pools_ ? 1 : root.input() != nullptr ? root.source() : chunks_[index].tokens.size();
}

std::span<const float> Embedder::vector(std::size_t index, std::size_t row) const {
  if (row >= rows(index)) return {};
  std::size_t first = 0;
  for (std::size_t i = 0; i < index; ++i) first += rows(i);
  return session_->output(static_cast<std::uint32_t>(first + row));
}

std::span<const std::int32_t> Embedder::tokens(std::size_t index) const {
  return index < count_ ? chunks_[index].tokens : std::span<const std::int32_t>{};
}

}  // namespace kinglet
