#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "attention/picture.h"
#include "json.h"
#include "tests/ports/host/attention/pictures.h"

namespace kinglet::host {
namespace {

// What the page's script reads.
Json data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(begin) + begin.size();
  return Json::parse(page.substr(from, page.find("</script>", from) - from));
}

// The weights of a layer in ten-thousandths, as the script unpacks them.
std::vector<std::uint32_t> unpacked(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint32_t> bytes, weights;
  std::uint32_t bits = 0, count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(c));
    if ((count += 6) >= 8) bytes.push_back(bits >> (count -= 8) & 255);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::uint32_t number = bytes[i];
    if (number > 127) number = number - 128 + 128 * bytes.at(++i);
    if (number > 10000) weights.insert(weights.end(), number - 10000, 0);
    else weights.push_back(number);
  }
  return weights;
}

TEST(AttentionPage, HoldsEveryWeightToFourDecimals) {
  AttentionPicture picture = testing::some_picture(4, 10, 12);
  picture.layers[0].weights.assign(picture.layers[0].weights.size(), 0);  // one run
  picture.layers[1].weights[7] = 1;
  picture.layers[1].weights[8] = std::nanf("");  // drawn as 0
  const Json data = data_of(attention_html(picture));
  ASSERT_EQ(data["layers"].size(), picture.layers.size());
  EXPECT_EQ(data["start"], 5);  // the last that reads the source
  EXPECT_EQ(data["block"], 1);
  EXPECT_EQ(data["source"], Json(picture.source));
  EXPECT_EQ(data["target"], Json(picture.target));
  for (std::size_t i = 0; i < picture.layers.size(); ++i) {
    const AttentionLayer& layer = picture.layers[i];
    EXPECT_EQ(data["layers"][i]["heads"], layer.heads);
    const auto weights = unpacked(data["layers"][i]["weights"]);
    ASSERT_EQ(weights.size(), layer.weights.size()) << layer.name;
    for (std::size_t j = 0; j < weights.size(); ++j) {
      const float expected = std::isnan(layer.weights[j]) ? 0 : layer.weights[j];
      ASSERT_NEAR(weights[j] / 10000.0, static_cast<double>(expected), 0.5001e-4) << layer.name << " " << j;
    }
  }
}

TEST(AttentionPage, LongRunsOfZerosAreWhole) {
  AttentionPicture picture;
  picture.layers = {testing::some_layer("zeros", AttentionKind::kCross, 1, 100, 200)};
  auto& weights = picture.layers[0].weights;
  weights.assign(weights.size(), 0);
  weights[6400] = 0.5F;
  const auto read = unpacked(data_of(attention_html(picture))["layers"][0]["weights"]);
  ASSERT_EQ(read.size(), weights.size());
  EXPECT_EQ(read[6400], 5000u);
}

TEST(AttentionPage, NeedsNothingFromElsewhere) {
  const std::string page = attention_html(testing::some_picture(2, 3, 4));
  EXPECT_EQ(page.find("<!doctype html>"), 0u);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(testing::count_of(page, "http"), 2u) << "http-equiv and the namespace of SVG";
  EXPECT_EQ(page.find(" src="), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
  EXPECT_EQ(page.find("<link"), std::string::npos);
  EXPECT_EQ(page.find("innerHTML"), std::string::npos);
}

TEST(AttentionPage, TokensStayText) {
  const std::string page = attention_html(testing::hostile_picture());
  EXPECT_EQ(testing::count_of(page, "</script>"), 2u);
  EXPECT_EQ(testing::count_of(page, "<script"), 2u);
  EXPECT_EQ(testing::count_of(page, "</title>"), 1u);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<!--"), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
  EXPECT_EQ(page.find("\xe2\x80\xa8"), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  const Json source = data_of(page)["source"];
  EXPECT_EQ(source[0], "</script><script>alert(1)</script>");
  EXPECT_EQ(source[4], "a␣b⏎␉");
  EXPECT_EQ(source[5], "␀␁␡");
  EXPECT_EQ(source[9], "∅");
}

TEST(AttentionPage, OfLittle) {
  EXPECT_TRUE(data_of(attention_html({}))["layers"].empty());
  AttentionPicture picture = testing::some_picture(1, 1, 1);
  EXPECT_EQ(unpacked(data_of(attention_html(picture))["layers"][5]["weights"]), std::vector<std::uint32_t>{10000});
  picture.layers = {
      {.name = "none", .kind = AttentionKind::kCross, .heads = 2, .rows = 0, .columns = 3, .weights = {}}};
  EXPECT_EQ(data_of(attention_html(picture))["layers"][0]["weights"], "");
}

TEST(AttentionPage, OfLongTextsHasBlocks) {
  AttentionPicture picture = testing::some_picture(1, 1, 1);
  picture.source = testing::some_tokens("s", 5000);
  picture.target = testing::some_tokens("t", 600);
  picture.layers = {testing::some_layer("cross", AttentionKind::kCross, 5, 600, 5000)};  // 15,000,000 weights
  const std::string page = attention_html(picture);
  EXPECT_LT(page.size(), 8'000'000u);
  EXPECT_NE(page.find("2 × 2 tokens"), std::string::npos);
  const Json data = data_of(page);
  EXPECT_EQ(data["block"], 2);
  EXPECT_EQ(data["layers"][0]["columns"], 2500);
  EXPECT_EQ(data["source"][2499], "s4998 … s4999");
  const auto& weights = picture.layers[0].weights;
  const float most = std::max({weights[0], weights[1], weights[5000], weights[5001]});
  EXPECT_NEAR(unpacked(data["layers"][0]["weights"])[0] / 10000.0, static_cast<double>(most), 0.5001e-4);
}

}  // namespace
}  // namespace kinglet::host
