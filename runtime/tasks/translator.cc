#include "kinglet/translator.h"

#include <cstring>
#include <limits>
#include <new>

#include "base/align.h"
#include "model_generated.h"
#include "tasks/beam_run.h"
#include "tasks/chooser.h"
#include "tasks/coverage.h"
#include "tasks/tokens.h"
#include "tasks/workspace.h"

namespace kinglet {
namespace {

Status bad(Message message, std::uint64_t subject = 0) { return {Code::kBadArgument, message, subject}; }

}  // namespace

struct TranslatorLayout {
  static Status lay_out(Translator& t, Workspace& workspace, const Plan& plan, std::size_t text_bytes,
                        const TranslatorOptions& options) {
    const fb::Model& root = plan.model.root();
    if (!plan.model.has_decoder() || !plan.model.has_encoder())
      return {Code::kUnsupported, "texts are translated by models with an encoder and a decoder"};
    const fb::Tokenizer* writes = root.target_tokenizer() != nullptr ? root.target_tokenizer() : root.tokenizer();
    const bool reads_texts = root.input() == nullptr;
    if (writes == nullptr || (reads_texts && root.tokenizer() == nullptr))
      return {Code::kUnsupported, "this model has no tokenizer"};
    auto target = Tokenizer::open(*writes);
    if (!target.ok()) return target.status();
    auto source = reads_texts ? Tokenizer::open(*root.tokenizer()) : target;
    if (!source.ok()) return source.status();
    t.source_tokenizer_ = *source;
    t.target_tokenizer_ = *target;
    const std::size_t sampling = Sampler::workspace_bytes(root.vocabulary());
    const std::size_t encoding = reads_texts ? source->scratch_bytes(text_bytes) : 0;
    t.sources_ = workspace.take<std::int32_t>(reads_texts ? plan.limits.source_rows : 0);
    t.targets_ = workspace.take<std::int32_t>(std::uint64_t{plan.limits.sequences} * (plan.limits.context + 1));
    t.tracks_ = workspace.take<Translator::Track>(plan.limits.sequences);
    t.chunks_ = workspace.take<Chunk>(plan.limits.sequences);
    t.scratch_ = workspace.take<std::byte>(sampling > encoding ? sampling : encoding);
    if (options.beams) t.beams_ = take_beams(workspace, plan.limits);
    if (options.coverage) {
      const auto coverage = Coverage::take(workspace, plan);
      if (!coverage.ok()) return coverage.status();
      const auto place = workspace.take<Coverage>(1);
      if (!place.empty() && workspace.check().ok()) t.beams_.coverage = new (place.data()) Coverage(*coverage);
    }
    t.text_bytes_ = text_bytes;
    return {};
  }
};

Result<std::size_t> Translator::workspace_bytes(const Plan& plan, std::size_t text_bytes,
                                                const TranslatorOptions& options) {
  Translator translator;
  Workspace workspace;
  if (auto s = TranslatorLayout::lay_out(translator, workspace, plan, text_bytes, options); !s.ok()) return s;
  return workspace.measured();
}

Result<Translator> Translator::create(Session& session, std::span<std::byte> memory, std::size_t text_bytes,
                                      const TranslatorOptions& options) {
  Translator translator;
  Workspace workspace(memory);
  if (auto s = TranslatorLayout::lay_out(translator, workspace, session.plan(), text_bytes, options); !s.ok()) return s;
  if (auto s = workspace.check(); !s.ok()) return s;
  translator.session_ = &session;
  for (auto& track : translator.tracks_) track = {};
  return translator;
}

std::span<std::int32_t> Translator::target(std::size_t index) const {
  const std::size_t stride = std::size_t{session_->plan().limits.context} + 1;
  return targets_.subspan(index * stride, stride);
}

std::span<const std::int32_t> Translator::tokens(std::size_t index) const {
  if (index >= tracks_.size()) return {};
  return target(index).first(tracks_[index].count);
}

// The sources of the last call make room.
void Translator::begin() {
  for (std::uint32_t s = 0; s < tracks_.size(); ++s) (void)session_->forget(s);  // which are all in the plan
}

// A source's tokens with the suffix that its tokenizer does not write. None where there are only those that it writes to every text.
Result<std::size_t> Translator::read(std::string_view source, std::span<std::int32_t> room) {
  const auto nothing = source_tokenizer_.encode({}, {}, scratch_, room);
  if (!nothing.ok()) return nothing;
  auto made = source_tokenizer_.encode(source, {}, scratch_, room);
  if (!made.ok()) return made;
  if (*made == *nothing) return std::size_t{0};
  const fb::Generation* generation = session_->plan().model.root().generation();
  const auto suffix = tokens_of(generation == nullptr ? nullptr : generation->source_suffix());
  if (suffix.empty()) return made;
  if (room.size() - *made < suffix.size())
    return Status{Code::kOutOfMemory, "more tokens than the source has room for"};
  std::memcpy(room.data() + *made, suffix.data(), suffix.size_bytes());
  return *made + suffix.size();
}

Status Translator::check(std::size_t sources, const BeamOptions& beam, std::size_t results) const {
  const Limits& limits = session_->plan().limits;
  if (sources == 0 || sources > tracks_.size())
    return bad("from one text to as many as the plan's sequences can be translated at once", tracks_.size());
  if (beam.beams > 0 && !has_beams()) return {Code::kUnsupported, "this build leaves out Beams"};
  if (sources > limits.sources) return bad("more texts than the plan's sources", limits.sources);
  if (results != sources * (beam.beams == 0 ? 1 : beam.nbest))
    return bad("there are not as many results as sources, times the n-best of a beam search", results);
  if (beam.beams > 0 && sources > limits.sequences / beam.beams)
    return bad("more beams than the plan has sequences for", limits.sequences);
  if (beam.nbest > beam.beams && beam.beams > 0)
    return bad("a beam search has from one result to as many as its beams", beam.beams);
  if (beam.beams > 0 && beams_.searches.empty()) return bad("the workspace was made without room for a beam search");
  return {};
}

// Runs the encoder over all sources, as many in one call as the plan's rows take.
Status Translator::encode(std::span<const Grid> sources, const BeamOptions& beam, std::span<Translation> results) {
  const Plan& plan = session_->plan();
  const fb::Model& root = plan.model.root();
  if (root.input() == nullptr) return {Code::kUnsupported, "this model reads texts, not pictures or sounds"};
  const std::size_t most = plan.limits.source_rows / root.source();
  const std::uint32_t beams = beam.beams == 0 ? 1 : beam.beams;
  begin();
  for (std::size_t done = 0; done < sources.size();) {
    std::size_t chunks = 0;
    for (; chunks < most && done < sources.size(); ++chunks, ++done)
      chunks_[chunks] = {.sequence = static_cast<std::uint32_t>(done) * beams,
                         .tokens = {},
                         .types = {},
                         .want = Want::kNone,
                         .grid = sources[done]};
    if (auto s = session_->encode(chunks_.first(chunks)); !s.ok()) return s;
  }
  for (auto& result : results) {
    result = {};
    result.source_tokens = root.source();
  }
  return {};
}

Status Translator::encode(std::span<const std::string_view> sources, const BeamOptions& beam,
                          std::span<Translation> results) {
  const std::size_t each = results.size() / sources.size();
  const std::uint32_t beams = beam.beams == 0 ? 1 : beam.beams;
  const std::uint32_t longest = session_->plan().limits.source;
  if (session_->plan().model.root().input() != nullptr)
    return {Code::kUnsupported, "this model reads pictures or sounds, not texts"};
  begin();
  std::size_t used = 0;
  std::size_t chunks = 0;
  const auto flush = [&]() -> Status {
    const Status done = session_->encode(chunks_.first(chunks));
    used = chunks = 0;
    return done;
  };
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    if (sources[i].size() > text_bytes_)
      return {Code::kOutOfMemory, "a text is longer than the workspace was made for", i};
    auto made = read(sources[i], sources_.subspan(used));
    if (made.status().code() == Code::kOutOfMemory && used > 0) {
      if (auto s = flush(); !s.ok()) return s;
      made = read(sources[i], sources_);
    }
    if (made.status().code() == Code::kOutOfMemory || (made.ok() && *made > longest))
      return {Code::kContextFull, "a source has more tokens than the plan has room for", i};
    if (!made.ok()) return made.status();
    if (*made == 0) return bad("a source has no tokens", i);
    chunks_[chunks++] = {
        .sequence = i * beams, .tokens = sources_.subspan(used, *made), .types = {}, .want = Want::kNone};
    used += *made;
    for (auto& result : results.subspan(i * each, each)) {
      result = {};
      result.source_tokens = static_cast<std::uint32_t>(*made);
    }
  }
  return flush();
}

