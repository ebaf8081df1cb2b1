// Tokenizer, Sampler and BeamSearch, called with everything (sweep.h).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "kinglet/beam.h"
#include "kinglet/sampler.h"
#include "kinglet/tokenizer.h"
#include "model_generated.h"
#include "tests/runtime/api/sweep.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using testing::List;
using testing::Text;
using testing::Zeros;

constexpr std::uint32_t kVocabulary = 40;

class TokenizerSweep : public testing::Sweep {
 protected:
  // That the tables still say what they said.
  void still_right() const {
    std::byte scratch[4096];
    std::int32_t out[16];
    const auto count = tokenizer_.encode("a cat", {.add = false}, scratch, out);
    ASSERT_TRUE(count.ok());
    EXPECT_EQ(std::vector(out, out + *count), testing::ids("a cat"));
  }

  AlignedBytes file_{testing::text_encoder()};
  Model model_ = *Model::open(file_.span());
  Tokenizer tokenizer_ = *Tokenizer::open(*model_.root().tokenizer());
};

TEST_F(TokenizerSweep, Open) {
  sweep("verify_tokenizer", [&](std::uint32_t vocabulary) {
    const Status status = verify_tokenizer(*model_.root().tokenizer(), vocabulary);
    EXPECT_EQ(status.ok(), vocabulary >= tokenizer_.count());
    return status;
  });
  sweep("Tokenizer::open", [&] { return Tokenizer::open(*model_.root().tokenizer()).status(); });
  sweep("Tokenizer::count", [&] { return tokenizer_.count(); });
  sweep("Tokenizer::decode_bytes", [&] { return tokenizer_.decode_bytes(); });
  sweep("Tokenizer::scratch_bytes", [&](std::size_t bytes) {
    EXPECT_GT(tokenizer_.scratch_bytes(bytes), bytes / 2);
    return tokenizer_.scratch_bytes(bytes);
  });
  sweep("Tokenizer::find", [&](std::string_view text) { return tokenizer_.find(text); });
  sweep("Tokenizer::piece", [&](std::int32_t id) { return tokenizer_.piece(id); });
  sweep("Tokenizer::is_special", [&](std::int32_t id) { return tokenizer_.is_special(id); });
  still_right();
}

TEST_F(TokenizerSweep, Encode) {
  sweep("Tokenizer::encode",
        [&](Text text, bool parse, bool add, std::span<std::byte> scratch, std::span<std::int32_t> out) {
          return tokenizer_.encode(text.text, {.parse = parse, .add = add}, scratch, out);
        });
  sweep("Tokenizer::encode_pair", [&](Text first, Text second, std::span<std::byte> scratch,
                                      std::span<std::int32_t> out, std::span<std::uint8_t> types) {
    return tokenizer_.encode_pair(first.text, second.text, {}, scratch, out, types);
  });
  still_right();
}

// Any two arguments of which one is written.
TEST_F(TokenizerSweep, MemoryThatOverlaps) {
  AlignedBytes bytes(4096);
  const std::span<std::byte> memory = bytes.span();
  std::memset(memory.data(), 'a', memory.size());
  const auto tokens = [&](std::size_t at) { return std::span(reinterpret_cast<std::int32_t*>(&memory[at]), 64); };
  const auto text = [&](std::size_t at) { return std::string_view(reinterpret_cast<const char*>(&memory[at]), 8); };
  const auto types = [&](std::size_t at) { return std::span(reinterpret_cast<std::uint8_t*>(&memory[at]), 64); };
  const auto chars = [&](std::size_t at) { return std::span(reinterpret_cast<char*>(&memory[at]), 64); };
  const std::span<std::byte> scratch = memory.first(2048);
  const auto refused = [](const Result<std::size_t>& answer) { return answer.status().code() == Code::kBadArgument; };
  EXPECT_TRUE(tokenizer_.encode(text(2048), {}, scratch, tokens(2304)).ok());
  EXPECT_TRUE(refused(tokenizer_.encode(text(2048), {}, scratch, tokens(2044))));
  EXPECT_TRUE(refused(tokenizer_.encode(text(2041), {}, scratch, tokens(2304))));
  EXPECT_TRUE(refused(tokenizer_.encode(text(2048), {}, scratch, tokens(2052))));
  const auto pair = [&](std::size_t first, std::size_t second, std::size_t out, std::size_t type) {
    return tokenizer_.encode_pair(text(first), text(second), {}, scratch, tokens(out), types(type));
  };
  EXPECT_TRUE(pair(2048, 2048, 2304, 2560).ok());
  EXPECT_TRUE(refused(pair(0, 2048, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2048, 0, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2304, 2048, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2048, 2304, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2560, 2048, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2048, 2560, 2304, 2560)));
  EXPECT_TRUE(refused(pair(2048, 2048, 1024, 2560)));
  EXPECT_TRUE(refused(pair(2048, 2048, 2304, 1024)));
  EXPECT_TRUE(refused(pair(2048, 2048, 2304, 2304)));
  EXPECT_TRUE(refused(tokenizer_.decode(tokens(0), chars(255))));
  still_right();
}

