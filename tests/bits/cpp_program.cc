// The same as c_program.c, through the C++ API.
#include "kinglet/generator.h"
#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"
#include "kinglet/translator.h"
#include "model_generated.h"
#include "tests/bits/running.h"

namespace kinglet::bits {
namespace {

constexpr SamplerOptions kDrawn{.temperature = 0.8F, .top_k = 20, .top_p = 0.9F, .seed = 7};
constexpr BeamOptions kBeams{.beams = BITS_SEQUENCES, .nbest = 2};

// A decoder-only model goes on after the tokens of each case.
Status generate(Running& r) {
  constexpr GeneratorOptions kOptions{.beams = true};
  auto bytes = Generator::workspace_bytes(r.session->plan(), 0, kOptions);
  if (!bytes.ok()) return bytes.status();
  auto generator = Generator::create(*r.session, r.take(*bytes), 0, kOptions);
  if (!generator.ok()) return generator.status();
  for (const bits_case& input : r.cases()) {
    for (const unsigned way : {0u, 1u, 2u}) {
      GenerateOptions wanted{.max_tokens = BITS_MADE, .ignore_stop_tokens = way != 2};
      if (way == 1) wanted.sampler = kDrawn;
      if (way == 2) wanted.beam = kBeams;
      if (auto s = generator->clear(); !s.ok()) return s;
      if (auto s = generator->add(tokens_of(input.tokens)); !s.ok()) return s;
      auto made = generator->generate(wanted, {});
      if (!made.ok()) return made.status();
      r.add(made->tokens);
      r.add(static_cast<std::uint32_t>(made->finish));
      r.add(generator->tokens());
      for (std::uint32_t n = 0; n < generator->results(); ++n) {
        const float scores[] = {generator->result(n).score, generator->result(n).log_prob};
        r.add(std::span<const float>(scores));
      }
    }
  }
  return {};
}

// Each text to tokens and back, then translated: greedy, drawn, searched.
Status translate(Running& r) {
  static char out[8 * BITS_TEXT];
  static std::int32_t tokens[BITS_TEXT];
  constexpr TranslatorOptions kOptions{.beams = true};
  auto tokenizer = Tokenizer::open(*r.model.root().tokenizer());
  if (!tokenizer.ok()) return tokenizer.status();
  const std::span<std::byte> scratch = r.take(tokenizer->scratch_bytes(BITS_TEXT));
  auto bytes = Translator::workspace_bytes(r.session->plan(), BITS_TEXT, kOptions);
  if (!bytes.ok()) return bytes.status();
  auto translator = Translator::create(*r.session, r.take(*bytes), BITS_TEXT, kOptions);
  if (!translator.ok()) return translator.status();
  for (const kinglet_text& text : r.texts()) {
    const std::string_view source(text.data, text.bytes);
    auto count = tokenizer->encode(source, {.add = true}, scratch, tokens);
    if (!count.ok()) return count.status();
    const std::span<const std::int32_t> encoded(tokens, *count);
    auto decoded = tokenizer->decode(encoded, out, false);
    if (!decoded.ok()) return decoded.status();
    r.add(encoded);
    r.add(std::string_view(out, *decoded));
    for (const unsigned way : {0u, 1u, 2u}) {
      Translation results[2];
      const std::size_t results_of = way == 2 ? 2 : 1;
      TranslateOptions wanted;
      if (way == 1) wanted.sampler = kDrawn;
      if (way == 2) wanted.beam = kBeams;
      if (auto s = translator->translate({&source, 1}, wanted, out, {results, results_of}); !s.ok()) return s;
      for (std::size_t n = 0; n < results_of; ++n) {
        r.add(results[n].text);
        r.add(translator->tokens(n));
        const float scores[] = {results[n].score, results[n].log_prob};
        if (way == 2) r.add(std::span<const float>(scores));
      }
    }
  }
  return {};
}

Status add_pick(Running& r) {
  if (auto s = r.session->pick({}); !s.ok()) return s;
  Status s = run_cases(r, [&r](std::size_t) -> Status {
    for (std::uint32_t i = 0; i < r.session->outputs(); ++i) {
      auto token = r.session->picked(i);
      if (!token.ok()) return token.status();
      r.add(static_cast<std::uint32_t>(*token));
    }
    return {};
  });
  r.session->stop_picking();
  return s;
}

Status run(Running& r) {
  if (auto s = r.start(); !s.ok()) return s;
  if (auto s = run_cases(r, [&r](std::size_t) { return r.add_logits(); }); !s.ok()) return s;
  if (!r.model.has_decoder()) return {};
  if (auto s = add_pick(r); !s.ok()) return s;
  if (!r.model.has_encoder()) return generate(r);
  return r.model.root().tokenizer() != nullptr ? translate(r) : Status{};
}

}  // namespace
}  // namespace kinglet::bits

kinglet_status bits_cpp_program(const bits_job* job) {
  using namespace kinglet::bits;
  Running r(*job);
  return c_status(run(r));
}
