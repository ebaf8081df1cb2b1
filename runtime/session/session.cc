#include "kinglet/session.h"

#include <cstring>
#include <new>

#include "plan/layout.h"
#include "plan/tables.h"
#include "session/arithmetic.h"
#include "session/impl.h"
#include "session/runner.h"

namespace kinglet {
namespace {

Status bad(Message message, std::uint64_t subject) { return {Code::kBadArgument, message, subject}; }

template <class T>
T* at(std::byte* arena, std::uint64_t offset) {
  return reinterpret_cast<T*>(arena + offset);
}

template <class Of>
bool has_state(const fb::Model& root, const Of& of) {
  for (const fb::State* state : *root.states()) {
    if (of(state->extent())) return true;
  }
  return false;
}

// Output rows wanted of the first `rows` tokens of a chunk.
std::uint32_t wanted(const Chunk& chunk, std::size_t rows) {
  if (chunk.want == Want::kAll) return static_cast<std::uint32_t>(rows);
  return chunk.want == Want::kLast && rows == chunk.tokens.size() ? 1 : 0;
}

}  // namespace

constexpr std::uint64_t kUsualCache = std::uint64_t{16} << 20;

Result<Session*> Session::create(const Plan& plan, std::span<std::byte> arena, const SessionOptions& options) {
  static_assert(sizeof(Impl) <= kSessionBytes);
  if (reinterpret_cast<std::uintptr_t>(arena.data()) % kAlignment != 0)
    return bad("the arena is not aligned to this many bytes", kAlignment);
  if (arena.size() < plan.arena_bytes || plan.arena_bytes == 0)
    return Status{Code::kOutOfMemory, "the arena is smaller than the plan's bytes", plan.arena_bytes};
  const kernels::Kernels* kernels = kernels::select(options.isa, options.features);
  if (kernels == nullptr) return Status{Code::kUnsupported, "no kernel set of that name runs here"};
  if (auto s = check_arithmetic(options.parallel, plan.limits.threads); !s.ok()) return s;

  const fb::Model& root = plan.model.root();
  const Tables tables = tables_of(plan.model, plan.limits);
  std::byte* base = arena.data();
  Impl* session = new (base) Impl;
  session->plan = plan;
  session->observer = options.observer;
  session->has_source_states =
      has_state(root, [](fb::StateExtent e) { return e == fb::StateExtent::Source || e == fb::StateExtent::Memory; });
  session->recurrent = has_state(root, [](fb::StateExtent e) { return e == fb::StateExtent::Sequence; });
  session->sequences = Sequences(tables, plan.limits, base);
  session->tokens = at<std::int32_t>(base, tables.tokens);
  session->types = at<std::uint8_t>(base, tables.types);
  session->positions = at<std::uint32_t>(base, tables.positions);
  session->span_of = at<std::uint32_t>(base, tables.span_of);
  session->output_rows = at<std::uint32_t>(base, tables.output_rows);
  session->spans = at<Span>(base, tables.spans);

  std::uint64_t* state_offsets = at<std::uint64_t>(base, tables.states);
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < root.states()->size(); ++i) {
    state_offsets[i] = offset;
    offset += state_bytes(*root.states()->Get(i), shapes_of(root, plan.limits, false));
  }
  for (const bool encode : {false, true}) {
    const fb::Function* function = encode ? root.encode() : root.step();
    if (function == nullptr) continue;
    const Shapes shapes = shapes_of(root, plan.limits, encode);
    std::uint64_t* values = at<std::uint64_t>(base, encode ? tables.encode_values : tables.step_values);
    session->scratches[encode] = at<std::uint64_t>(base, encode ? tables.encode_scratches : tables.step_scratches);
    auto laid = Layout::make(*function, shapes, values, session->scratches[encode]);
    if (!laid.ok()) return laid.status();
    session->frames[encode] = {
        .model = &session->plan.model,
        .function = function,
        .kernels = kernels,
        .parallel = options.parallel,
        .shapes = shapes,
        .call = {},
        .working = base + plan.tables_bytes + plan.states_bytes,
        .value_offsets = values,
        .scratch = nullptr,
        .states = base + plan.tables_bytes,
        .state_offsets = state_offsets,
        .cold = root.segment_bytes() > (options.cache_bytes != 0 ? options.cache_bytes : kUsualCache),
        .pages = session->sequences.pages(),
        .provider = options.provider};
    if (auto s = prepare(session->frames[encode], encode); !s.ok()) return s;
  }
  session->best = at<Best>(base, tables.best);
  if (is_sequential(root)) {
    const std::uint32_t width = session->frames[0].value(root.step()->output()).width();
    session->results = {at<float>(base, tables.results), static_cast<std::size_t>(round_up(width, kLanes))};
  }
  return static_cast<Session*>(session);
}

