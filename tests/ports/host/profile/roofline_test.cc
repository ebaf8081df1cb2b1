#include "profile/roofline.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/ports/host/attention/pictures.h"

namespace kinglet::host {
namespace {

using testing::count_of;

Roofline some_roofline() {
  return {
      .title = "a model",
      .note = "a machine",
      .peak = 1e12,
      .roofs = {{"memory", 30e9}, {"cache", 100e9}},
      .points = {{"up", "prompt", 4e9, 1e7, 5e-3}, {"up", "step", 2e7, 1e7, 4e-4}, {"down", "step", 2e7, 1e7, 4e-4}}};
}

// Where the attribute of the last element that begins with `mark` is a number: points are drawn behind the legend.
double number_of(const std::string& svg, const std::string& mark, const std::string& name) {
  const std::size_t at = svg.find(name + "=\"", svg.rfind(mark));
  return std::stod(svg.substr(at + name.size() + 2));
}

// A point at 400 operations a byte and 800 GOPS is right of and above those at 2 and 50.
TEST(RooflineSvg, PlacesPointsByIntensityAndRate) {
  Roofline roofline = some_roofline();
  const std::string svg = roofline_svg(roofline);
  EXPECT_GT(number_of(svg, "<circle", "cx"), number_of(svg, "<rect x", " x") + 100);
  EXPECT_LT(number_of(svg, "<circle", "cy"), number_of(svg, "<rect x", " y") - 100);
  roofline.points[0].seconds *= 8;
  EXPECT_GT(number_of(roofline_svg(roofline), "<circle", "cy"), number_of(svg, "<circle", "cy"));
}

TEST(RooflineSvg, LeavesOutWhatHasNoPlace) {
  Roofline roofline = some_roofline();
  roofline.points = {{"no work", "step", 0, 1e7, 1}, {"no bytes", "step", 1, 0, 1}, {"no time", "step", 1, 1, 0}};
  roofline.peak = 0;
  roofline.roofs = {{"memory", 0}};
  const std::string svg = roofline_svg(roofline);
  for (const char* part : {"no work", "no bytes", "no time", "int8 peak", "memory", "nan", "inf"})
    EXPECT_EQ(count_of(svg, part), 0u) << part;
}

TEST(RooflineSvg, NamesStayText) {
  Roofline roofline = some_roofline();
  roofline.title = "</title><script>alert(1)</script>\xff";
  roofline.points[0].name = roofline.points[1].phase = "\"><script>alert(2)</script>";
  const std::string svg = roofline_svg(roofline);
  EXPECT_EQ(count_of(svg, "<script"), 0u);
  EXPECT_EQ(count_of(svg, "\xff"), 0u);
}

// Names of many points at one place do not lie on each other: no two stand at the same height.
TEST(RooflineSvg, NamesGiveWayToEachOther) {
  Roofline roofline = some_roofline();
  roofline.points.assign(6, {"same", "step", 2e7, 1e7, 4e-4});
  const std::string svg = roofline_svg(roofline);
  EXPECT_EQ(count_of(svg, ">same 50<"), 6u);
}

}  // namespace
}  // namespace kinglet::host