Status Translator::start(std::size_t count, std::string_view language) {
  const fb::Model& root = session_->plan().model.root();
  const auto start = start_tokens(root);
  const auto more = language_tokens(root, language);
  if (!more.ok()) return more.status();
  const std::uint32_t context = session_->plan().limits.context;
  if (start.empty()) return {Code::kUnsupported, "this model does not say which token starts its decoder"};
  if (start.size() + more->size() > context)
    return {Code::kContextFull, "the start tokens do not fit the context", context};
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(target(i).data(), start.data(), start.size_bytes());
    if (!more->empty()) std::memcpy(target(i).data() + start.size(), more->data(), more->size_bytes());
    tracks_[i] = {.count = static_cast<std::uint32_t>(start.size() + more->size()),
                  .made = 0,
                  .finish = Finish::kLength,
                  .done = false};
  }
  return {};
}

// The chunks of one call: sequences from `next` on that are not done (`first`: not begun), each with the tokens its cache has not seen,
// as far as the plan's rows reach. Returns their number.
Result<std::size_t> Translator::gather(std::size_t count, std::size_t& next, bool first) {
  const Limits& limits = session_->plan().limits;
  std::uint32_t room = limits.rows;
  std::size_t chunks = 0;
  for (; next < count && room > 0 && chunks < limits.outputs; ++next) {
    const Track& track = tracks_[next];
    if (track.done || (first && track.made > 0)) continue;
    const std::uint32_t sequence = static_cast<std::uint32_t>(next);
    const std::uint32_t fed = session_->length(sequence);
    const std::uint32_t rows = smaller(track.count - fed, room);
    chunks_[chunks++] = {
        .sequence = sequence, .tokens = target(next).subspan(fed, rows), .types = {}, .want = Want::kLast};
    room -= rows;
  }
  return chunks;
}