Status Session::Impl::check(std::span<const Chunk> chunks, bool encode) const {
  const Limits& limits = plan.limits;
  const fb::Model& root = plan.model.root();
  if ((encode ? root.encode() : root.step()) == nullptr) return bad("this model has no such function", encode);
  if (chunks.empty() || chunks.size() > limits.sequences)
    return bad("a call takes from one chunk to as many as the plan's sequences", limits.sequences);
  const std::uint32_t most_rows = encode ? limits.source_rows : limits.rows;
  std::uint64_t rows = 0;
  std::uint64_t outputs = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    if (chunk.sequence >= limits.sequences) return bad("a chunk's sequence is not in the plan", chunk.sequence);
    for (std::size_t j = 0; j < i; ++j) {
      if (chunks[j].sequence == chunk.sequence)
        return bad("two chunks of one call have the same sequence", chunk.sequence);
    }
    if (auto s = reads_grids(encode) ? check_grid(chunk, i) : check_tokens(chunk, i, encode); !s.ok()) return s;
    if (!encode && chunk.tokens.size() > limits.context - sequences.length(chunk.sequence))
      return {Code::kContextFull, "the context is full: these positions were planned", limits.context};
    if (!encode && has_source_states && sequences.source_length(chunk.sequence) == 0)
      return bad("a sequence has no encoded source", chunk.sequence);
    rows += rows_of(chunk, encode);
    outputs += wanted(chunk, chunk.tokens.size());
  }
  if (rows > most_rows) return bad("a call has more rows than the plan's", most_rows);
  if (auto s = check_captures(chunks, encode); !s.ok()) return s;
  if (outputs > limits.outputs && selects(frames[encode]))
    return bad("more output rows wanted than the plan's outputs", limits.outputs);
  if (encode && has_source_states && !sequences.has_memories_for(chunks))
    return bad("more sources at once than the plan's", limits.sources);
  return {};
}

Status Session::Impl::check_tokens(const Chunk& chunk, std::size_t index, bool encode) const {
  const fb::Model& root = plan.model.root();
  const std::uint32_t vocabulary = encode ? root.source_vocabulary() : root.vocabulary();
  const std::uint32_t most_rows = encode ? plan.limits.source_rows : plan.limits.rows;
  if (chunk.tokens.empty()) return bad("a chunk has no tokens", index);
  if (!chunk.grid.bytes.empty() || !chunk.grid.features.empty())
    return bad("a chunk has a grid, but tokens are read", index);
  if (chunk.tokens.size() > most_rows) return bad("a chunk has more tokens than the plan's rows", most_rows);
  if (encode && chunk.tokens.size() > plan.limits.source)
    return bad("a source is longer than the plan's", plan.limits.source);
  if (!chunk.types.empty() && chunk.types.size() != chunk.tokens.size())
    return bad("a chunk has not as many token types as tokens", index);
  for (const std::int32_t token : chunk.tokens) {
    if (token < 0 || static_cast<std::uint32_t>(token) >= vocabulary)
      return bad("a token is not in the vocabulary", static_cast<std::uint32_t>(token));
  }
  for (const std::uint8_t type : chunk.types) {
    if (type >= root.types()) return bad("a token type is out of range", type);
  }
  return {};
}

Status Session::Impl::check_grid(const Chunk& chunk, std::size_t index) const {
  const fb::Input& input = *plan.model.root().input();
  const std::uint64_t size = std::uint64_t{input.grid()->height()} * input.grid()->width() * input.channels();
  if (!chunk.tokens.empty() || !chunk.types.empty()) return bad("a chunk has tokens, but a grid is read", index);
  if (chunk.grid.bytes.empty() == chunk.grid.features.empty()) return bad("a chunk has no grid, or two of them", index);
  if (!chunk.grid.bytes.empty() && input.gain() < 0)
    return {Code::kUnsupported, "this model reads a grid of floats, not of bytes", index};
  if (chunk.grid.bytes.size() + chunk.grid.features.size() != size)
    return bad("a chunk's grid has not as many numbers as the model's", size);
  return {};
}

