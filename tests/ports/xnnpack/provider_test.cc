// XNNPACK as a provider: what it computes is what the float model says, from one block of memory that is exactly as large as was measured,
// without the heap while it runs; and what becomes of its failures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

#include "converter/builder.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/converter/converted.h"
#include "tests/converter/golden.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/ports/xnnpack/options.h"
#include "tests/ports/xnnpack/tested_engine.h"
#include "xnnpack/calls.h"
#include "xnnpack/engine.h"

namespace kinglet::xnnpack {
namespace {

namespace fs = std::filesystem;
using converter::Reference;
using converter::ReferenceInput;
using converter::testing::Converted;
using converter::testing::cosine;
using kinglet::testing::AlignedBytes;

// Everything, the convolutions in static int8.
constexpr Options with_static() {
  Options options = kEverything;
  options.static_convolutions = options.static_depthwise = true;
  return options;
}
constexpr Options kFloatsAndStatic[] = {kEverything, with_static()};

ReferenceInput picture(std::uint32_t seed) {
  return {.tokens = {},
          .decoder_tokens = {},
          .types = {},
          .features = converter::testing::random_floats({21 * 18 * 3}, seed, 2).data};
}

// With ranges.
Converted calibrated_pictures() { return Converted(converter::testing::tiny_pictures(), {picture(1), picture(2)}); }

// The exact block for a model and as many pictures at once.
std::size_t measured(const Converted& model, std::span<const ReferenceInput> inputs, const Options& options) {
  TestedEngine engine(nullptr, options);
  (void)model.run(inputs, {.provider = engine.provider()});
  EXPECT_GT(engine.operators(), 0U);
  return engine.bytes();
}

// A session over a tiny model, made by hand so that its Status and its heap can be looked at.
struct Made {
  explicit Made(const Converted& model) : plan(*Plan::make(model.model(), {.sequences = 3, .threads = 2})) {}
  Result<Session*> session(const Provider& provider, const Observer& observer = {}) {
    arena = std::make_unique<AlignedBytes>(plan.arena_bytes + kReadsBehind);
    SessionOptions options;
    options.provider = provider;
    options.observer = observer;
    return Session::create(plan, arena->span().first(plan.arena_bytes), options);
  }
  // How much memory XNNPACK wants of a session with these options.
  std::size_t measured(pthreadpool_t pool, const Options& options) {
    TestedEngine measuring(pool, options);
    EXPECT_TRUE(session(measuring.provider()).ok());
    return measuring.bytes();
  }
  Plan plan;
  std::unique_ptr<AlignedBytes> arena;
};

TEST(Xnnpack, ComputesEveryOperatorOfGrids) {
  const auto program = converter::testing::tiny_pictures();
  const Converted model(program);
  Reference reference(program, {});
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const ReferenceInput input = picture(seed);
    const auto wanted = reference.run(input).data;
    for (const Options& options :
         {only(&Options::convolutions), only(&Options::grouped), only(&Options::depthwise), only(&Options::pooling),
          only(&Options::linear), only(&Options::elementwise), kEverything, Options{}}) {
      TestedEngine engine(nullptr, options);
      const auto made = model.run({&input, 1}, {.provider = engine.provider()});
      const bool only_linear = options.linear && !options.pooling;
      EXPECT_EQ(engine.operators() > 0, kHasLinear || !only_linear);
      EXPECT_GE(cosine(made, wanted), 0.999);
    }
  }
}

// Sums and activations of all columns and of some, what remains to be done with a sum among them.
converter::Program tiny_rows() {
  using enum fb::Activation;
  converter::Checkpoint checkpoint;
  converter::Builder b(checkpoint);
  b.input({9, 1}, 4, {}, {});
  b.begin_encode();
  const auto weight =
      b.constant("weight", 24, 4, converter::testing::random_floats({24, 4}, 7, 1.5F).data, fb::WeightType::Int8);
  const converter::Rows x = b.conv2d({}, weight, {});
  const converter::Rows sigmoid = b.activate(x.columns(5, 13), Sigmoid), relu = b.activate(x.columns(0, 13), Relu),
                        tanh = b.activate(x.columns(11, 13), Tanh);
  const converter::Rows sum = b.add(b.add(sigmoid, relu), tanh, Gelu);
  b.output(b.pool(b.regions(b.add(sum, b.add(sum, relu), Relu)), fb::Pooling::Mean));
  b.model().task = fb::Task::Embed;
  b.model().architecture = "tiny rows";
  return b.finish();
}

TEST(Xnnpack, ComputesSumsAndActivations) {
  if (!kHasElementwise) GTEST_SKIP() << "this XNNPACK has them otherwise";
  const auto program = tiny_rows();
  const Converted model(program);
  Reference reference(program, {});
  Pool pool(2);
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const ReferenceInput input{.tokens = {},
                               .decoder_tokens = {},
                               .types = {},
                               .features = converter::testing::random_floats({9 * 4}, seed, 2).data};
    const auto wanted = reference.run(input).data;
    const auto ours = model.run({&input, 1});
    for (pthreadpool_t threads : {pthreadpool_t{nullptr}, pool.pool}) {
      TestedEngine engine(threads, only(&Options::elementwise));
      const auto theirs = model.run({&input, 1}, {.provider = engine.provider()});
      EXPECT_GE(engine.operators(), 5U);
      ASSERT_EQ(theirs.size(), ours.size());
      for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(theirs[i], ours[i], 1e-5) << i;
      EXPECT_GE(cosine(theirs, wanted), 0.999);
    }
  }
}