TEST_F(TokenizerSweep, Decode) {
  DecodeState state;
  sweep("Tokenizer::decode", [&](std::int32_t token, std::span<char> out, bool skip) {
    state = {};
    return tokenizer_.decode(token, state, out, skip);
  });
  // A state is the caller's: whatever stands in it.
  const std::int32_t bytes[] = {2, 28, 30, 31, 32, -1};
  sweep("Tokenizer::decode of any state", [&](std::uint32_t held, std::uint32_t number, std::uint32_t token) {
    state = {.held_bytes = static_cast<std::uint8_t>(number), .started = true};
    std::memset(state.held, static_cast<int>(held == 1 ? 0xE0 : held == 2 ? 0xF4 : held & 0xFFU), sizeof state.held);
    char out[64];
    const auto made = tokenizer_.decode(bytes[token % std::size(bytes)], state, out);
    EXPECT_TRUE(!made.ok() || state.held_bytes <= sizeof state.held);
    return made;
  });
  sweep("Tokenizer::finish", [&](std::uint32_t number, std::span<char> out) {
    state = {.held_bytes = static_cast<std::uint8_t>(number)};
    return tokenizer_.finish(state, out);
  });
  sweep("Tokenizer::decode",
        [&](List tokens, std::span<char> out, bool skip) { return tokenizer_.decode(tokens.tokens, out, skip); });
  still_right();
}

class SamplerSweep : public testing::Sweep {
 protected:
  std::vector<float> logits() const {
    std::vector<float> made(kVocabulary);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = static_cast<float>(i % 7);
    return made;
  }
};

TEST_F(SamplerSweep, Sampler) {
  sweep("Sampler::workspace_bytes", [&](std::uint32_t vocabulary) {
    EXPECT_GE(Sampler::workspace_bytes(vocabulary),
              std::uint64_t{vocabulary} * 8 < SIZE_MAX ? std::size_t{vocabulary} * 8 : SIZE_MAX);
    return Sampler::workspace_bytes(vocabulary);
  });
  AlignedBytes memory(Sampler::workspace_bytes(kVocabulary));
  sweep("Sampler::create", [&](std::uint32_t vocabulary, List suppressed, List more, std::span<std::byte> workspace) {
    if (vocabulary == 1) vocabulary = kVocabulary;  // the ordinary one
    return Sampler::create(vocabulary, {.suppressed = suppressed.tokens}, more.tokens, workspace).status();
  });
  const std::vector<float> ordinary = logits();
  const auto create = [&](const SamplerOptions& options) {
    return Sampler::create(kVocabulary, options, {}, memory.span());
  };
  sweep("Sampler::create with any options",
        [&](float temperature, float top_p, float min_p, float penalty, std::uint32_t top_k) {
          auto sampler = create({.temperature = temperature,
                                 .top_k = top_k,
                                 .top_p = top_p,
                                 .min_p = min_p,
                                 .repetition_penalty = penalty + 1});
          if (!sampler.ok()) return sampler.status();
          const auto token = sampler->next(ordinary, {}, {.stream = UINT32_MAX, .index = UINT32_MAX});
          EXPECT_TRUE(token.ok() && *token >= 0 && *token < static_cast<std::int32_t>(kVocabulary))
              << token.status().message();
          return token.status();
        });
  auto warm = *create({.temperature = 1, .top_p = 0.9F, .repetition_penalty = 2});
  sweep("Sampler::next", [&](std::span<const float> row, List seen, std::uint32_t stream, std::uint32_t index) {
    if (row.size() == kRoom / 4) row = ordinary;
    return warm.next(row, seen.tokens, {.stream = stream, .index = index});
  });
  // Each number that a float can be as the one logit that differs.
  sweep("Sampler::next of any logit", [&](float logit) {
    std::vector<float> row = ordinary;
    row[3] = logit;
    return warm.next(row);
  });
  sweep("Sampler::greedy", [&] { return warm.greedy(); });
  // The scores of the last call, in the workspace, as the next one's logits.
  const auto scores = std::span(reinterpret_cast<const float*>(memory.span().data()), kVocabulary);
  auto coldest = *create({.repetition_penalty = 2});
  const auto first = coldest.next(ordinary);
  EXPECT_EQ(*coldest.next(scores), *first);
}