// Each row of the call fits the captures of its sequence.
Status Session::Impl::check_captures(std::span<const Chunk> chunks, bool encode) const {
  const auto& captures = frames[encode].captures;
  for (std::size_t i = 0; i < captures.size(); ++i) {
    const AttentionCapture& capture = captures[i];
    const AttentionKind kind = attention_info(plan.model, capture.attention).kind;
    if (encode != (kind == AttentionKind::kEncoder)) continue;
    for (const Chunk& chunk : chunks) {
      if (chunk.sequence != capture.sequence) continue;
      const std::uint32_t added = rows_of(chunk, encode);
      const std::uint64_t rows = std::uint64_t{added} + (encode ? 0 : sequences.length(chunk.sequence));
      const bool source = kind == AttentionKind::kCross || kind == AttentionKind::kAlign;
      const std::uint64_t columns = source ? sequences.source_length(chunk.sequence) : rows;
      if (added > capture.rows || columns > capture.columns)
        return bad("a capture of attention weights has no room for this call's rows", i);
    }
  }
  return {};
}

void Session::Impl::set_rows(std::span<const Chunk> chunks, bool encode, Call& call) {
  std::uint32_t row = 0;
  std::uint32_t outputs = 0;
  const bool select = selects(frames[encode]);
  for (std::uint32_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    const std::uint32_t count = rows_of(chunk, encode);
    const bool grid = reads_grids(encode);
    const std::uint32_t start = encode ? 0 : sequences.length(chunk.sequence);
    spans[i] = {.sequence = chunk.sequence,
                .memory = sequences.memory(chunk.sequence),
                .first_row = row,
                .rows = count,
                .position = start};
    for (std::uint32_t j = 0; j < count; ++j, ++row) {
      tokens[row] = grid ? 0 : chunk.tokens[j];
      types[row] = chunk.types.empty() ? std::uint8_t{0} : chunk.types[j];
      positions[row] = start + j;
      span_of[row] = i;
      if (select && wanted(chunk, j + 1) != wanted(chunk, j)) output_rows[outputs++] = row;
    }
  }
  call = {.tokens = tokens,
          .types = types,
          .positions = positions,
          .span_of = span_of,
          .output_rows = output_rows,
          .spans = spans,
          .chunks = chunks.data(),
          .source_lengths = sequences.source_lengths(),
          .rows = row,
          .outputs = outputs,
          .sequences = static_cast<std::uint32_t>(chunks.size())};
}

// Memory for what the call is going to keep.
void Session::Impl::reserve(std::span<const Chunk> chunks, bool encode) {
  const auto copy_page = [this](std::uint32_t from, std::uint32_t to) {
    const auto& states = *plan.model.root().states();
    for (std::uint32_t i = 0; i < states.size(); ++i) {
      if (states.Get(i)->extent() == fb::StateExtent::Context) frames[0].copy_page(static_cast<int>(i), from, to);
    }
  };
  for (const Chunk& chunk : chunks) {
    const std::uint32_t count = rows_of(chunk, encode);
    if (!encode) {
      sequences.reserve(chunk.sequence, count, copy_page);
      for_rows([&](int state) {
        copy_row(state, frames[0].kept_row(state, chunk.sequence), frames[0].spare_row(state, chunk.sequence));
      });
      continue;
    }
    sequences.truncate(chunk.sequence, 0);
    sequences.set_source(chunk.sequence, 0);
    if (has_source_states) sequences.renew_memory(chunk.sequence);
  }
}

// After the call: what it kept counts, or is given back.
void Session::Impl::settle(std::span<const Chunk> chunks, bool encode, bool done) {
  for (const Chunk& chunk : chunks) {
    const std::uint32_t count = rows_of(chunk, encode);
    if (encode && done) sequences.set_source(chunk.sequence, count);
    else if (encode) sequences.drop_source(chunk.sequence);
    else if (done) sequences.commit(chunk.sequence, count);
    else undo(chunk.sequence, count);
  }
}

void Session::Impl::undo(std::uint32_t sequence, std::uint32_t rows) {
  sequences.give_back(sequence, rows);
  for_rows(
      [&](int state) { copy_row(state, frames[0].spare_row(state, sequence), frames[0].kept_row(state, sequence)); });
}

