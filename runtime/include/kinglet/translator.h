// Translator: a text to a text with an encoder-decoder (Vaswani et al. 2017), several texts at once; or a picture to its caption (Xu et
// al. 2015), a sound to its words. It owns nothing: the session runs the model, the workspace holds tokens, the results are written where
// the caller says.
//
//     auto bytes = kinglet::Translator::workspace_bytes((*session)->plan(), source.size());
//     auto translator = kinglet::Translator::create(**session, workspace, source.size());
//     auto made = translator->translate("three o'clock", {}, out);
//     if (made.ok()) print(made->text);
//
// Each source takes one of the session's sequences, with a beam search as many as its beams, which share one of the plan's
// sources. A text's translation is the same alone and among others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kinglet/beam.h"
#include "kinglet/generator.h"
#include "kinglet/sampler.h"
#include "kinglet/session.h"
#include "kinglet/status.h"
#include "kinglet/tokenizer.h"

namespace kinglet {

struct TranslateOptions {
  SamplerOptions sampler = {};     // greedy unless a temperature is set; the draw's stream is the text's `stream`
  std::uint32_t max_tokens = 0;    // of each translation; 0: as many as the context takes
  std::uint32_t first_stream = 0;  // random stream of the first text; the others follow
  BeamOptions beam = {};           // with beams, of the sampler's options only `suppressed` has a meaning
  std::string_view language = {};  // code of one of the model's languages ("de", "de:translate"); empty: the first
};

struct TranslatorOptions {
  bool beams = false;  // whether the workspace has room for beam searches
  bool coverage =
      false;  // and for BeamOptions::coverage_penalty; during such a search the session captures nothing else
};

struct Translation {
  std::string_view text;  // in the caller's memory
  std::uint32_t source_tokens = 0;
  std::uint32_t tokens = 0;         // made, the stop token not counted
  Finish finish = Finish::kLength;  // kLength: the text was cut at max_tokens or where the context ends
  float score = 0;                  // of a beam search; minus infinity where there are fewer hypotheses than results
  float log_prob = 0;
};

class Translator {
 public:
  Translator() = default;

  // Bytes of the workspace; `text_bytes` is the longest source.
  static Result<std::size_t> workspace_bytes(const Plan& plan, std::size_t text_bytes,
                                             const TranslatorOptions& options = {});

  // Uses all sequences of the session. kUnsupported: not an encoder-decoder, or it has no tokenizer. A model that reads
  // grids needs no room for texts.
  static Result<Translator> create(Session& session, std::span<std::byte> memory, std::size_t text_bytes,
                                   const TranslatorOptions& options = {});

  // Translates up to plan.limits.sequences texts. `out` holds all translations, one after the other; `results` is as long as
  // `sources`, with a beam search beam.nbest times: the best first, source after source. kBadArgument: texts * beams are more than
  // plan.limits.sequences, or texts more than plan.limits.sources. The subject of a failure is the index of the source where one is to blame: kContextFull for a source with more
  // tokens than plan.limits.source, kBadArgument for one without any. kOutOfMemory: `out` is full (decode_bytes() of the
  // tokenizer for each token is always enough).
  Status translate(std::span<const std::string_view> sources, const TranslateOptions& options, std::span<char> out,
                   std::span<Translation> results);

  // The same of grids, for a model that reads these.
  Status translate(std::span<const Grid> sources, const TranslateOptions& options, std::span<char> out,
                   std::span<Translation> results);

  // One text.
  Result<Translation> translate(std::string_view source, const TranslateOptions& options, std::span<char> out);

  // The tokens the encoder reads of a text, its suffix included. kOutOfMemory: `out` is too small.
  Result<std::size_t> source_tokens(std::string_view source, std::span<std::int32_t> out) { return read(source, out); }

  // The tokens of a result of the last call, start tokens included; none where there was no such hypothesis.
  std::span<const std::int32_t> tokens(std::size_t index) const;

 private:
  friend struct TranslatorLayout;
  // Where one sequence's decoding stands.
  struct Track {
    std::uint32_t count;  // tokens known
    std::uint32_t made;   // of which the model made these
    Finish finish;
    bool done;
  };

  std::span<std::int32_t> target(std::size_t index) const;  // [context + 1]
  Result<std::size_t> read(std::string_view source, std::span<std::int32_t> room);
  Status check(std::size_t sources, const BeamOptions& beam, std::size_t results) const;
  void begin();
  Status encode(std::span<const std::string_view> sources, const BeamOptions& beam, std::span<Translation> results);
  Status encode(std::span<const Grid> sources, const BeamOptions& beam, std::span<Translation> results);
  Status write_all(std::size_t count, const TranslateOptions& options, std::span<char> out,
                   std::span<Translation> results);
  Status start(std::size_t count, std::string_view language);
  Result<std::size_t> gather(std::size_t count, std::size_t& next, bool first);
  Status choose(class Chooser& chooser, const TranslateOptions& options, std::size_t chunks);
  Status take(std::uint32_t sequence, std::int32_t token, const TranslateOptions& options);
  Status decode(std::size_t count, const TranslateOptions& options, bool first);
  Status search(std::size_t count, const TranslateOptions& options, std::span<Translation> results);
  Status write(std::span<Translation> results, std::span<char> out) const;

  Session* session_ = nullptr;
  Tokenizer source_tokenizer_;
  Tokenizer target_tokenizer_;
  std::span<std::int32_t> sources_;  // [source_rows]: tokens of one call of the encoder
  std::span<std::int32_t> targets_;  // [sequences, context + 1]
  std::span<Track> tracks_;          // [sequences]
  std::span<Chunk> chunks_;          // [sequences] of one call
  std::span<std::byte> scratch_;     // of Tokenizer::encode, of Sampler, of TokenMarks
  BeamMemory beams_;                 // empty without TranslatorOptions::beams
  std::size_t text_bytes_ = 0;
};

}  // namespace kinglet
