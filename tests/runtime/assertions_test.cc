// Builds with sanitizers keep their assertions, those of the standard library among them.
#include <gtest/gtest.h>

#include <array>
#include <cassert>
#include <span>

namespace kinglet {
namespace {

TEST(Assertions, StandWhereSanitizersDo) {
  int ran = 0;
  assert(++ran == 1);
  EXPECT_GE(ran, KINGLET_SANITIZED);
}

TEST(AssertionsDeathTest, FindSpansThatAreTooShort) {
  if (KINGLET_SANITIZED == 0) GTEST_SKIP() << "a build without sanitizers";
  const std::array<int, 4> arena{1, 2, 3, 4};
  const auto part = std::span(arena).first(2);
  volatile std::size_t at = 2;
  EXPECT_DEATH((void)part[at], "");
}

}  // namespace
}  // namespace kinglet
