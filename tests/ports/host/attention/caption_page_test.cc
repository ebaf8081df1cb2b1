// The page of a caption: the picture, then for each word a mask of its weights over it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attention/picture.h"
#include "failure.h"
#include "pictures/picture.h"

namespace kinglet::host {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A class token, then 2 x 3 regions.
AttentionPicture attended() {
  AttentionPicture picture;
  picture.title = "model";
  picture.source_text = "bird<1>.png";
  picture.target_text = "a bird";
  picture.target = {"a", " bird", "</s>"};
  picture.regions_before = 1;
  picture.region_rows = 2;
  picture.region_columns = 3;
  picture.layers.push_back(
      {.name = "look", .kind = AttentionKind::kCross, .heads = 1, .rows = 3, .columns = 7, .weights = {}});
  for (int row = 0; row < 3; ++row) {
    for (const float weight : {0.5F, 0.25F, 0.125F, 0.0F, 0.0625F, 0.0625F, 0.0F})
      picture.layers[0].weights.push_back(weight);
  }
  return picture;
}

Pixels pixels_of(std::uint32_t channels) { return {4, 6, channels, std::vector<std::uint8_t>(24 * channels, 200)}; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(CaptionPage, ShowsThePictureOnceForEachWord) {
  for (const std::uint32_t channels : {1U, 3U}) {
    const std::string page = caption_html(attended(), pixels_of(channels));
    EXPECT_THAT(page, HasSubstr("<title>a bird</title>"));
    EXPECT_THAT(page, HasSubstr("bird&lt;1&gt;.png"));
    EXPECT_EQ(count(page, "<figure>"), 4U);
    EXPECT_EQ(count(page, "<mask id="), 3U);
    EXPECT_EQ(count(page, "id=\"picture\""), 1U);
    EXPECT_EQ(count(page, "data:image/png;base64,"), 5U);  // the picture, its ghost, three masks
    EXPECT_THAT(page, HasSubstr("<bdi>bird</bdi>"));
    EXPECT_EQ(count(page, "<title>0.25</title>"), 3U);  // the first region, behind the class token
    EXPECT_EQ(count(page, "<rect "), 18U);
    EXPECT_THAT(page, Not(HasSubstr("<script")));
  }
}

TEST(CaptionPage, WithoutRegionsThereIsNone) {
  AttentionPicture picture = attended();
  picture.region_rows = 0;
  EXPECT_THROW((void)caption_html(picture, pixels_of(3)), Failure);
}

TEST(CaptionPage, NoWeightAtAllIsNoLight) {
  AttentionPicture picture = attended();
  for (float& weight : picture.layers[0].weights) weight = 0;
  EXPECT_EQ(count(caption_html(picture, pixels_of(3)), "<mask id="), 3U);
}

}  // namespace
}  // namespace kinglet::host
