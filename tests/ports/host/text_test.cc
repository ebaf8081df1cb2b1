#include "text.h"

#include <gtest/gtest.h>

#include "failure.h"
#include "machine.h"
#include "npy.h"
#include "threads.h"

namespace kinglet::host {
namespace {

TEST(Numbers, ReadLikeNumbers) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1536), "1.50 KiB");
  EXPECT_EQ(bytes_text(std::uint64_t{5} << 30), "5.00 GiB");
  EXPECT_EQ(seconds_text(0.0000123), "12.3 us");
  EXPECT_EQ(seconds_text(0.25), "250 ms");
  EXPECT_EQ(seconds_text(61), "61.0 s");
  EXPECT_EQ(number_text(9.999), "10.0");
  EXPECT_EQ(number_text(1234.5), "1234");
}

TEST(Printable, LeavesNothingThatATerminalActsOn) {
  EXPECT_EQ(printable("a bird, 새, ü"), "a bird, 새, ü");
  EXPECT_EQ(printable(std::string_view("\x1b[31mred\x07\0 \x7f", 12)), "\\x1b[31mred\\x07\\x00 \\x7f");
  EXPECT_EQ(printable("two\nlines\tand\r"), "two\\x0alines\\x09and\\x0d");
  EXPECT_EQ(printable("\xc2\x9b"
                      "1m \xc2\xa0"),
            "\\xc2\\x9b1m \xc2\xa0");
  EXPECT_EQ(printable("\x9b \xe2\x82"), "\\x9b \\xe2\\x82");
}

TEST(Npy, ItsHeadIsAWholeNumberOfLines) {
  for (const std::size_t n : {0UL, 1UL, 99UL, 123456789UL}) {
    const std::string head = npy_head(n, 512);
    EXPECT_EQ(head.size() % 64, 0u);
    EXPECT_EQ(
        static_cast<std::size_t>(static_cast<unsigned char>(head[8])) + 256U * static_cast<unsigned char>(head[9]) + 10,
        head.size());
    EXPECT_EQ(head.back(), '\n');
  }
}

TEST(Failures, SayWhereWhatAndWhatToDo) {
  const std::string text = failure("a.kgl", {Code::kContextFull, "the context is full", 96}).what();
  EXPECT_EQ(text.substr(0, 33), "a.kgl: the context is full (96): ");
  EXPECT_GT(text.size(), 50u);
}

TEST(Threads, RunEachIndexOnce) {
  for (const std::uint32_t count : {1U, 2U, 5U}) {
    Threads threads(count);
    std::vector<int> seen(count);
    on_all(threads, [&](std::uint32_t i) { ++seen[i]; });
    EXPECT_EQ(seen, std::vector<int>(count, 1));
  }
  EXPECT_GE(physical_cores(), 1u);
}

TEST(Times, MedianAndSpread) {
  EXPECT_EQ((Times{{3, 1, 2}}).median(), 2);
  EXPECT_EQ((Times{{4, 1, 2, 3}}).median(), 2.5);
  EXPECT_EQ((Times{{1, 2, 3}}).spread(), 0.5);
  EXPECT_EQ(Times{}.median(), 0);
  EXPECT_EQ(measure(4, [] {}).seconds.size(), 4u);
}

}  // namespace
}  // namespace kinglet::host