TEST_F(SamplerSweep, TokenMarks) {
  sweep("TokenMarks::workspace_bytes", [&](std::uint32_t vocabulary) {
    EXPECT_GE(TokenMarks::workspace_bytes(vocabulary), std::size_t{vocabulary} / 32 * 12);
    EXPECT_GE(TokenMarks::workspace_bytes(vocabulary), vocabulary == 0 ? 0U : 12U);
    return TokenMarks::workspace_bytes(vocabulary);
  });
  // Memory of a vocabulary's size, or not enough of it.
  AlignedBytes memory(TokenMarks::workspace_bytes(kVocabulary));
  for (const std::span<std::byte> workspace : {memory.span(), memory.span().first(memory.span().size() - 1),
                                               memory.span().subspan(1), std::span<std::byte>()}) {
    for (const std::uint32_t vocabulary :
         {kVocabulary, 0U, 1U, 1U << 31, UINT32_MAX - 31, UINT32_MAX - 30, UINT32_MAX}) {
      TokenMarks marks(vocabulary, workspace);
      const bool aligned = reinterpret_cast<std::uintptr_t>(workspace.data()) % 4 == 0;
      const bool fits = aligned && workspace.size() >= TokenMarks::workspace_bytes(vocabulary);
      EXPECT_EQ(marks.vocabulary(), fits ? vocabulary : 0U);
      sweep("TokenMarks::stop", [&](List tokens) { marks.stop(tokens.tokens); });
      sweep("TokenMarks::suppress", [&](List tokens) { marks.suppress(tokens.tokens); });
      sweep("TokenMarks::suppress_first", [&](List tokens) { marks.suppress_first(tokens.tokens); });
      sweep("TokenMarks::stops", [&](std::uint32_t token) {
        EXPECT_EQ(marks.stops(token), fits && (token == 2 || token == 3 || token == 5) && token < vocabulary);
        return marks.stops(token);
      });
      sweep("TokenMarks::any_stops", [&](std::size_t first, std::size_t count) {
        EXPECT_FALSE(marks.any_stops(first, count) && (first > 32 || vocabulary < 3)) << first << " " << count;
        return marks.any_stops(first, count);
      });
      sweep("TokenMarks::suppressed", [&](std::uint32_t token, bool first) { return marks.suppressed(token, first); });
      sweep("TokenMarks::vocabulary", [&] { return marks.vocabulary(); });
    }
  }
  const TokenMarks none;
  EXPECT_FALSE(none.stops(0) || none.suppressed(0, true) || none.any_stops(0, SIZE_MAX));
}

class BeamSweep : public SamplerSweep {
 protected:
  static constexpr std::uint32_t kBeams = 2, kTokens = 4;

  BeamSweep() : marks_(kVocabulary, marks_memory_.span()) {
    const std::int32_t stop = 1;
    marks_.stop({&stop, 1});
  }

  // Some steps into a search; after four it is done.
  void begin(int steps) {
    search_ = *BeamSearch::create({.beams = kBeams, .nbest = kBeams}, marks_, kTokens, -1, memory_.span());
    std::vector<float> row = logits();
    row[1] = 5;
    for (; steps > 0 && !search_.done(); --steps) {
      for (std::uint32_t i = 0; i < search_.running(); ++i) ASSERT_TRUE(search_.consider(i, row).ok());
      ASSERT_TRUE(search_.advance().ok());
    }
  }