// Unless all is asked for, XNNPACK gets what it was measured to be faster at, and nothing else.
TEST(Xnnpack, TakesByDefaultWhatItIsFasterAt) {
  struct Asked {
    TestedEngine usual{nullptr, {}}, all{nullptr, kEverything};
    Provider usually = usual.provider(), always = all.provider();
    std::size_t taken = 0, left = 0;
  };
  std::size_t taken = 0;
  for (const auto& program : {converter::testing::tiny_pictures(), tiny_rows()}) {
    const Converted model(program);
    Made made(model);
    Asked asked;
    const auto session = made.session({&asked, [](void* self, const Provided& op) {
                                         auto& both = *static_cast<Asked*>(self);
                                         const bool gets = both.usually.prepare(both.usually.context, op).ok();
                                         const bool could = both.always.prepare(both.always.context, op).ok();
                                         EXPECT_TRUE(could || !gets);
                                         if (could) {
                                           EXPECT_EQ(gets, is_faster(*op.layer(), op.most_grids()));
                                         }
                                         (gets ? both.taken : both.left) += could ? 1 : 0;
                                         return Status{Code::kUnsupported, "only asked", op.index};
                                       }});
    ASSERT_TRUE(session.ok());
    EXPECT_GT(asked.left, 0U);
    taken += asked.taken;
  }
  EXPECT_GT(taken, 0U);
}