Status Translator::take(std::uint32_t sequence, std::int32_t token, const TranslateOptions& options) {
  Track& track = tracks_[sequence];
  if (contains(stop_tokens(session_->plan().model.root()), token)) {
    track.finish = Finish::kStopToken;
    track.done = true;
    return {};
  }
  target(sequence)[track.count++] = token;
  ++track.made;
  track.done = track.made == options.max_tokens || track.count > session_->plan().limits.context;
  return {};
}

// One more token for each sequence of the last call that has been fed all it had.
Status Translator::choose(Chooser& chooser, const TranslateOptions& options, std::size_t chunks) {
  const std::int32_t forced = forced_token(session_->plan().model.root());
  for (std::uint32_t c = 0; c < chunks; ++c) {
    const std::uint32_t sequence = chunks_[c].sequence;
    const Track& track = tracks_[sequence];
    if (session_->length(sequence) < track.count) continue;
    Result<std::int32_t> token = forced;
    if (forced < 0 || track.made > 0)
      token = chooser.next(c, tokens(sequence), {.stream = options.first_stream + sequence, .index = track.made});
    if (!token.ok()) return token.status();
    if (auto s = take(sequence, *token, options); !s.ok()) return s;
  }
  return {};
}

// Makes all tokens of each sequence, or with `first` one.
Status Translator::decode(std::size_t count, const TranslateOptions& options, bool first) {
  const fb::Model& root = session_->plan().model.root();
  const auto never = first ? suppressed_first_tokens(root) : suppressed_tokens(root);
  // The sampler's memory is the encoder's before: it is made when all sources are read.
  auto sampler = Sampler::create(root.vocabulary(), options.sampler, never, scratch_, session_->kernels());
  if (!sampler.ok()) return sampler.status();
  Chooser chooser(*session_, *sampler, options.sampler, never);
  for (bool any = true; any;) {
    any = false;
    for (std::size_t next = 0; next < count;) {
      auto chunks = gather(count, next, first);
      if (!chunks.ok()) return chunks.status();
      if (*chunks == 0) break;
      any = true;
      if (auto s = session_->step(chunks_.first(*chunks)); !s.ok()) return s;
      if (auto s = choose(chooser, options, *chunks); !s.ok()) return s;
    }
  }
  return {};
}