  AlignedBytes marks_memory_{TokenMarks::workspace_bytes(kVocabulary)};
  TokenMarks marks_;
  AlignedBytes memory_{BeamSearch::workspace_bytes(kBeams, kTokens)};
  BeamSearch search_;
};

TEST_F(BeamSweep, Create) {
  sweep("BeamSearch::workspace_bytes", [&](std::uint32_t beams, std::uint32_t tokens) {
    const std::size_t bytes = BeamSearch::workspace_bytes(beams, tokens);
    EXPECT_GE(static_cast<double>(bytes), std::min(8.0 * beams * tokens, static_cast<double>(SIZE_MAX / 2)));
    return bytes;
  });
  sweep("BeamSearch::create", [&](std::uint32_t beams, std::uint32_t nbest, std::uint32_t tokens, std::int32_t forced,
                                  std::span<std::byte> workspace) {
    return BeamSearch::create({.beams = beams, .nbest = nbest}, marks_, tokens, forced, workspace).status();
  });
  sweep("BeamSearch::create with any options", [&](LengthNorm norm, float penalty, EarlyStopping stopping,
                                                   float coverage) {
    const BeamOptions options{
        .beams = 2, .norm = norm, .length_penalty = penalty, .early_stopping = stopping, .coverage_penalty = coverage};
    auto search = BeamSearch::create(options, marks_, kTokens, -1, memory_.span());
    if (!search.ok()) return search.status();
    for (std::uint32_t i = 0; i < search->running(); ++i) judge(search->consider(i, logits(), -1));
    return search->advance();
  });
  for (const std::span<std::byte> workspace :
       {memory_.span().first(memory_.span().size() - 1), memory_.span().subspan(4)})
    EXPECT_FALSE(BeamSearch::create({.beams = kBeams}, marks_, kTokens, -1, workspace).ok());
}

TEST_F(BeamSweep, Steps) {
  const std::vector<float> ordinary = logits();
  for (const int steps : {-1, 0, 1, 2, 4}) {
    const auto now = [&] { steps < 0 ? void(search_ = BeamSearch()) : begin(steps); };
    now();
    sweep("BeamSearch::running", [&] { return search_.running(); });
    sweep("BeamSearch::made", [&] { return search_.made(); });
    sweep("BeamSearch::done", [&] { return search_.done(); });
    sweep("BeamSearch::considered_all", [&] { return search_.considered_all(); });
    sweep("BeamSearch::parent", [&](std::uint32_t index) {
      EXPECT_LT(search_.parent(index), kBeams);
      return search_.parent(index);
    });
    sweep("BeamSearch::token", [&](std::uint32_t index) {
      EXPECT_EQ(search_.token(index) >= 0, index < search_.running() && steps > 0);
      return search_.token(index);
    });
    sweep("BeamSearch::results", [&] { return search_.results(); });
    sweep("BeamSearch::result", [&](std::uint32_t index) { return search_.result(index).tokens; });
    sweep("BeamSearch::write",
          [&](std::uint32_t index, std::span<std::int32_t> tokens) { search_.write(index, tokens); });
    EXPECT_EQ(search_.result(search_.results()).tokens, 0U);
    // Calls that a search refuses are not counted, and those that it does not are right ones.
    if (search_.done()) {
      EXPECT_FALSE(search_.consider(0, ordinary).ok());
      EXPECT_FALSE(search_.advance().ok());
      continue;
    }
    sweep("BeamSearch::consider", [&](std::uint32_t index, std::span<const float> row, float coverage) {
      now();
      if (row.size() == kRoom / 4) row = ordinary;
      return search_.consider(index - 1, row, coverage);
    });
    sweep("BeamSearch::advance", [&](std::uint32_t considered) {
      now();
      for (std::uint32_t i = 0; i < std::min(considered * kBeams, 16U); ++i)
        judge(search_.consider(i % search_.running(), ordinary));
      return search_.advance();
    });
  }
}

}  // namespace
}  // namespace kinglet
