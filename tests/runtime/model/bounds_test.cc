// Each bound of a program from both sides: what lies on it is not refused for it, what lies beyond is, with the bound's own words.
#include <gtest/gtest.h>

#include <string_view>

#include "kinglet/model.h"
#include "model/rules.h"
#include "tests/runtime/model/attacks.h"
#include "tests/runtime/session/tiny_parts.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using Change = std::function<void(fb::ModelT&)>;

struct Bound {
  const char* name;
  std::vector<std::byte> (*file)(const Change&);
  Change inside;
  Change outside;
  std::string_view message;
};

Status opened(const Bound& bound, const Change& change) {
  const testing::AlignedBytes bytes(bound.file(change));
  return Model::open(bytes.span()).status();
}

// The first weight of a type.
fb::WeightT& first(fb::ModelT& model, fb::WeightType type) {
  for (auto& weight : model.weights) {
    if (weight->type == type) return *weight;
  }
  return *model.weights.at(0);
}
fb::WeightT& tiles(fb::ModelT& model) { return first(model, fb::WeightType::Int8); }
fb::WeightT& floats(fb::ModelT& model) { return first(model, fb::WeightType::Float32); }

void set_bytes(fb::Region& region, std::uint64_t bytes) { region = fb::Region(region.offset(), bytes); }
void set_offset(fb::Region& region, std::uint64_t offset) { region = fb::Region(offset, region.bytes()); }

// So many of them; the last one again and again.
template <class Table>
void repeat(std::vector<std::unique_ptr<Table>>& tables, std::size_t count) {
  while (tables.size() < count) tables.push_back(std::make_unique<Table>(*tables.back()));
}

void repeat_operator(fb::ModelT& model, std::size_t count) {
  auto& operators = model.step->operators;
  while (operators.size() < count) {
    operators.push_back(std::make_unique<fb::OperatorT>());
    fb::ActivateT op;
    op.input = testing::slice(0);
    op.output = testing::emit(0, -1);
    operators.back()->body.Set(std::move(op));
  }
}

// A number of the program: `most` is allowed, and what is one more not.
template <class Get>
Bound most(const char* name, std::vector<std::byte> (*file)(const Change&), std::uint32_t limit,
           std::string_view message, Get get) {
  return {name, file, [=](fb::ModelT& m) { get(m) = limit; }, [=](fb::ModelT& m) { get(m) = limit + 1; }, message};
}
template <class Get>
Bound least(const char* name, std::vector<std::byte> (*file)(const Change&), std::string_view message, Get get) {
  return {name, file, [=](fb::ModelT& m) { get(m) = 1; }, [=](fb::ModelT& m) { get(m) = 0; }, message};
}

constexpr auto* kDecoder = testing::text_decoder;
constexpr auto* kTranslator = testing::text_translator;
constexpr auto* kEncoder = testing::text_encoder;

constexpr std::string_view kShape = "a weight's shape is out of range";
constexpr std::string_view kPlace = "a weight lies outside the file, or is not aligned";
constexpr std::string_view kScales = "a weight's scales are missing, lie outside the file, or are not aligned";
constexpr std::string_view kState = "a state's shape is out of range";
constexpr std::string_view kToken = "a token for decoding is not in the vocabulary";

