// The sample captioner from its weights to sentences: tests/models/shapes, on pictures of combinations that it never saw.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "attention/capture.h"
#include "engine.h"
#include "kinglet/kinglet.h"
#include "kinglet/translator.h"
#include "pictures/picture.h"
#include "tests/ports/host/converted_file.h"
#include "tests/ports/host/program.h"

namespace kinglet::host {
namespace {

using kinglet::testing::run;
using kinglet::testing::show;

const std::string kFolder = KINGLET_SOURCE_DIR "/tests/models/shapes/";

std::string file() { return kinglet::testing::converted_file("models/shapes", "shapes"); }

// A shape that a caption names: where it is, and its words in both languages.
struct Named {
  std::uint32_t left, top, right, bottom;
  std::string words[2];
};

struct Picture {
  Pixels pixels;
  std::string captions[2];
  std::vector<Named> named;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  return fields;
}

// The tiles of test.png, of the size the model reads.
std::vector<Picture> pictures() {
  constexpr std::uint32_t kSide = 64;
  const Pixels sheet = read_picture(kFolder + "test.png", 3);
  std::ifstream tsv(kFolder + "test.tsv");
  std::vector<Picture> all;
  for (std::string line; std::getline(tsv, line);) {
    const auto fields = fields_of(line);
    Picture picture{.pixels = {kSide, kSide, 3, {}}, .captions = {fields.at(1), fields.at(2)}, .named = {}};
    const std::uint32_t tile = static_cast<std::uint32_t>(std::stoul(fields[0])), across = sheet.width / kSide;
    for (std::uint32_t y = 0; y < kSide; ++y) {
      const auto from =
          sheet.bytes.begin() + std::ptrdiff_t{(tile / across * kSide + y) * sheet.width + tile % across * kSide} * 3;
      picture.pixels.bytes.insert(picture.pixels.bytes.end(), from, from + std::ptrdiff_t{kSide} * 3);
    }
    for (std::size_t i = 3; i + 2 < fields.size(); i += 3) {
      Named named{};
      std::istringstream(fields[i]) >> named.left >> named.top >> named.right >> named.bottom;
      named.words[0] = fields[i + 1];
      named.words[1] = fields[i + 2];
      picture.named.push_back(named);
    }
    all.push_back(std::move(picture));
  }
  return all;
}

const std::vector<Picture>& all_pictures() {
  static const std::vector<Picture> all = pictures();
  return all;
}

constexpr const char* kLanguages[] = {"en", "ko"};

TEST(Shapes, Int8SaysWhatIsThere) {
  constexpr std::uint32_t kBatch = 20;
  const Opened opened(file());
  Engine engine(opened, {.file = file(), .threads = 1, .isa = {}},
                {.source_rows = kBatch * opened.root().source(), .sequences = kBatch});
  Arena memory(*Translator::workspace_bytes(engine.plan(), 0));
  Translator translator = *Translator::create(engine.session(), memory.bytes(), 0);
  ASSERT_EQ(all_pictures().size(), 500U);
  std::vector<char> out(1 << 16);
  for (int language = 0; language < 2; ++language) {
    int right = 0;
    for (std::size_t first = 0; first < all_pictures().size(); first += kBatch) {
      std::vector<Grid> grids;
      for (std::size_t i = 0; i < kBatch; ++i)
        grids.push_back({.bytes = all_pictures()[first + i].pixels.bytes, .features = {}});
      std::vector<Translation> made(kBatch);
      TranslateOptions options;
      options.language = kLanguages[language];
      ASSERT_TRUE(translator.translate(grids, options, out, made).ok());
      for (std::size_t i = 0; i < kBatch; ++i)
        right += made[i].text == all_pictures()[first + i].captions[language] ? 1 : 0;
    }
    RecordProperty(kLanguages[language], right);
    EXPECT_GE(right, 498) << kLanguages[language];  // the float model has all 500: half a point less at most
  }
}

// Of all attention while a shape's words are written, the part inside its box is at least three times the box's part of the picture.
TEST(Shapes, AttentionLooksAtTheShapeThatIsNamed) {
  const Opened opened(file());
  const Common common{.file = file(), .threads = 1, .isa = {}};
  const auto tokenizer = Tokenizer::open(*opened.root().target_tokenizer());
  ASSERT_TRUE(tokenizer.ok());
  for (int language = 0; language < 2; ++language) {
    double ratios = 0;
    int count = 0;
    for (std::size_t p = 0; p < all_pictures().size(); p += 8) {
      const Picture& picture = all_pictures()[p];
      std::vector<std::byte> scratch(tokenizer->scratch_bytes(256));
      std::vector<std::int32_t> ids(64);
      const auto made = tokenizer->encode(picture.captions[language], {}, scratch, ids);
      ASSERT_TRUE(made.ok());
      const std::span<const std::int32_t> caption(ids.data(), *made);
      std::vector<std::int32_t> read = {
          opened.root().generation()->start()->Get(0),
          opened.root().generation()->languages()->Get(language == 0 ? 0U : 1U)->tokens()->Get(0)};
      const std::size_t before = read.size();
      read.insert(read.end(), caption.begin(), caption.end());
      const AttentionPicture seen = capture_attention(
          opened, common,
          {.source = {}, .grid = {.bytes = picture.pixels.bytes, .features = {}}, .decoder_input = read, .last = -1});
      ASSERT_EQ(seen.layers.size(), 1U);
      const AttentionLayer& layer = seen.layers[0];
      for (const Named& named : picture.named) {
        const std::size_t begin = picture.captions[language].find(named.words[language]);
        ASSERT_NE(begin, std::string::npos);
        const double inside_share = static_cast<double>((named.right - named.left) * (named.bottom - named.top)) / 4096;
        double mass = 0, all = 0;
        std::size_t at = 0;  // in the caption, in bytes
        for (std::size_t t = 0; t < caption.size(); ++t) {
          DecodeState state;
          char text[64];
          const std::size_t bytes = *tokenizer->decode(caption[t], state, text);
          const bool of_it = at + bytes > begin && at < begin + named.words[language].size();
          at += bytes;
          if (!of_it) continue;
          const float* row =
              layer.weights.data() + (before + t - 1) * layer.columns;  // what the token before asked for
          const std::uint32_t side = 64 / seen.region_rows;
          for (std::uint32_t y = 0; y < 64; ++y) {
            for (std::uint32_t x = 0; x < 64; ++x) {
              const double weight = static_cast<double>(row[y / side * seen.region_columns + x / side]) / (side * side);
              all += weight;
              if (x >= named.left && x < named.right && y >= named.top && y < named.bottom) mass += weight;
            }
          }
        }
        ASSERT_GT(all, 0) << picture.captions[language];
        ratios += mass / all / inside_share;
        ++count;
      }
    }
    RecordProperty(std::string(kLanguages[language]) + "_ratio", std::to_string(ratios / count));
    EXPECT_GE(ratios / count, 3) << kLanguages[language];
    EXPECT_GT(count, 100);
  }
}

TEST(Shapes, TheProgramCaptionsAndDraws) {
  std::ifstream in(kFolder + "pictures/captions.tsv");
  int count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const auto fields = fields_of(line);
    const std::string picture = kFolder + "pictures/" + fields[0];
    for (int language = 0; language < 2; ++language) {
      const auto ran = run({"caption", file(), picture, "--language", kLanguages[language]});
      EXPECT_EQ(ran.status, 0) << show(ran);
      EXPECT_EQ(ran.out, fields[static_cast<std::size_t>(language) + 1] + "\n");
    }
    const auto searched = run({"caption", file(), picture, "--beam", "4", "--json"});
    EXPECT_EQ(searched.status, 0) << show(searched);
    EXPECT_NE(searched.out.find(fields[1]), std::string::npos);
  }
  EXPECT_GE(count, 5);
  const std::string page = kinglet::testing::temporary_folder() + "/seen.html";
  EXPECT_EQ(run({"caption", file(), kFolder + "pictures/1.png", "--attention", page}).status, 0);
  std::ifstream drawn(page);
  const std::string html{std::istreambuf_iterator<char>(drawn), {}};
  EXPECT_NE(html.find("data:image/png;base64,"), std::string::npos);
  EXPECT_NE(html.find("black heart"), std::string::npos);
  EXPECT_EQ(run({"caption", file(), kFolder + "pictures/wide.png", "--attention", page}).status, 0);
  std::ifstream wide(page);
  EXPECT_NE(std::string(std::istreambuf_iterator<char>(wide), {}).find("viewBox=\"0 0 320 200\""), std::string::npos);
}

TEST(Shapes, TheCApiSaysTheSame) {
  const Opened opened(file());
  kinglet_model model = KINGLET_CLOSED;
  ASSERT_EQ(kinglet_model_open(&model, opened.model().bytes().data(), opened.model().bytes().size()).code, KINGLET_OK);
  kinglet_model_info info = KINGLET_MODEL_INFO;
  ASSERT_EQ(kinglet_model_get_info(&model, &info).code, KINGLET_OK);
  EXPECT_EQ(info.task, static_cast<kinglet_task>(KINGLET_CAPTION));
  EXPECT_EQ(std::vector({info.grid_height, info.grid_width, info.grid_channels, info.grid_bytes, info.languages}),
            (std::vector<std::uint32_t>{64, 64, 3, 1, 2}));
  kinglet_plan plan = KINGLET_CLOSED;
  kinglet_limits limits = KINGLET_LIMITS;
  ASSERT_EQ(kinglet_plan_make(&plan, &model, &limits).code, KINGLET_OK);
  kinglet_plan_info sizes = KINGLET_PLAN_INFO;
  ASSERT_EQ(kinglet_plan_get_info(&plan, &sizes).code, KINGLET_OK);
  Arena arena(sizes.arena_bytes);
  kinglet_session session = KINGLET_CLOSED;
  ASSERT_EQ(kinglet_session_create(&session, &plan, arena.bytes().data(), sizes.arena_bytes, nullptr).code, KINGLET_OK);
  std::size_t bytes = 0;
  ASSERT_EQ(kinglet_translator_workspace_bytes(&plan, 0, nullptr, &bytes).code, KINGLET_OK);
  Arena work(bytes);
  kinglet_translator translator = KINGLET_CLOSED;
  ASSERT_EQ(kinglet_translator_create(&translator, &session, work.bytes().data(), bytes, 0, nullptr).code, KINGLET_OK);
  const Picture& picture = all_pictures()[7];
  for (std::uint32_t language = 0; language < 2; ++language) {
    kinglet_translate_options options = KINGLET_TRANSLATE_OPTIONS;
    options.language = kinglet_model_language(&model, language);
    EXPECT_EQ(std::string(options.language.data, options.language.bytes), kLanguages[language]);
    const kinglet_grid grid = {picture.pixels.bytes.data(), nullptr, picture.pixels.bytes.size()};
    char out[512];
    kinglet_translation made;
    ASSERT_EQ(kinglet_translator_translate_grids(&translator, &grid, 1, &options, out, sizeof out, &made, 1).code,
              KINGLET_OK);
    EXPECT_EQ(std::string(made.text.data, made.text.bytes), picture.captions[language]);
  }
}

// What the batch norms have counted is none of them.
TEST(Shapes, TheConverterCountsParametersAsPyTorch) {
  const auto ran = kinglet::testing::run_program(
      KINGLET_CONVERT, {kFolder, "-o", kinglet::testing::temporary_folder() + "/counted.kgl"});
  EXPECT_NE(ran.out.find("parameters   651,478\n"), std::string::npos) << show(ran);
}

TEST(Shapes, MistakesAreToldInOneLine) {
  const auto told = [](const std::vector<std::string>& arguments, int status, const std::string& words) {
    const auto ran = run(arguments);
    EXPECT_EQ(ran.status, status) << show(ran);
    EXPECT_NE(ran.err.find(words), std::string::npos) << show(ran);
  };
  const std::string picture = kFolder + "pictures/1.png";
  told({"caption", file()}, 2, "IMAGE is missing");
  told({"caption", file(), kFolder + "README.md"}, 1, "cannot be read as a picture");
  told({"caption", file(), "nowhere.png"}, 1, "nowhere.png");
  told({"caption", file(), picture, "--language", "fr"}, 1, "--language fr: the model writes en, ko");
  told({"caption", file(), picture, "--attention", "seen.svg"}, 2, "--attention");
  told({"translate", file(), "a text"}, 1, "reads pictures");
  told({"logits", file(), "--tokens", "1", "--decoder-tokens", "1"}, 2, "--image");
}

}  // namespace
}  // namespace kinglet::host
