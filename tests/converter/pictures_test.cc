// Models that read pictures: calls that make no sense, every operator of grids, damaged programs, configs that are wrong. What PyTorch
// computes of pictures is compared with in architectures/goldens_test.cc and int8_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "converter/reference/reference.h"
#include "kinglet/isa.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/converter/converted.h"
#include "tests/converter/golden.h"
#include "tests/converter/tiny_pictures.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using kinglet::testing::AlignedBytes;
using testing::Folder;
using ::testing::HasSubstr;

TEST(PictureCalls, AreRefusedWhereTheyMakeNoSense) {
  const fs::path folder = testing::goldens() / "captioner-attend";
  const testing::Converted converted(folder);
  const std::vector<float> picture = testing::golden_cases(folder).front().input.features;
  const Model& model = converted.model();
  EXPECT_EQ(Plan::make(model, {.source = 3}).status().code(), Code::kBadArgument);
  EXPECT_EQ(Plan::make(model, {.source_rows = model.root().source() - 1}).status().code(), Code::kBadArgument);
  const auto plan = Plan::make(model, {.sequences = 2});
  ASSERT_TRUE(plan.ok());
  AlignedBytes arena(plan->arena_bytes);
  Session& session = **Session::create(*plan, arena.span());
  const std::vector<std::int32_t> tokens{1, 3};
  const std::vector<std::uint8_t> bytes(picture.size());
  const auto encode = [&](const Chunk& chunk) { return session.encode({&chunk, 1}).code(); };
  const Grid grid{.features = picture};
  EXPECT_EQ(encode({.tokens = tokens}), Code::kBadArgument);
  EXPECT_EQ(encode({.tokens = tokens, .grid = grid}), Code::kBadArgument);
  EXPECT_EQ(encode({}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.bytes = bytes, .features = picture}}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.features = std::span(picture).first(5)}}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.bytes = std::span(bytes).first(7)}}), Code::kBadArgument);
  EXPECT_EQ(encode({.sequence = 2, .grid = grid}), Code::kBadArgument);
  std::vector<float> infinite = picture;
  infinite[infinite.size() / 2] = INFINITY;
  EXPECT_EQ(encode({.grid = {.features = infinite}}), Code::kNotFinite);
  EXPECT_EQ(encode({.grid = grid}), Code::kOk);
  const Chunk step{.tokens = tokens, .grid = grid};
  EXPECT_EQ(session.step({&step, 1}).code(), Code::kBadArgument);
  // Two pictures, one after the other: the plan has room for one in a call.
  const Chunk both[] = {{.sequence = 0, .grid = grid}, {.sequence = 1, .grid = grid}};
  EXPECT_EQ(session.encode(both).code(), Code::kBadArgument);
}

TEST(Grids, EveryOperatorFollowsFloatWithTheSameBitsEverywhere) {
  const Program program = testing::tiny_pictures();
  const testing::Converted converted(program);
  Reference reference(program, {});
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const ReferenceInput input{.tokens = {},
                               .decoder_tokens = {},
                               .types = {},
                               .features = testing::random_floats({21 * 18 * 3}, seed, 2).data};
    const auto first = converted.run({&input, 1});
    EXPECT_GE(testing::cosine(first, reference.run(input).data), 0.999);
    for (const Isa& isa : isas()) {
      if (!isa.available) continue;
      for (const std::uint32_t threads : {1U, 3U})
        EXPECT_EQ(converted.run({&input, 1}, {.isa = isa.name, .threads = threads}), first)
            << isa.name << ", " << threads;
    }
  }
}