// What README.md's table says of shapes on both sides of each rule.
TEST(Xnnpack, TheShapesItIsFasterAt) {
  using enum Layer::Kind;
  const auto layer = [](Layer::Kind kind, std::uint32_t channels, std::uint32_t kernel, std::uint32_t groups = 1) {
    Layer made{};
    made.kind = kind;
    made.kernel = {kernel, kernel};
    made.groups = groups;
    made.input_channels = made.output_channels = channels;
    return made;
  };
  EXPECT_FALSE(is_faster(layer(kConv2d, 64, 3), 1));
  EXPECT_FALSE(is_faster(layer(kConv2d, 512, 3), 1));
  EXPECT_EQ(is_faster(layer(kConv2d, 128, 3, 8), 1), kOf2022);
  EXPECT_EQ(is_faster(layer(kConv2d, 512, 3, 32), 1), kOf2022);
  EXPECT_FALSE(is_faster(layer(kConv2d, 128, 3, 4), 1));
  const auto first = [&](std::uint32_t input, std::uint32_t output, std::uint32_t kernel) {
    Layer made = layer(kConv2d, input, kernel);
    made.output_channels = output;
    made.reads_caller = true;
    return is_faster(made, 1);
  };
  EXPECT_TRUE(first(3, 32, 3));
  EXPECT_FALSE(first(3, 64, 3));
  EXPECT_FALSE(first(3, 32, 7));
  EXPECT_FALSE(first(80, 32, 3));
  for (const Layer::Kind kind : {kDepthwiseConv2d, kMaxPool, kAdd}) {
    for (const std::uint32_t channels : {16U, 128U, 960U}) EXPECT_FALSE(is_faster(layer(kind, channels, 3), 12544));
  }
  EXPECT_TRUE(is_faster(layer(kAveragePool, 256, 2), 1));
  EXPECT_TRUE(is_faster(layer(kAveragePool, 512, 7), 1));
  EXPECT_TRUE(is_faster(layer(kAveragePool, 120, 28), 1));
  EXPECT_FALSE(is_faster(layer(kAveragePool, 480, 14), 1));
  EXPECT_TRUE(is_faster(layer(kAveragePool, 1280, 7), 1));
  EXPECT_EQ(is_faster(layer(kAveragePool, 2048, 7), 1), kOf2022);
  for (const std::uint32_t rows : {1U, 16U, 128U}) EXPECT_FALSE(is_faster(layer(kLinear, 768, 1), rows));
  EXPECT_TRUE(is_faster(layer(kRelu, 768, 1), 64));
  EXPECT_FALSE(is_faster(layer(kRelu, 768, 1), 1));
  EXPECT_TRUE(is_faster(layer(kSigmoid, 768, 1), 16));
  EXPECT_FALSE(is_faster(layer(kSigmoid, 768, 1), 1));
  EXPECT_TRUE(is_faster(layer(kTanh, 768, 1), 16));
  EXPECT_TRUE(is_faster(layer(kTanh, 768, 1), 1));
  EXPECT_FALSE(is_faster(layer(kTanh, 16, 1), 64));
}

// The captioners' trunks, in which floats are nearer to PyTorch's than int8 is. Where XNNPACK has depthwise convolutions only, whose results
// become int8 at once, their last bits may not show.
TEST(Xnnpack, FollowsPyTorchCloserThanInt8) {
  std::size_t captioners = 0, different = 0;
  for (const auto& entry : fs::directory_iterator(converter::testing::goldens())) {
    if (!entry.path().filename().string().starts_with("captioner-")) continue;
    const Converted model(entry.path());
    std::vector<float> ours, theirs, wanted;
    for (const auto& [input, expected] : converter::testing::golden_cases(entry.path())) {
      TestedEngine engine(nullptr, kEverything);
      const auto add = [](std::vector<float>& all, const std::vector<float>& some) {
        all.insert(all.end(), some.begin(), some.end());
      };
      add(ours, model.run({&input, 1}));
      add(theirs, model.run({&input, 1}, {.provider = engine.provider()}));
      add(wanted, expected.data);
      EXPECT_GT(engine.operators(), 0U);
    }
    EXPECT_GE(cosine(theirs, wanted), 0.999) << entry.path();
    ++captioners;
    different += ours != theirs ? 1 : 0;
  }
  EXPECT_GT(2 * different, captioners);
}

// Rows of all tokens, of some, of sequences; all of a call at once, three at a time, or one after the other (recurrent layers).
std::size_t compare_every_golden(const Options& options) {
  std::size_t taken = 0;
  for (const auto& entry : fs::directory_iterator(converter::testing::goldens())) {
    if (!converter::testing::is_golden(entry.path())) continue;
    const Converted model(entry.path());
    const ReferenceInput input = converter::testing::golden_cases(entry.path()).front().input;
    const std::vector<float> ours = model.run({&input, 1});
    for (const std::size_t chunk : {std::size_t{1000}, std::size_t{3}}) {
      TestedEngine engine(nullptr, options);
      const auto theirs = model.run({&input, 1}, {.chunk = chunk, .provider = engine.provider()});
      if (theirs.size() != ours.size()) throw std::runtime_error("not as many results");
      EXPECT_GE(cosine(theirs, ours), 0.9999) << entry.path();
      taken += engine.operators();
    }
  }
  return taken;
}

TEST(Xnnpack, LinearLayersOfEveryGolden) {
  if (!kHasLinear) GTEST_SKIP() << "this XNNPACK has none";
  EXPECT_GT(compare_every_golden(only(&Options::linear)), 200U);
}

