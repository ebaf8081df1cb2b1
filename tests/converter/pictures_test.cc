// Models that read pictures: the float program equals PyTorch's numbers; the int8 one follows it, with the same bits on every kernel set,
// for every number of threads, alone and among others; pixels as bytes and as floats; and calls that make no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <thread>

#include "converter/architectures/architectures.h"
#include "converter/convert.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "converter/readers/safetensors.h"
#include "converter/reference/parallel.h"
#include "converter/reference/reference.h"
#include "kinglet/isa.h"
#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using kinglet::testing::AlignedBytes;
using testing::Folder;
using ::testing::HasSubstr;

struct Case {
  std::vector<float> picture;
  std::vector<std::int32_t> tokens;
  std::vector<float> expected;
};

std::vector<float> floats_of(const Checkpoint& file, const std::string& name) {
  const Tensor* tensor = file.find(name);
  if (tensor == nullptr) throw Error("no tensor " + name);
  std::vector<float> floats(tensor->elements());
  tensor->read(0, floats);
  return floats;
}

std::vector<Case> cases_of(const fs::path& folder) {
  Checkpoint inputs, outputs;
  read_safetensors(folder / "inputs.safetensors", inputs);
  read_safetensors(folder / "expected.safetensors", outputs);
  std::vector<Case> cases;
  const auto document = nlohmann::json::parse(testing::read_bytes(folder / "pictures.json"));
  for (const auto& one : document.at("cases"))
    cases.push_back({floats_of(inputs, one.at("image").get<std::string>()),
                     one.at("decoder_tokens").get<std::vector<std::int32_t>>(),
                     floats_of(outputs, one.at("output").get<std::string>())});
  return cases;
}

std::vector<std::string> folders() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(testing::goldens())) {
    if (fs::exists(entry.path() / "pictures.json")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

struct How {
  const char* isa = nullptr;
  std::uint32_t threads = 1;
  std::size_t chunk = 1000;
};

class Converted {
 public:
  explicit Converted(const fs::path& checkpoint) {
    const Folder folder;
    const fs::path file = folder.path() / "model.kgl";
    summary_ = convert({.source = checkpoint, .output = file, .tokenizer = {}, .name = {}});
    const std::string bytes = testing::read_bytes(file);
    bytes_.emplace(std::as_bytes(std::span(bytes)));
    model_ = *Model::open(std::as_const(*bytes_).span());
  }

  const Model& model() const { return model_; }
  const ConvertSummary& summary() const { return summary_; }

  // Logits of all positions of every case, all of them sequences of one call. Memory behind the arena is watched.
  std::vector<float> run(std::span<const Case> cases, const How& how, bool as_bytes = false) const {
    const auto count = static_cast<std::uint32_t>(cases.size());
    std::uint32_t longest = 1, all = 0;
    for (const Case& one : cases) {
      longest = std::max(longest, static_cast<std::uint32_t>(one.tokens.size()));
      all += static_cast<std::uint32_t>(one.tokens.size());
    }
    const auto plan = Plan::make(model_, {.context = longest,
                                          .rows = all,
                                          .source_rows = count * model_.root().source(),
                                          .outputs = all,
                                          .sequences = count,
                                          .threads = how.threads});
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    constexpr std::size_t kGuard = 4096;
    AlignedBytes arena(plan->arena_bytes + kGuard);
    std::memset(arena.span().data(), 0x5a, arena.span().size());
    unsigned threads = how.threads;
    SessionOptions options;
    options.isa = how.isa;
    options.parallel = {[](void* context, std::uint32_t items, void (*fn)(void*, std::uint32_t), void* arg) {
                          parallel_for(*static_cast<unsigned*>(context), items,
                                       [&](std::size_t i) { fn(arg, static_cast<std::uint32_t>(i)); });
                        },
                        &threads};
    const auto session = Session::create(*plan, arena.span().first(plan->arena_bytes), options);
    EXPECT_TRUE(session.ok()) << session.status().message();
    std::vector<Chunk> chunks;
    std::vector<std::vector<std::uint8_t>> bytes;
    for (std::uint32_t i = 0; i < count; ++i) {
      Chunk chunk{.sequence = i, .want = Want::kNone};
      if (as_bytes) {
        bytes.push_back(bytes_of(cases[i].picture));
        chunk.grid.bytes = bytes.back();
      } else {
        chunk.grid.features = cases[i].picture;
      }
      chunks.push_back(chunk);
    }
    EXPECT_TRUE((*session)->encode(chunks).ok());
    std::vector<std::vector<float>> logits(count);
    for (std::size_t done = 0; done < longest; done += how.chunk) {
      chunks.clear();
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::span<const std::int32_t> tokens = cases[i].tokens;
        if (done >= tokens.size()) continue;
        chunks.push_back({.sequence = i,
                          .tokens = tokens.subspan(done, std::min(how.chunk, tokens.size() - done)),
                          .want = Want::kAll});
      }
      const Status stepped = (*session)->step(chunks);
      EXPECT_TRUE(stepped.ok()) << stepped.message();
      std::uint32_t row = 0;
      for (const Chunk& chunk : chunks) {
        for (std::size_t j = 0; j < chunk.tokens.size(); ++j) {
          const auto out = (*session)->output(row++);
          logits[chunk.sequence].insert(logits[chunk.sequence].end(), out.begin(), out.end());
        }
      }
    }
    for (const std::byte guard : arena.span().subspan(plan->arena_bytes)) EXPECT_EQ(guard, std::byte{0x5a});
    std::vector<float> together;
    for (const auto& one : logits) together.insert(together.end(), one.begin(), one.end());
    return together;
  }

 private:
  // The pixels that these floats were made of.
  std::vector<std::uint8_t> bytes_of(const std::vector<float>& picture) const {
    const fb::Input& input = *model_.root().input();
    const auto vector = [&](int index) {
      return reinterpret_cast<const float*>(
          model_.data(*model_.root().weights()->Get(static_cast<std::uint32_t>(index))->data()));
    };
    const float* gain = vector(input.gain());
    const float* shift = vector(input.shift());
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < picture.size(); ++i) {
      const std::size_t c = i % input.channels();
      bytes.push_back(static_cast<std::uint8_t>(std::lround((picture[i] - shift[c]) / gain[c])));
    }
    return bytes;
  }

  std::optional<AlignedBytes> bytes_;
  Model model_;
  ConvertSummary summary_;
};

