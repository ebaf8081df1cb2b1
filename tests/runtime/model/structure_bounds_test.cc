// What the walk over a file's tables bounds by itself, and unions: of a type that is missing, unknown, the last.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "model/structure.h"
#include "model_generated.h"
#include "tests/aligned.h"

namespace kinglet {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

bool walked(const FlatBufferBuilder& builder) {
  const testing::AlignedBytes bytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  return verify_structure(reinterpret_cast<const std::uint8_t*>(bytes.span().data()), bytes.span().size());
}

// A model of nothing but what `add` adds; its own lists are empty.
void make_model(FlatBufferBuilder& builder, const std::function<std::function<void(fb::ModelBuilder&)>()>& prepare) {
  const auto weights = builder.CreateVector(std::vector<Offset<fb::Weight>>());
  const auto states = builder.CreateVector(std::vector<Offset<fb::State>>());
  const auto add = prepare();
  fb::ModelBuilder model(builder);
  model.add_weights(weights);
  model.add_states(states);
  add(model);
  builder.FinishSizePrefixed(model.Finish(), fb::ModelIdentifier());
}

// One table, named by each place of a list: the model itself and these are as many as may be met.
TEST(StructureBounds, TablesThatAreMet) {
  constexpr std::size_t kMost = std::size_t{1} << 22;
  const auto meets = [](std::size_t tables) {
    FlatBufferBuilder builder;
    make_model(builder, [&] {
      const auto one = fb::CreateProperty(builder, builder.CreateString(""));
      const auto all = builder.CreateVector(std::vector<Offset<fb::Property>>(tables - 1, one));
      return [all](fb::ModelBuilder& model) { model.add_properties(all); };
    });
    return walked(builder);
  };
  EXPECT_TRUE(meets(kMost));
  EXPECT_FALSE(meets(kMost + 1));
}

// One text, named by each place of a list: on average a byte may be met 16 times.
TEST(StructureBounds, TextsThatAreShared) {
  constexpr std::size_t kTexts = 40;
  std::size_t within = 0, beyond = 0;
  for (std::size_t length = 1; length < 400; ++length) {
    FlatBufferBuilder builder;
    make_model(builder, [&] {
      const auto text = builder.CreateString(std::string(length, 'x'));
      const auto all = builder.CreateVector(std::vector<Offset<flatbuffers::String>>(kTexts, text));
      return [all](fb::ModelBuilder& model) { model.add_labels(all); };
    });
    const bool fits = kTexts * (length + sizeof(std::uint32_t)) <= 16 * std::size_t{builder.GetSize()};
    EXPECT_EQ(walked(builder), fits) << length;
    ++(fits ? within : beyond);
  }
  EXPECT_GT(within, 50U);
  EXPECT_GT(beyond, 50U);
}

// The same for numbers, and met exactly as often: a list takes what is left, to the byte.
TEST(StructureBounds, NumbersThatAreShared) {
  std::size_t within = 0, beyond = 0, exactly = 0;
  for (std::size_t tables = 20; tables < 60; ++tables) {
    for (std::size_t numbers = 1; numbers < 60; ++numbers) {
      FlatBufferBuilder builder;
      make_model(builder, [&] {
        const auto tokens = builder.CreateVector(std::vector<std::int32_t>(numbers, 7));
        const auto code = builder.CreateString("");
        const auto one = fb::CreateLanguage(builder, code, tokens);
        const auto all = builder.CreateVector(std::vector<Offset<fb::Language>>(tables, one));
        fb::GenerationBuilder generation(builder);
        generation.add_languages(all);
        const auto made = generation.Finish();
        return [made](fb::ModelBuilder& model) { model.add_generation(made); };
      });
      const std::size_t met = tables * (numbers + 1) * sizeof(std::uint32_t),
                        most = 16 * std::size_t{builder.GetSize()};
      EXPECT_EQ(walked(builder), met <= most) << tables << " " << numbers;
      ++(met <= most ? within : beyond);
      exactly += met == most ? 1 : 0;
    }
  }
  EXPECT_GT(within, 50U);
  EXPECT_GT(beyond, 50U);
  EXPECT_GT(exactly, 0U);
}

// A model with one operator whose body is bytes that are no table; without a type where that is NONE.
bool accepts_body(fb::Body type, bool typed) {
  FlatBufferBuilder builder;
  make_model(builder, [&] {
    const auto text = builder.CreateString(std::string(4000, 'x'));  // a vtable so far before it is in no file
    const auto values = builder.CreateVector(std::vector<Offset<fb::Value>>());
    const auto begin = builder.StartTable();
    builder.AddOffset(fb::Operator::VT_BODY, text);
    if (typed) builder.AddElement<std::uint8_t>(fb::Operator::VT_BODY_TYPE, static_cast<std::uint8_t>(type), 0xFF);
    const Offset<fb::Operator> one(builder.EndTable(begin));
    const auto operators = builder.CreateVector(std::vector<Offset<fb::Operator>>{one});
    const auto step = fb::CreateFunction(builder, values, operators);
    return [step](fb::ModelBuilder& model) { model.add_step(step); };
  });
  return walked(builder);
}

TEST(StructureBounds, UnionsThatAreNotRead) {
  EXPECT_TRUE(accepts_body(fb::Body::NONE, false));
  EXPECT_TRUE(accepts_body(fb::Body::NONE, true));
  EXPECT_TRUE(accepts_body(static_cast<fb::Body>(static_cast<int>(fb::Body::MAX) + 1), true));
  EXPECT_TRUE(accepts_body(static_cast<fb::Body>(255), true));
}

TEST(StructureBounds, UnionsOfEveryTypeAreRead) {
  for (int type = static_cast<int>(fb::Body::MIN) + 1; type <= static_cast<int>(fb::Body::MAX); ++type)
    EXPECT_FALSE(accepts_body(static_cast<fb::Body>(type), true)) << type;
}

}  // namespace
}  // namespace kinglet
