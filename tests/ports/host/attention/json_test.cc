#include <gmock/gmock.h>

#include <bit>
#include <limits>

#include "attention/picture.h"
#include "json.h"
#include "tests/ports/host/attention/pictures.h"

namespace kinglet::host {
namespace {

using ::testing::ElementsAre;

TEST(AttentionJson, ReadsBackAsTheSameFloats) {
  AttentionPicture picture = testing::some_picture(3, 4, 5);
  picture.layers[0].weights[0] = std::numeric_limits<float>::denorm_min();
  picture.layers[0].weights[1] = std::numeric_limits<float>::min();
  picture.layers[0].weights[2] = std::bit_cast<float>(0x3F7FFFFFU);  // the last one before 1
  const Json json = Json::parse(attention_json(picture));
  EXPECT_EQ(json["model"], "a model");
  EXPECT_EQ(json["source"], Json(picture.source));
  EXPECT_EQ(json["target"], Json(picture.target));
  EXPECT_EQ(json["decoder_input"], Json(picture.decoder_input));
  ASSERT_EQ(json["layers"].size(), picture.layers.size());
  for (std::size_t i = 0; i < picture.layers.size(); ++i) {
    const AttentionLayer& layer = picture.layers[i];
    const Json& read = json["layers"][i];
    EXPECT_EQ(read["name"], layer.name);
    EXPECT_EQ(read["heads"], layer.heads);
    std::vector<std::uint32_t> bits, expected;
    for (const auto& head : read["weights"]) {
      ASSERT_EQ(head.size(), layer.rows);
      for (const auto& row : head) {
        ASSERT_EQ(row.size(), layer.columns);
        for (const auto& weight : row)
          bits.push_back(std::bit_cast<std::uint32_t>(static_cast<float>(weight.get<double>())));
      }
    }
    for (const float weight : layer.weights) expected.push_back(std::bit_cast<std::uint32_t>(weight));
    EXPECT_EQ(bits, expected) << layer.name;
  }
  EXPECT_EQ(json["layers"][0]["kind"], "encoder");
  EXPECT_EQ(json["layers"][2]["kind"], "self");
  EXPECT_EQ(json["layers"][3]["kind"], "cross");
}

TEST(AttentionJson, WritesNoMoreDigitsThanAFloatNeeds) {
  AttentionPicture picture = testing::some_picture(1, 1, 2);
  picture.layers = {picture.layers.back()};
  picture.layers[0].weights = {0.1F, 0.9F};
  EXPECT_NE(attention_json(picture).find("[[[0.1,0.9]]]"), std::string::npos);
}

TEST(AttentionJson, AlignsByTheMeanOfHeads) {
  AttentionPicture picture = testing::some_picture(2, 2, 3);
  picture.layers.resize(4);                                          // the last one reads the source
  picture.layers[3].weights = {0.6F, 0.4F, 0.0F, 0.0F, 0.1F, 0.9F,   // head 0
                               0.0F, 0.6F, 0.4F, 0.5F, 0.5F, 0.0F};  // head 1
  EXPECT_THAT(Json::parse(attention_json(picture))["alignment"], ElementsAre(1, 2));
  picture.layers.push_back(testing::some_layer("after", AttentionKind::kSelf, 2, 2, 2));
  EXPECT_THAT(Json::parse(attention_json(picture))["alignment"], ElementsAre(1, 2));
  picture.layers = {testing::some_layer("alone", AttentionKind::kSelf, 2, 2, 2)};
  EXPECT_TRUE(Json::parse(attention_json(picture))["alignment"].empty());
}

TEST(AttentionJson, TakesAnyTokens) {
  const Json json = Json::parse(attention_json(testing::hostile_picture()));
  EXPECT_EQ(json["source"][0], "</script><script>alert(1)</script>");
  EXPECT_EQ(json["source"][5], std::string("\0\x01\x7f", 3));
  EXPECT_EQ(json["source"][6], "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(AttentionJson, OfNothing) {
  const Json json = Json::parse(attention_json({}));
  EXPECT_TRUE(json["layers"].empty());
  EXPECT_TRUE(json["alignment"].empty());
  AttentionPicture picture;
  picture.layers = {
      {.name = "none", .kind = AttentionKind::kCross, .heads = 2, .rows = 0, .columns = 0, .weights = {}}};
  EXPECT_EQ(Json::parse(attention_json(picture))["layers"][0]["weights"], Json::parse("[[], []]"));
}

}  // namespace
}  // namespace kinglet::host