std::vector<Bound> weights() {
  return {
      most(
          "rows", kDecoder, rules::kVocabulary, kShape, [](auto& m) -> auto& { return tiles(m).rows; }),
      most(
          "columns", kDecoder, rules::kVocabulary, kShape, [](auto& m) -> auto& { return tiles(m).columns; }),
      least(
          "no rows", kDecoder, kShape, [](auto& m) -> auto& { return floats(m).rows; }),
      least(
          "no columns", kDecoder, kShape, [](auto& m) -> auto& { return floats(m).columns; }),
      {"bytes of floats", kDecoder, [](auto&) {},
       [](auto& m) { set_bytes(*floats(m).data, (floats(m).rows * floats(m).columns + 15) / 16 * 64 - 1); }, kPlace},
      {"bytes of tiles", kDecoder, [](auto&) {},
       [](auto& m) {
         set_bytes(*tiles(m).data, (tiles(m).rows + 15) / 16 * 16 * ((tiles(m).columns + 3) / 4 * 4) - 1);
       },
       kPlace},
      {"bytes of scales", kDecoder, [](auto&) {},
       [](auto& m) { set_bytes(*tiles(m).scales, (tiles(m).rows + 15) / 16 * 64 - 1); }, kScales},
      {"end of floats", kDecoder,
       [](auto& m) { set_offset(*floats(m).data, m.segment_bytes - floats(m).data->bytes()); },
       [](auto& m) { set_offset(*floats(m).data, m.segment_bytes - floats(m).data->bytes() + 64); }, kPlace},
      {"end of tiles", kDecoder,
       [](auto& m) { set_offset(*tiles(m).data, (m.segment_bytes - tiles(m).data->bytes()) / 64 * 64); },
       [](auto& m) { set_offset(*tiles(m).data, (m.segment_bytes - tiles(m).data->bytes()) / 64 * 64 + 64); }, kPlace},
      {"end of scales", kDecoder,
       [](auto& m) { set_offset(*tiles(m).scales, (m.segment_bytes - tiles(m).scales->bytes()) / 64 * 64); },
       [](auto& m) { set_offset(*tiles(m).scales, (m.segment_bytes - tiles(m).scales->bytes()) / 64 * 64 + 64); },
       kScales},
      {"number of weights", kDecoder, [](auto& m) { repeat(m.weights, rules::kWeights); },
       [](auto& m) { repeat(m.weights, rules::kWeights + 1); }, "more weights than a model may have"},
      {"bytes of all weights", kDecoder, [](auto&) {}, [](auto& m) { repeat(m.weights, m.weights.size() + 1); },
       "the weights are more than their segment: two of them share bytes"},
      {"bytes of the segment", kDecoder, [](auto&) {}, [](auto& m) { m.segment_bytes += 1; },
       "the weights segment lies outside the file: is the file complete?"},
  };
}

std::vector<Bound> limits() {
  return {
      most(
          "context", kDecoder, rules::kPositions, "the context is out of range",
          [](auto& m) -> auto& { return m.context; }),
      least(
          "no context", kDecoder, "the context is out of range", [](auto& m) -> auto& { return m.context; }),
      most(
          "source", kTranslator, rules::kPositions, "the source is out of range",
          [](auto& m) -> auto& { return m.source; }),
      least(
          "no source", kTranslator, "the source is out of range", [](auto& m) -> auto& { return m.source; }),
      most(
          "vocabulary", kDecoder, rules::kVocabulary, "the vocabulary is out of range",
          [](auto& m) -> auto& { return m.vocabulary; }),
      least(
          "no vocabulary", kDecoder, "the vocabulary is out of range", [](auto& m) -> auto& { return m.vocabulary; }),
      most(
          "source vocabulary", kTranslator, rules::kVocabulary, "the source vocabulary is out of range",
          [](auto& m) -> auto& { return m.source_vocabulary; }),
      least(
          "no source vocabulary", kTranslator, "the source vocabulary is out of range",
          [](auto& m) -> auto& { return m.source_vocabulary; }),
      most(
          "types", kEncoder, 256, "the number of token types is out of range",
          [](auto& m) -> auto& { return m.types; }),
      least(
          "no types", kEncoder, "the number of token types is out of range", [](auto& m) -> auto& { return m.types; }),
      {"operators", kDecoder, [](auto&) {}, [](auto& m) { m.step->operators.clear(); },
       "the number of operators is out of range"},
      {"many operators", kDecoder, [](auto& m) { repeat_operator(m, rules::kOperators); },
       [](auto& m) { repeat_operator(m, rules::kOperators + 1); }, "the number of operators is out of range"},
      {"functions", kDecoder, [](auto&) {}, [](auto& m) { m.step = nullptr; }, "the model has no function"},
  };
}

