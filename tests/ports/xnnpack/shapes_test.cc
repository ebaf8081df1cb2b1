// The sample captioner (tests/models/shapes), calibrated on four pictures: what XNNPACK's static int8 convolutions make of the 500 that it never
// saw, beside Kinglet's int8.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "converter/convert.h"
#include "converter/files/grids.h"
#include "file.h"
#include "kinglet/translator.h"
#include "pictures/picture.h"
#include "tests/converter/golden.h"
#include "tests/converter/tensors.h"
#include "tests/ports/xnnpack/tested_engine.h"

namespace kinglet::xnnpack {
namespace {

const std::string kFolder = KINGLET_SOURCE_DIR "/tests/models/shapes/";
constexpr std::uint32_t kSide = 64, kBatch = 20;
constexpr std::array<const char*, 2> kLanguages = {"en", "ko"};

struct Picture {
  std::vector<std::uint8_t> bytes;
  std::array<std::string, 2> captions;
};

// The tiles of test.png.
std::vector<Picture> pictures() {
  const host::Pixels sheet = host::read_picture(kFolder + "test.png", 3);
  const std::uint32_t across = sheet.width / kSide;
  std::ifstream tsv(kFolder + "test.tsv");
  std::vector<Picture> all;
  for (std::string line; std::getline(tsv, line);) {
    std::istringstream fields(line);
    std::string tile;
    Picture picture;
    for (std::string* field : {&tile, &picture.captions[0], &picture.captions[1]}) std::getline(fields, *field, '\t');
    const auto number = static_cast<std::uint32_t>(std::stoul(tile));
    for (std::uint32_t y = 0; y < kSide; ++y) {
      const std::size_t first = (std::size_t{number / across * kSide + y} * sheet.width + number % across * kSide) * 3;
      picture.bytes.insert(picture.bytes.end(), sheet.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                           sheet.bytes.begin() + static_cast<std::ptrdiff_t>(first + std::size_t{kSide} * 3));
    }
    all.push_back(std::move(picture));
  }
  return all;
}

void calibrate(const std::filesystem::path& file) {
  converter::ConvertRequest request;
  request.source = kFolder;
  request.output = file;
  request.calibrate = [](const converter::Program& program) {
    std::vector<std::vector<float>> grids;
    for (const char* name : {"1", "2", "3", "4"})
      grids.push_back(converter::read_grid(kFolder + "pictures/" + name + ".png", program));
    return grids;
  };
  const auto summary = converter::convert(request);
  EXPECT_GE(summary.statics.size(), 6U);
  for (const auto& one : summary.statics) EXPECT_GT(one.db, 20) << one.name;
}

struct Captions {
  std::array<int, 2> right{};
  std::vector<std::string> texts;
};

Captions caption(const Model& model, const std::vector<Picture>& all, TestedEngine* engine) {
  const auto plan = Plan::make(model, {.source_rows = kBatch * model.root().source(), .sequences = kBatch});
  EXPECT_TRUE(plan.ok());
  const host::Arena arena(plan->arena_bytes + kReadsBehind);
  SessionOptions options;
  if (engine != nullptr) options.provider = engine->provider();
  const auto session = Session::create(*plan, arena.bytes().first(plan->arena_bytes), options);
  EXPECT_TRUE(session.ok()) << session.status().message();
  const host::Arena work(*Translator::workspace_bytes(*plan, 0));
  Translator translator = *Translator::create(**session, work.bytes(), 0);
  Captions made;
  std::vector<char> out(1 << 16);
  for (std::size_t language = 0; language < 2; ++language) {
    for (std::size_t first = 0; first < all.size(); first += kBatch) {
      std::vector<Grid> grids;
      for (std::size_t i = 0; i < kBatch; ++i) grids.push_back({.bytes = all[first + i].bytes, .features = {}});
      std::vector<Translation> texts(kBatch);
      TranslateOptions how;
      how.language = kLanguages[language];
      EXPECT_TRUE(translator.translate(grids, how, out, texts).ok());
      for (std::size_t i = 0; i < kBatch; ++i) {
        made.right[language] += texts[i].text == all[first + i].captions[language] ? 1 : 0;
        made.texts.emplace_back(texts[i].text);
      }
    }
  }
  return made;
}

TEST(XnnpackStatic, CaptionsWhatItNeverSaw) {
  if (!kHasStaticConvolutions) GTEST_SKIP() << "this XNNPACK has none";
  const converter::testing::Folder folder;
  const std::filesystem::path path = folder.path() / "shapes.kgl";
  calibrate(path);
  const host::MappedFile file(path.string());
  const Model model = *Model::open(file.bytes());
  const std::vector<Picture> all = pictures();
  ASSERT_EQ(all.size(), 500U);
  Options options;
  options.static_convolutions = true;
  TestedEngine engine(nullptr, options);
  const Captions ours = caption(model, all, nullptr), theirs = caption(model, all, &engine);
  int same = 0;
  for (std::size_t i = 0; i < ours.texts.size(); ++i) same += ours.texts[i] == theirs.texts[i] ? 1 : 0;
  std::printf(
      "captions right of %zu: Kinglet int8 %d en, %d ko; XNNPACK static int8 (%zu operators) %d en, %d ko; %d of %zu "
      "the same\n",
      all.size(), ours.right[0], ours.right[1], engine.operators(), theirs.right[0], theirs.right[1], same,
      ours.texts.size());
  EXPECT_GE(engine.operators(), 6U);
  for (const int right : theirs.right) EXPECT_GE(right, 490);
  EXPECT_GE(same, 980);
}

}  // namespace
}  // namespace kinglet::xnnpack
