#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "attention/picture.h"
#include "tests/ports/host/attention/pictures.h"

namespace kinglet::host {
namespace {

using testing::count_of;

// That every element ends where it should.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  for (std::size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find(' ') - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), name);
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty());
}

TEST(AttentionSvg, HasEveryLayerAndHead) {
  const AttentionPicture picture = testing::some_picture(4, 10, 12);
  const std::string svg = attention_svg(picture);
  expect_well_formed(svg);
  for (const auto& layer : picture.layers) EXPECT_EQ(count_of(svg, ">" + layer.name + "<"), 1u);
  EXPECT_EQ(count_of(svg, ">mean of heads<"), 6u);
  for (const std::string head : {"1", "2", "3", "4"}) EXPECT_EQ(count_of(svg, ">head " + head + "<"), 6u);
  EXPECT_EQ(count_of(svg, "</title></rect>"), 2u * 5 * (144 + 100 + 120));
  EXPECT_EQ(count_of(svg, "<script"), 0u);
}

TEST(AttentionSvg, CellsSayTheirWeightAndTokens) {
  AttentionPicture picture = testing::some_picture(2, 1, 2);
  picture.layers = {picture.layers[3]};
  picture.layers[0].weights = {0.25F, 0.75F, 0.12345F, 0.87655F};
  const std::string svg = attention_svg(picture);
  EXPECT_EQ(count_of(svg, "<title>target0 ← source0: 0.2500</title>"), 1u);  // head 1
  EXPECT_EQ(count_of(svg, "<title>target0 ← source0: 0.1235</title>") +
                count_of(svg, "<title>target0 ← source0: 0.1234</title>"),
            1u);
  EXPECT_EQ(count_of(svg, "<title>target0 ← source0: 0.1867</title>"), 1u);  // the mean
  EXPECT_EQ(count_of(svg, ">0.81</text>"), 1u);
}

TEST(AttentionSvg, TokensStayText) {
  const std::string svg = attention_svg(testing::hostile_picture());
  expect_well_formed(svg);
  EXPECT_EQ(count_of(svg, "<script"), 0u);
  EXPECT_EQ(count_of(svg, "<img"), 0u);
  EXPECT_EQ(count_of(svg, "]]>"), 0u);
  EXPECT_EQ(svg.find('\xff'), std::string::npos);
  for (const char c : svg) ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(AttentionSvg, OfLittle) {
  const std::string nothing = attention_svg({});
  expect_well_formed(nothing);
  EXPECT_EQ(count_of(nothing, "attended to nothing"), 1u);
  AttentionPicture picture = testing::some_picture(1, 1, 1);
  expect_well_formed(attention_svg(picture));
  EXPECT_EQ(count_of(attention_svg(picture), ">the only head<"), 6u);
  picture.source.clear();  // tokens that are not known
  EXPECT_EQ(count_of(attention_svg(picture), "target0 ← #1: 1.0000"), 2u);
  picture.layers[0] = {
      .name = "none", .kind = AttentionKind::kCross, .heads = 2, .rows = 0, .columns = 3, .weights = {}};
  expect_well_formed(attention_svg(picture));
}

TEST(AttentionSvg, OfLongTextsStaysSmallAndSaysSo) {
  AttentionPicture picture = testing::some_picture(8, 1, 1);
  picture.source = testing::some_tokens("source", 2000);
  picture.target = testing::some_tokens("target", 300);
  picture.layers = {testing::some_layer("cross", AttentionKind::kCross, 8, 300, 2000)};
  const std::string svg = attention_svg(picture);
  expect_well_formed(svg);
  EXPECT_LT(svg.size(), 14'000'000u);
  EXPECT_EQ(count_of(svg, "A cell of a mean is the largest weight of 5 × 5 tokens"), 1u);
  EXPECT_EQ(count_of(svg, "A cell of a head is the largest weight of 10 × 10 tokens"), 1u);
  EXPECT_LE(count_of(svg, "</title></rect>"), 90'000u);
  EXPECT_EQ(count_of(svg, "columns is named"), 1u);
}

}  // namespace
}  // namespace kinglet::host