std::vector<std::byte> pictures(const Change& change) {
  for (const auto& attack : testing::attacks()) {
    if (attack.name == std::string_view("grid of an honest pooling")) return testing::changed(attack.file(), change);
  }
  return {};
}

std::vector<Bound> inputs() {
  constexpr std::string_view kSize = "the input's size is out of range";
  constexpr std::string_view kThere = "the input names a weight that is not there";
  constexpr std::string_view kForm = "the input's gain or shift has the wrong type or shape";
  const auto sized = [](std::uint32_t height, std::uint32_t width) {
    return [=](fb::ModelT& m) { *m.input->grid = fb::Size(height, width); };
  };
  const auto gains = [](int gain, int shift) {
    return [=](fb::ModelT& m) { m.input->gain = gain, m.input->shift = shift; };
  };
  return {
      {"places", pictures, sized(rules::kGrid, 1), sized(rules::kGrid + 1, 1), kSize},
      {"places of two sides", pictures, sized(2048, 2048), sized(2049, 2048), kSize},
      {"height", pictures, sized(1, 8), sized(0, 8), kSize},
      {"width", pictures, sized(8, 1), sized(8, 0), kSize},
      most(
          "channels", pictures, rules::kWidth, kSize, [](auto& m) -> auto& { return m.input->channels; }),
      least(
          "no channels", pictures, kSize, [](auto& m) -> auto& { return m.input->channels; }),
      {"gain alone", pictures, gains(1, 1), gains(1, -1), kThere},
      {"shift alone", pictures, gains(-1, -1), gains(-1, 1), kThere},
      {"last gain", pictures, gains(3, 1), gains(4, 1), kThere},
      {"last shift", pictures, gains(1, 3), gains(1, 4), kThere},
      {"gain below zero", pictures, gains(1, 1), gains(-2, 1), kThere},
      {"gain of two rows", pictures, gains(1, 1), gains(2, 1), kForm},
      {"gain of fewer channels", pictures, gains(1, 1), gains(3, 1), kForm},
      {"shift of two rows", pictures, gains(1, 1), gains(1, 2), kForm},
      {"gain of int8", pictures, gains(1, 1), gains(0, 1), kForm},
      {"input of no encoder", kDecoder, [](auto&) {},
       [](auto& m) {
         m.input = std::make_unique<fb::InputT>();
         m.input->grid = std::make_unique<fb::Size>(8U, 8U);
         m.input->channels = 4;
       },
       "the model has an input but nothing that reads it"},
  };
}

std::vector<Bound> states() {
  const auto state = [](auto& m) -> auto& { return *m.states.at(0); };
  return {
      {"number of states", kDecoder, [](auto& m) { repeat(m.states, rules::kStates); },
       [](auto& m) { repeat(m.states, rules::kStates + 1); }, "more states than a model may have"},
      least(
          "no heads", kDecoder, kState, [=](auto& m) -> auto& { return state(m).heads; }),
      {"heads", kDecoder, [=](auto& m) { state(m).head_dim = 1, state(m).heads = rules::kHeads; },
       [=](auto& m) { state(m).head_dim = 1, state(m).heads = rules::kHeads + 1; }, kState},
      least(
          "no head_dim", kDecoder, kState, [=](auto& m) -> auto& { return state(m).head_dim; }),
      {"head_dim", kDecoder, [=](auto& m) { state(m).heads = 1, state(m).head_dim = rules::kHeadDim; },
       [=](auto& m) { state(m).heads = 1, state(m).head_dim = rules::kHeadDim + 1; }, kState},
      {"width", kDecoder, [=](auto& m) { state(m).heads = 256, state(m).head_dim = 4096; },
       [=](auto& m) { state(m).heads = 257, state(m).head_dim = 4096; }, kState},
      {"value_dim", kTranslator, [=](auto& m) { state(m).heads = 1, state(m).value_dim = rules::kHeadDim; },
       [=](auto& m) { state(m).heads = 1, state(m).value_dim = rules::kHeadDim + 1; }, kState},
      {"width of values", kTranslator, [=](auto& m) { state(m).heads = 256, state(m).value_dim = 4096; },
       [=](auto& m) { state(m).heads = 257, state(m).value_dim = 4096; }, kState},
      {"values of another width", kDecoder, [=](auto& m) { state(m).value_dim = 0; },
       [=](auto& m) { state(m).value_dim = 1; }, kState},
      {"unknown extent", kDecoder, [](auto&) {},
       [=](auto& m) {
         state(m).extent = static_cast<fb::StateExtent>(static_cast<std::uint8_t>(fb::StateExtent::MAX) + 1);
       },
       kState},
  };
}