TEST(Xnnpack, SumsAndActivationsOfEveryGolden) {
  if (!kHasElementwise) GTEST_SKIP() << "this XNNPACK has them otherwise";
  EXPECT_GT(compare_every_golden(only(&Options::elementwise)), 0U);
}

TEST(Xnnpack, TakesExactlyTheBlockThatWasMeasured) {
  const Converted model = calibrated_pictures();
  const ReferenceInput inputs[] = {picture(1), picture(2), picture(3)};
  for (const Options& options : kFloatsAndStatic) {
    const std::size_t bytes = measured(model, inputs, options);
    const auto wanted = [&] {
      TestedEngine engine(nullptr, options);
      return model.run(inputs, {.provider = engine.provider()});
    }();
    AlignedBytes memory(bytes + 64);
    std::fill(memory.span().begin(), memory.span().end(), std::byte{0x5a});
    {
      TestedEngine engine(nullptr, options, memory.span().first(bytes));
      EXPECT_EQ(model.run(inputs, {.provider = engine.provider()}), wanted);
      EXPECT_EQ(engine.bytes(), bytes);
    }
    for (const std::byte guard : memory.span().subspan(bytes)) EXPECT_EQ(guard, std::byte{0x5a});
  }
}

// Every operator's result by itself: whichever XNNPACK computes, what it reads was computed in the same way in both sessions but for rounding.
TEST(Xnnpack, EveryOperatorGivesWhatTheRuntimeGives) {
  using Results = std::vector<std::vector<float>>;
  const Converted model(converter::testing::tiny_pictures());
  const ReferenceInput input = picture(4);
  const auto results = [&](const Provider& provider) {
    Results all;
    Made made(model);
    const auto keep = [](void* context, const Observation& seen) {
      std::vector<float> result(std::size_t{seen.rows} * seen.width);
      for (std::uint32_t r = 0; r < seen.rows; ++r)
        seen.read(r, std::span(result).subspan(std::size_t{r} * seen.width));
      static_cast<Results*>(context)->push_back(result);
    };
    const auto session = made.session(provider, {.after = keep, .context = &all});
    EXPECT_TRUE(session.ok()) << session.status().message();
    const Chunk chunk{.grid = {.features = input.features}};
    EXPECT_TRUE((*session)->encode({&chunk, 1}).ok());
    return all;
  };
  TestedEngine engine(nullptr, kEverything);
  const Results ours = results({}), theirs = results(engine.provider());
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_GE(cosine(ours[i], theirs[i]), 0.9999) << "operator " << i;
  // A depthwise and three other convolutions, three poolings, two sums; not what counts its padding or has unequal parts.
  EXPECT_EQ(engine.operators(), 7U + (kHasLinear ? 4U : 0U) + (kHasElementwise ? 2U : 0U));
}

// XNNPACK's first convolution reads pixels that are given as bytes as it reads the floats that they stand for, each sequence's its own.
TEST(Xnnpack, ReadsWhatTheCallerGives) {
  const Converted model(converter::testing::tiny_pictures());
  const ReferenceInput pixels[] = {picture(5), picture(6), picture(7)};
  ReferenceInput floats[] = {pixels[0], pixels[1], pixels[2]};
  for (ReferenceInput& one : floats) one.features = model.floats_of_pixels(one.features);
  TestedEngine of_bytes(nullptr, only(&Options::convolutions)), of_floats(nullptr, only(&Options::convolutions));
  const auto theirs = model.run(pixels, {.grid_as_bytes = true, .provider = of_bytes.provider()});
  EXPECT_EQ(of_bytes.operators(), 2U);  // the first among them: the other one has a group
  EXPECT_EQ(model.run(floats, {.provider = of_floats.provider()}), theirs);
  const auto ours = model.run(pixels, {.grid_as_bytes = true});
  EXPECT_NE(theirs, ours);
  EXPECT_GE(cosine(theirs, ours), 0.999);
}