// One byte of the program changed, thousands of times: it is refused, or what it now is runs safely.
TEST(Grids, DamagedProgramsAreRefusedOrSafe) {
  const Folder folder;
  testing::write_program(testing::tiny_pictures(), folder.path() / "tiny.kgl");
  const std::string whole = testing::read_bytes(folder.path() / "tiny.kgl");
  std::uint32_t size = 0;
  std::memcpy(&size, whole.data(), sizeof size);
  const auto picture = testing::random_floats({1 << 16}, 4, 2).data;
  constexpr std::size_t kMostArena = std::size_t{64} << 20;
  int refused = 0, ran = 0;
  AlignedBytes bytes(std::as_bytes(std::span(whole)));
  for (std::size_t at = 0; at < size + sizeof size; ++at) {
    for (const unsigned change : {0x01U, 0x10U, 0x80U, 0xffU}) {
      std::byte& byte = bytes.span()[at];
      const std::byte before = byte;
      byte ^= static_cast<std::byte>(change);
      const auto model = Model::open(std::as_const(bytes).span());
      const auto plan = model.ok() ? Plan::make(*model) : Result<Plan>(model.status());
      if (!plan.ok() || plan->arena_bytes > kMostArena) {
        ++refused;
      } else {
        ++ran;
        AlignedBytes arena(plan->arena_bytes);
        const auto session = Session::create(*plan, arena.span());
        const fb::Input* input = model->root().input();
        const std::size_t numbers =
            input == nullptr ? 0 : std::size_t{input->grid()->height()} * input->grid()->width() * input->channels();
        if (session.ok() && numbers <= picture.size()) {
          const Chunk chunk{.grid = {.features = std::span(picture).first(numbers)}};
          (void)(*session)->encode({&chunk, 1});
        }
      }
      byte = before;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(ran, 1000);
  RecordProperty("files", refused + ran);
}

TEST(PictureConfigs, NameTheKeyThatIsWrong) {
  const auto refused = [](const std::string& patch, const char* golden = "captioner-attend") -> std::string {
    Checkpoint checkpoint = read_checkpoint(testing::goldens() / golden);
    checkpoint.config.merge_patch(nlohmann::json::parse(patch));
    try {
      (void)build_program(checkpoint, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_THAT(refused(R"({"trunk": {"type": "alexnet"}})"), HasSubstr(R"(type is "alexnet")"));
  EXPECT_THAT(refused(R"({"trunk": {"type": "vgg"}})"), HasSubstr("stem_pool is no key that is known here"));
  EXPECT_THAT(refused(R"({"trunk": {"stride": 2}})"), HasSubstr("stride"));
  EXPECT_THAT(refused(R"({"trunk": {"groups": 5}})"), HasSubstr("taken"));  // of bottlenecks only
  EXPECT_THAT(refused(R"({"image": {"height": 0}})"), HasSubstr("height"));
  EXPECT_THAT(refused(R"({"image": {"std": [1, 0, 1]}})"), HasSubstr("std"));
  EXPECT_THAT(refused(R"({"image": {"mean": [0, 1]}})"), HasSubstr("mean"));
  EXPECT_THAT(refused(R"({"image": {"mean": [0.5], "std": [0.5]}})"), HasSubstr("does not fit the 1 channels"));
  EXPECT_THAT(refused(R"({"image": {"filter": "sharp"}})"), HasSubstr("filter"));
  EXPECT_THAT(refused(R"({"initial_state": "final"})"), HasSubstr("initial_state"));
  EXPECT_THAT(refused(R"({"initial_state": {"from": "last"}})"), HasSubstr("from"));
  EXPECT_THAT(refused(R"({"language": "fr"})"), HasSubstr("language"));
  EXPECT_THAT(refused(R"({"languages": [3]})"), HasSubstr("languages"));
  EXPECT_THAT(refused(R"({"attention": {"gate": "nowhere"}})"), HasSubstr("nowhere.weight"));
  const auto mobile = [&](const std::string& patch) {
    return refused(R"({"trunk": )" + patch + "}", "captioner-mobilenet-v3");
  };
  EXPECT_THAT(mobile(R"({"strides": [2, 1]})"),
              HasSubstr("strides is [2,1]; expected one for every block, of which there are 4"));
  EXPECT_THAT(mobile(R"({"strides": null})"), HasSubstr("strides is missing; expected one for every block"));
  EXPECT_THAT(mobile(R"({"strides": [2, 1, 1, 3]})"), HasSubstr("expected 1 or 2 for every block"));
  EXPECT_THAT(mobile(R"({"activations": ["relu", "gelu", "relu", "relu"]})"), HasSubstr("relu or hardswish"));
  EXPECT_THAT(mobile(R"({"activations": ["relu"]})"), HasSubstr("of which there are 4"));
  EXPECT_THAT(mobile(R"({"batch_norm_eps": 0})"), HasSubstr("batch_norm_eps"));
  EXPECT_THAT(mobile(R"({"type": "mobilenet_v2"})"), HasSubstr("activations is no key"));
  EXPECT_THAT(mobile(R"({"prefix": "nowhere."})"), HasSubstr("nowhere.features.0"));
}

}  // namespace
}  // namespace kinglet::converter
