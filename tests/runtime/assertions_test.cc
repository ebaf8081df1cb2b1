// Builds with sanitizers keep their assertions, those of the standard library among them. Others do not build this file.
#include <gtest/gtest.h>

#include <array>
#include <cassert>
#include <span>

namespace kinglet {
namespace {

TEST(Assertions, StandWhereSanitizersDo) {
  int ran = 0;
  assert(++ran == 1);
  EXPECT_EQ(ran, 1);
}

TEST(AssertionsDeathTest, FindSpansThatAreTooShort) {
  const std::array<int, 4> arena{1, 2, 3, 4};
  const auto part = std::span(arena).first(2);
  volatile std::size_t at = 2;
  EXPECT_DEATH((void)part[at], "");
}

}  // namespace
}  // namespace kinglet