// In more than one call: the watch ends the program otherwise (no_heap_test.cc).
TEST(Xnnpack, NothingIsAllocatedWhileItRuns) {
  const Converted model = calibrated_pictures();
  const ReferenceInput input = picture(4);
  Pool pool(2);
  Made made(model);
  for (const Options& options : {kEverything, with_static(), Options{}}) {
    const std::size_t bytes = made.measured(pool.pool, options);
    AlignedBytes block(bytes);
    TestedEngine engine(pool.pool, options, block.span());
    const auto session = made.session(engine.provider());
    ASSERT_TRUE(session.ok()) << session.status().message();
    for (int round = 0; round < 3; ++round) {
      for (std::uint32_t s = 0; s < 3; ++s) {
        const Chunk chunk{.sequence = s, .grid = {.features = input.features}};
        const Status done = (*session)->encode({&chunk, 1});
        EXPECT_TRUE(done.ok()) << done.message();
      }
    }
  }
}

TEST(Xnnpack, NothingIsAllocatedInSteps) {
  if (!kHasLinear) GTEST_SKIP() << "this XNNPACK has no operator of a decoder";
  const Converted model(fs::path(converter::testing::goldens()) / "gpt2");
  Pool pool(2);
  Made made(model);
  const std::size_t bytes = made.measured(pool.pool, kEverything);
  AlignedBytes block(bytes);
  TestedEngine engine(pool.pool, kEverything, block.span());
  const auto session = made.session(engine.provider());
  ASSERT_TRUE(session.ok()) << session.status().message();
  ASSERT_GT(engine.operators(), 0U);
  const std::int32_t tokens[] = {1, 2, 3};
  for (const std::size_t count : {std::size_t{3}, std::size_t{1}, std::size_t{2}}) {
    const Chunk chunk{.tokens = std::span(tokens).first(count)};
    const Status done = (*session)->step({&chunk, 1});
    EXPECT_TRUE(done.ok()) << done.message();
  }
}

TEST(Xnnpack, ABlockThatIsTooSmallIsAStatus) {
  const Converted model = calibrated_pictures();
  Made made(model);
  for (const Options& options : kFloatsAndStatic) {
    const std::size_t bytes = made.measured(nullptr, options);
    for (const std::size_t less : {bytes - 1, bytes / 2, bytes / 10, std::size_t{64}}) {
      AlignedBytes block(less);
      TestedEngine engine(nullptr, options, block.span());
      EXPECT_EQ(made.session(engine.provider()).status().code(), Code::kOutOfMemory) << less;
    }
  }
}

// Only where the caller says so do the runtime's operators take over, and then with their own bits.
TEST(Xnnpack, FallsBackWhereItMay) {
  const Converted model = calibrated_pictures();
  const ReferenceInput input = picture(5);
  for (Options options : kFloatsAndStatic) {
    AlignedBytes block(64);
    options.fall_back = true;
    TestedEngine engine(nullptr, options, block.span());
    EXPECT_EQ(model.run({&input, 1}, {.provider = engine.provider()}), model.run({&input, 1}));
    EXPECT_EQ(engine.operators(), 0U);
  }
}

TEST(Xnnpack, OneResultForAnyNumberOfThreadsAndPictures) {
  const Converted model = calibrated_pictures();
  const ReferenceInput inputs[] = {picture(6), picture(7)};
  for (const Options& options : kFloatsAndStatic) {
    std::vector<float> alone;
    for (const ReferenceInput& input : inputs) {
      TestedEngine engine(nullptr, options);
      const auto one = model.run({&input, 1}, {.provider = engine.provider()});
      alone.insert(alone.end(), one.begin(), one.end());
    }
    Pool pool(2);
    TestedEngine engine(pool.pool, options);
    const auto together = model.run(inputs, {.threads = 2, .provider = engine.provider()});
    ASSERT_EQ(together.size(), alone.size());
    EXPECT_GE(cosine(together, alone), 0.99999);
  }
}

TEST(Xnnpack, InfinitiesAreRefusedAsEverywhere) {
  const Converted model(converter::testing::tiny_pictures());
  Made made(model);
  TestedEngine engine(nullptr, kEverything);
  const auto session = made.session(engine.provider());
  ASSERT_TRUE(session.ok());
  auto features = picture(8).features;
  features[100] = std::numeric_limits<float>::infinity();
  const Chunk chunk{.grid = {.features = features}};
  EXPECT_EQ((*session)->encode({&chunk, 1}).code(), Code::kNotFinite);
}

}  // namespace
}  // namespace kinglet::xnnpack