class Pictures : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path folder() const { return testing::goldens() / GetParam(); }
};

TEST_P(Pictures, TheFloatProgramIsPyTorchs) {
  constexpr float kTolerance = 1e-5F;  // of the largest logit
  const Program program = build_program(read_checkpoint(folder()), {});
  for (const std::string& name : program.unused) EXPECT_THAT(name, HasSubstr("num_batches_tracked"));
  Reference reference(program, {.threads = 2});
  for (const Case& one : cases_of(folder())) {
    const Matrix made =
        reference.run({.tokens = {}, .decoder_tokens = one.tokens, .types = {}, .features = one.picture});
    ASSERT_EQ(made.data.size(), one.expected.size());
    float most = 0, difference = 0;
    for (std::size_t i = 0; i < made.data.size(); ++i) {
      most = std::max(most, std::abs(one.expected[i]));
      difference = std::max(difference, std::abs(made.data[i] - one.expected[i]));
    }
    EXPECT_LT(difference, kTolerance * most);
  }
}

TEST_P(Pictures, Int8FollowsFloatWithTheSameBitsEverywhere) {
  constexpr double kLeastCosine = 0.999;
  const Converted converted(folder());
  const std::vector<Case> cases = cases_of(folder());
  std::vector<float> alone;
  for (const Case& one : cases) {
    const auto logits = converted.run({&one, 1}, {.isa = "portable"});
    ASSERT_EQ(logits.size(), one.expected.size());
    EXPECT_GE(cosine(logits, one.expected), kLeastCosine);
    alone.insert(alone.end(), logits.begin(), logits.end());
    for (const Isa& isa : isas()) {
      if (!isa.available) continue;
      for (const std::uint32_t threads : {1U, 2U, 5U}) {
        for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{1000}})
          EXPECT_TRUE(same_bits(converted.run({&one, 1}, {isa.name, threads, chunk}), logits))
              << isa.name << ", " << threads << " threads, chunks of " << chunk;
      }
    }
  }
  EXPECT_TRUE(same_bits(converted.run(cases, {}), alone)) << "as one batch";
  EXPECT_TRUE(same_bits(converted.run(cases, {.threads = 3}), alone)) << "as one batch, three threads";
}

