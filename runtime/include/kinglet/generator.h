// Generator: text from a decoder-only model, token by token. It owns nothing: the session runs the model, the workspace holds
// the tokens of the context. Nothing allocates.
//
//     auto bytes = kinglet::Generator::workspace_bytes((*session)->plan(), prompt.size());
//     auto generator = kinglet::Generator::create(**session, workspace, prompt.size());
//     if (auto s = generator->add(prompt); !s.ok()) return s;
//     auto made = generator->generate({.max_tokens = 100}, {.write = print});
//
// A conversation is several rounds of add and generate: what was said before stays in the session's cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/beam.h"
#include "kinglet/sampler.h"
#include "kinglet/session.h"
#include "kinglet/status.h"
#include "kinglet/tokenizer.h"

namespace kinglet {

// Where text goes: whole UTF-8 characters, as soon as they are sure. False: the text is not wanted any more.
struct TextSink {
  bool (*write)(void* context, std::string_view text) = nullptr;
  void* context = nullptr;
};

// Why a text ended.
enum class Finish : std::uint8_t {
  kStopToken,  // the model said so
  kStopText,   // a stop string of the caller's
  kLength,     // max_tokens were made
};

struct GenerateOptions {
  SamplerOptions sampler = {};
  std::uint32_t max_tokens = 0;                 // 0: as many as the context takes, of a rolling one as it has room for
  std::span<const std::string_view> stop = {};  // strings that end the text and are no part of it, up to 256 bytes each
  std::span<const std::int32_t> stop_tokens = {};  // besides the model's
  bool ignore_stop_tokens = false;                 // make max_tokens, whatever the model says
  // With beams, the text comes at the end, `stop` has to be empty, and of the sampler's options only `suppressed` has a meaning.
  BeamOptions beam = {};
};

struct Generated {
  std::uint32_t tokens = 0;  // made, the stop token not counted
  Finish finish = Finish::kLength;
};

struct GeneratorOptions {
  // A full context is halved (its start tokens and the last half of its tokens stay, and are read again) instead of ending the
  // text with kContextFull.
  bool rolling = false;
  bool beams = false;  // whether the workspace has room for beam searches
};

class Generator {
 public:
  Generator() = default;

  // Bytes of the workspace; `text_bytes` is the longest text that `add` will get.
  static Result<std::size_t> workspace_bytes(const Plan& plan, std::size_t text_bytes,
                                             const GeneratorOptions& options = {});

  // Uses sequence 0 of the session, from its beginning, and for a beam search as many as its beams. kUnsupported: the model has an encoder or no decoder.
  static Result<Generator> create(Session& session, std::span<std::byte> memory, std::size_t text_bytes,
                                  const GeneratorOptions& options = {});

  // Forgets the conversation.
  Status clear();

  // Puts a text, or tokens as they are, behind the context; nothing is computed yet. The first text begins with the model's start
  // tokens (special.add). kContextFull: more tokens than the context has room for; the context is as before.
  Status add(std::string_view text, Special special = {});
  Status add(std::span<const std::int32_t> tokens);

  // Forgets the context's tokens from `count` on.
  Status truncate(std::size_t count);

  // Whether `text` names a special token, so that `add` would read one with special.parse.
  Result<bool> names_special(std::string_view text);

  // Continues the context. On any failure the text made so far has gone to the sink and stays in the context.
  // kContextFull: the text goes on, but the context is full. kStopped: the sink said so. kBadArgument: an empty context.
  Result<Generated> generate(const GenerateOptions& options, const TextSink& sink);

  // The results of the last `generate` if it was a beam search that did not fail earlier than kContextFull, the best first (whose
  // text is in the context), until the context changes.
  std::uint32_t results() const { return results_; }
  Hypothesis result(std::uint32_t index) const {  // without tokens where there is no such result
    return index < results_ ? beams_.searches[0].result(index) : Hypothesis{};
  }
  // Its text: `out` has room for it, and for any token's (decode_bytes() of the tokenizer). kOutOfMemory: it has not.
  Result<std::string_view> text(std::uint32_t index, std::span<char> out);

  // The context: prompt and text made so far.
  std::span<const std::int32_t> tokens() const { return history_.first(count_); }

 private:
  friend struct GeneratorLayout;

  Status full() const;
  Status admit(std::size_t tokens);
  Result<std::span<std::int32_t>> encode(std::string_view text, Special special);
  Status take(std::size_t count, bool add_start);
  Status feed();
  std::uint32_t kept_half() const;
  std::uint32_t kept_start() const;
  bool can_roll() const;
  Status roll();
  Status read_context(DecodeState& state, std::span<char> out) const;
  bool ends(std::int32_t token, const GenerateOptions& options) const;
  Status run(const GenerateOptions& options, Sampler& sampler, class Stops& stops, const TextSink& sink,
             Generated& made);
  Status search(const GenerateOptions& options, class Stops& stops, const TextSink& sink, Generated& made);
  Status find(const GenerateOptions& options);

  Session* session_ = nullptr;
  Tokenizer tokenizer_;
  bool has_text_ = false;  // the model has a tokenizer
  bool rolling_ = false;
  std::span<std::int32_t> history_;  // [context + 1]: the last token made need not fit the cache
  std::span<std::byte> scratch_;     // of Tokenizer::encode, of Sampler
  std::span<char> held_;             // of Stops
  BeamMemory beams_;                 // empty without GeneratorOptions::beams
  std::span<std::int32_t> path_;     // [context + 1] tokens of a hypothesis
  std::size_t text_bytes_ = 0;
  std::uint32_t results_ = 0;
  std::uint32_t searched_ = 0;  // tokens of the context before the search
  std::uint32_t count_ = 0;     // tokens of the context
  std::uint32_t start_ = 0;     // of which this many began it
};

}  // namespace kinglet