// A beam search for each source, whose hypotheses become the results.
Status Translator::search(std::size_t count, const TranslateOptions& options, std::span<Translation> results) {
  const fb::Model& root = session_->plan().model.root();
  const std::span<const std::int32_t> start = tokens(0);  // which all begin with
  const std::uint32_t longest = session_->plan().limits.context + 1 - static_cast<std::uint32_t>(start.size());
  TokenMarks marks(root.vocabulary(), scratch_);
  marks.stop(stop_tokens(root));
  marks.suppress(suppressed_tokens(root));
  marks.suppress(options.sampler.suppressed);
  marks.suppress_first(suppressed_first_tokens(root));
  const std::uint32_t groups = static_cast<std::uint32_t>(count);
  if (auto s =
          begin_beams(beams_, *session_, groups, options.beam, marks,
                      options.max_tokens == 0 ? longest : smaller(options.max_tokens, longest), forced_token(root));
      !s.ok())
    return s;
  BeamMemory memory = beams_;
  if (options.beam.coverage_penalty == 0) memory.coverage = nullptr;
  const std::uint32_t prompt = static_cast<std::uint32_t>(start.size());
  if (memory.coverage != nullptr) {
    if (auto s = memory.coverage->begin(*session_, groups * options.beam.beams, prompt); !s.ok()) return s;
  }
  const Status done = run_beams(*session_, memory, groups, options.beam.beams, start);
  if (memory.coverage != nullptr) {
    if (auto s = memory.coverage->end(*session_); !s.ok()) return s;
  }
  if (!done.ok()) return done;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const BeamSearch& search = beams_.searches[i / options.beam.nbest];
    const std::uint32_t rank = static_cast<std::uint32_t>(i % options.beam.nbest);
    tracks_[i] = {};
    results[i].score = results[i].log_prob = -std::numeric_limits<float>::infinity();
    if (rank >= search.results()) continue;
    const Hypothesis best = search.result(rank);
    std::memmove(target(i).data(), start.data(), start.size_bytes());
    search.write(rank, target(i).subspan(start.size()));
    tracks_[i] = {.count = static_cast<std::uint32_t>(start.size()) + best.tokens,
                  .made = best.tokens,
                  .finish = best.stopped ? Finish::kStopToken : Finish::kLength,
                  .done = true};
    results[i].score = best.score;
    results[i].log_prob = best.log_prob;
  }
  return {};
}

// Decodes each sequence behind the one before.
Status Translator::write(std::span<Translation> results, std::span<char> out) const {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Track& track = tracks_[i];
    DecodeState state;
    std::size_t bytes = 0;
    for (const std::int32_t token : tokens(i).last(track.made)) {
      auto text = text_of(target_tokenizer_, token, state, out.subspan(bytes));
      if (!text.ok()) return {text.status().code(), text.status().message(), i};
      bytes += *text;
    }
    auto rest = target_tokenizer_.finish(state, out.subspan(bytes));
    if (!rest.ok()) return {rest.status().code(), rest.status().message(), i};
    bytes += *rest;
    results[i].text = {out.data(), bytes};
    results[i].tokens = track.made;
    results[i].finish = track.finish;
    out = out.subspan(bytes);
  }
  return {};
}

// Of sources that the encoder has read.
Status Translator::write_all(std::size_t count, const TranslateOptions& options, std::span<char> out,
                             std::span<Translation> results) {
  if (auto s = start(count, options.language); !s.ok()) return s;
  if (has_beams() && options.beam.beams > 0) {
    if (auto s = search(count, options, results); !s.ok()) return s;
    return write(results, out);
  }
  if (!suppressed_first_tokens(session_->plan().model.root()).empty()) {
    if (auto s = decode(count, options, true); !s.ok()) return s;
  }
  if (auto s = decode(count, options, false); !s.ok()) return s;
  return write(results, out);
}

Status Translator::translate(std::span<const std::string_view> sources, const TranslateOptions& options,
                             std::span<char> out, std::span<Translation> results) {
  if (auto s = check(sources.size(), options.beam, results.size()); !s.ok()) return s;
  if (auto s = encode(sources, options.beam, results); !s.ok()) return s;
  return write_all(sources.size(), options, out, results);
}

Status Translator::translate(std::span<const Grid> sources, const TranslateOptions& options, std::span<char> out,
                             std::span<Translation> results) {
  if (auto s = check(sources.size(), options.beam, results.size()); !s.ok()) return s;
  if (auto s = encode(sources, options.beam, results); !s.ok()) return s;
  return write_all(sources.size(), options, out, results);
}

Result<Translation> Translator::translate(std::string_view source, const TranslateOptions& options,
                                          std::span<char> out) {
  Translation result;
  if (auto s = translate(std::span<const std::string_view>(&source, 1), options, out, {&result, 1}); !s.ok()) return s;
  return result;
}

}  // namespace kinglet