TEST_P(Pictures, BytesAreWhatTheirFloatsAre) {
  const Converted converted(folder());
  const std::vector<Case> cases = cases_of(folder());
  const auto floats = converted.run(cases, {}), bytes = converted.run(cases, {}, true);
  ASSERT_EQ(floats.size(), bytes.size());
  EXPECT_GE(cosine(floats, bytes), 0.99999);  // the scaling is rounded once more or less
}

INSTANTIATE_TEST_SUITE_P(Goldens, Pictures, ::testing::ValuesIn(folders()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(PictureCalls, AreRefusedWhereTheyMakeNoSense) {
  const fs::path folder = testing::goldens() / "captioner-attend";
  const Converted converted(folder);
  const Case one = cases_of(folder).front();
  const Model& model = converted.model();
  EXPECT_EQ(Plan::make(model, {.source = 3}).status().code(), Code::kBadArgument);
  EXPECT_EQ(Plan::make(model, {.source_rows = model.root().source() - 1}).status().code(), Code::kBadArgument);
  const auto plan = Plan::make(model, {.sequences = 2});
  ASSERT_TRUE(plan.ok());
  AlignedBytes arena(plan->arena_bytes);
  Session& session = **Session::create(*plan, arena.span());
  const std::vector<std::int32_t> tokens{1, 3};
  const std::vector<std::uint8_t> bytes(one.picture.size());
  const auto encode = [&](const Chunk& chunk) { return session.encode({&chunk, 1}).code(); };
  const Grid grid{.features = one.picture};
  EXPECT_EQ(encode({.tokens = tokens}), Code::kBadArgument);
  EXPECT_EQ(encode({.tokens = tokens, .grid = grid}), Code::kBadArgument);
  EXPECT_EQ(encode({}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.bytes = bytes, .features = one.picture}}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.features = std::span(one.picture).first(5)}}), Code::kBadArgument);
  EXPECT_EQ(encode({.grid = {.bytes = std::span(bytes).first(7)}}), Code::kBadArgument);
  EXPECT_EQ(encode({.sequence = 2, .grid = grid}), Code::kBadArgument);
  std::vector<float> infinite = one.picture;
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
  const Folder folder;
  const Program program = testing::tiny_pictures();
  testing::write_program(program, folder.path() / "tiny.kgl");
  const std::string text = testing::read_bytes(folder.path() / "tiny.kgl");
  const AlignedBytes bytes(std::as_bytes(std::span(text)));
  const auto model = Model::open(bytes.span());
  ASSERT_TRUE(model.ok()) << model.status().message();
  Reference reference(program, {});
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const auto picture = testing::random_floats({21 * 18 * 3}, seed, 2).data;
    const Matrix expected = reference.run({.tokens = {}, .decoder_tokens = {}, .types = {}, .features = picture});
    std::vector<float> first;
    for (const Isa& isa : isas()) {
      if (!isa.available) continue;
      for (const std::uint32_t threads : {1U, 3U}) {
        const auto plan = Plan::make(*model, {.threads = threads});
        ASSERT_TRUE(plan.ok()) << plan.status().message();
        AlignedBytes arena(plan->arena_bytes);
        unsigned count = threads;
        SessionOptions options;
        options.isa = isa.name;
        options.parallel = {[](void* context, std::uint32_t items, void (*fn)(void*, std::uint32_t), void* arg) {
                              parallel_for(*static_cast<unsigned*>(context), items,
                                           [&](std::size_t i) { fn(arg, static_cast<std::uint32_t>(i)); });
                            },
                            &count};
        Session& session = **Session::create(*plan, arena.span(), options);
        const Chunk chunk{.grid = {.features = picture}};
        ASSERT_TRUE(session.encode({&chunk, 1}).ok());
        ASSERT_EQ(session.outputs(), 1U);
        const auto row = session.output(0);
        const std::vector<float> made(row.begin(), row.end());
        EXPECT_GE(cosine(made, expected.data), 0.999);
        if (first.empty()) first = made;
        EXPECT_TRUE(same_bits(made, first)) << isa.name << ", " << threads << " threads";
      }
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
  const auto refused = [](const std::string& patch) -> std::string {
    Checkpoint checkpoint = read_checkpoint(testing::goldens() / "captioner-attend");
    checkpoint.config.merge_patch(nlohmann::json::parse(patch));
    try {
      (void)build_program(checkpoint, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_THAT(refused(R"({"trunk": {"type": "vgg"}})"), HasSubstr(R"(type is "vgg")"));
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
}

}  // namespace
}  // namespace kinglet::converter