// A list of tokens, or one, of a text: from the first of the vocabulary to its last.
template <class Put>
void add_tokens(std::vector<Bound>& bounds, const char* name, std::vector<std::byte> (*file)(const Change&), Put put) {
  const auto last = [](fb::ModelT& m) { return static_cast<std::int32_t>(m.vocabulary) - 1; };
  bounds.push_back({name, file, [=](fb::ModelT& m) { put(*m.generation, last(m)); },
                    [=](fb::ModelT& m) { put(*m.generation, last(m) + 1); }, kToken});
  bounds.push_back({name, file, [=](fb::ModelT& m) { put(*m.generation, 0); },
                    [=](fb::ModelT& m) { put(*m.generation, -2); }, kToken});
}

std::vector<Bound> generation() {
  std::vector<Bound> bounds;
  add_tokens(bounds, "start", kDecoder, [](auto& g, int token) { g.start = {0, token}; });
  add_tokens(bounds, "stop", kDecoder, [](auto& g, int token) { g.stop = {token, 0}; });
  add_tokens(bounds, "suppressed", kDecoder, [](auto& g, int token) { g.suppressed = {token}; });
  add_tokens(bounds, "suppressed_first", kTranslator, [](auto& g, int token) { g.suppressed_first = {token}; });
  add_tokens(bounds, "source_suffix", kTranslator, [](auto& g, int token) { g.source_suffix = {token}; });
  add_tokens(bounds, "forced", kTranslator, [](auto& g, int token) { g.forced = token; });
  add_tokens(bounds, "padding", kTranslator, [](auto& g, int token) { g.padding = token; });
  add_tokens(bounds, "languages", kTranslator, [](auto& g, int token) {
    g.languages.push_back(std::make_unique<fb::LanguageT>());
    g.languages.back()->code = "de";
    g.languages.back()->tokens = {token};
  });
  return bounds;
}

void check(const std::vector<Bound>& bounds) {
  for (const Bound& bound : bounds) {
    EXPECT_NE(opened(bound, bound.inside).message(), bound.message) << bound.name;
    const Status outside = opened(bound, bound.outside);
    EXPECT_EQ(outside.code(), Code::kBadFile) << bound.name;
    EXPECT_EQ(outside.message(), bound.message) << bound.name << ": " << outside.message();
  }
}

TEST(Bounds, OfWeights) { check(weights()); }
TEST(Bounds, OfLimits) { check(limits()); }
TEST(Bounds, OfInputs) { check(inputs()); }
TEST(Bounds, OfStates) { check(states()); }
TEST(Bounds, OfTokensForDecoding) { check(generation()); }

TEST(Bounds, ShortestFileThatIsLookedInto) {
  testing::AlignedBytes file(testing::tiny_decoder());
  EXPECT_STREQ(Model::open(file.span().first(15)).status().message(), "a file this short is no Kinglet model");
  EXPECT_STREQ(Model::open(file.span().first(16)).status().message(), "the file is shorter than its program says");
}

}  // namespace
}  // namespace kinglet