// A sequential function runs once for the first row of every chunk, once for the second of those that have one, and so on.
Status Session::Impl::run_rows(std::span<const Chunk> chunks) {
  Frame& frame = frames[0];
  std::uint32_t longest = 0;
  result_count = 0;
  for (const Chunk& chunk : chunks) {
    if (chunk.tokens.size() > longest) longest = static_cast<std::uint32_t>(chunk.tokens.size());
    result_count += wanted(chunk, chunk.tokens.size());
  }
  for (std::uint32_t t = 0; t < longest; ++t) {
    std::uint32_t rows = 0;
    std::uint32_t outputs = 0;
    for (const Chunk& chunk : chunks) {
      if (chunk.tokens.size() <= t) continue;
      const std::uint32_t position = sequences.length(chunk.sequence) + t;
      spans[rows] = {.sequence = chunk.sequence,
                     .memory = sequences.memory(chunk.sequence),
                     .first_row = rows,
                     .rows = 1,
                     .position = position};
      tokens[rows] = chunk.tokens[t];
      types[rows] = chunk.types.empty() ? std::uint8_t{0} : chunk.types[t];
      positions[rows] = position;
      span_of[rows] = rows;
      if (wanted(chunk, t + 1) != wanted(chunk, t)) output_rows[outputs++] = rows;
      ++rows;
    }
    frame.call.rows = frame.call.sequences = rows;
    frame.call.outputs = outputs;
    if (auto s = run(frame, scratches[0], false, observer, t); !s.ok()) return s;
    std::uint32_t first = 0;  // result of the chunk
    outputs = 0;
    for (const Chunk& chunk : chunks) {
      const std::uint32_t before = chunk.tokens.size() <= t ? 0 : wanted(chunk, t);
      if (chunk.tokens.size() > t && wanted(chunk, t + 1) != before) {
        const int value = frame.function->output();
        if (frame.picking.best != nullptr) best[first + before] = frame.picking.best[outputs];
        else
          std::memcpy(results.row(first + before), frame.floats(value).row(outputs),
                      frame.value(value).width() * sizeof(float));
        ++outputs;
      }
      first += wanted(chunk, chunk.tokens.size());
    }
  }
  return {};
}

Status Session::Impl::call(std::span<const Chunk> chunks, bool encode) {
  if (auto s = check(chunks, encode); !s.ok()) return s;
  last = nullptr;
  reserve(chunks, encode);
  set_rows(chunks, encode, frames[encode].call);
  const bool single = !encode && is_sequential(plan.model.root());
  const Status done = single ? run_rows(chunks) : run(frames[encode], scratches[encode], encode, observer, 0);
  settle(chunks, encode, done.ok());
  if (done.ok()) last = &frames[encode];
  return done;
}

Status Session::encode(std::span<const Chunk> chunks) { return static_cast<Impl*>(this)->call(chunks, true); }

Status Session::step(std::span<const Chunk> chunks) { return static_cast<Impl*>(this)->call(chunks, false); }

std::uint32_t Session::length(std::uint32_t sequence) const {
  const Impl* self = static_cast<const Impl*>(this);
  return sequence < self->plan.limits.sequences ? self->sequences.length(sequence) : 0;
}

std::uint32_t Session::source_length(std::uint32_t sequence) const {
  const Impl* self = static_cast<const Impl*>(this);
  return sequence < self->plan.limits.sequences ? self->sequences.source_length(sequence) : 0;
}

Status Session::truncate(std::uint32_t sequence, std::uint32_t length) {
  Impl* self = static_cast<Impl*>(this);
  if (sequence >= self->plan.limits.sequences) return bad("a sequence is not in the plan", sequence);
  if (length > self->sequences.length(sequence))
    return bad("a sequence is shorter than the length it should be cut to", length);
  if (self->recurrent && length != 0 && length != self->sequences.length(sequence))
    return {Code::kUnsupported, "a recurrent model's sequence can only be cut to nothing", length};
  self->sequences.truncate(sequence, length);
  return {};
}

Status Session::forget(std::uint32_t sequence) {
  Impl* self = static_cast<Impl*>(this);
  if (sequence >= self->plan.limits.sequences) return bad("a sequence is not in the plan", sequence);
  self->sequences.truncate(sequence, 0);
  self->sequences.drop_source(sequence);
  return {};
}

Status Session::reorder(std::span<const std::uint32_t> parents) {
  Impl* self = static_cast<Impl*>(this);
  const std::uint32_t sequences = self->plan.limits.sequences;
  if (parents.size() > sequences) return bad("more sequences than the plan's", sequences);
  for (const std::uint32_t parent : parents) {
    if (parent >= sequences) return bad("a sequence is not in the plan", parent);
  }
  self->sequences.reorder(parents);
  const Frame& frame = self->frames[0];
  self->for_rows([&](int state) {
    for (std::uint32_t i = 0; i < parents.size(); ++i) {
      if (parents[i] != i) self->copy_row(state, frame.kept_row(state, parents[i]), frame.spare_row(state, i));
    }
    for (std::uint32_t i = 0; i < parents.size(); ++i) {
      if (parents[i] != i) self->copy_row(state, frame.spare_row(state, i), frame.kept_row(state, i));
    }
  });
  return {};
}

const Plan& Session::plan() const { return static_cast<const Impl*>(this)->plan; }

const kernels::Kernels* Session::kernels() const {
  const Impl* self = static_cast<const Impl*>(this);
  return (self->frames[0].kernels != nullptr ? self->frames[0] : self->frames[1]).kernels;
}

const char* Session::isa() const { return kernels()->name; }

}  // namespace kinglet
