#include "tasks/stops.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace kinglet {
namespace {

// Feeds pieces and keeps what comes out, piece by piece.
struct Stream {
  std::vector<std::string_view> stops = {};
  std::vector<char> buffer = std::vector<char>(Stops::kLongest + 64);
  std::vector<std::string> out = {};
  bool wanted = true;

  TextSink sink() {
    return {.write =
                [](void* self, std::string_view text) {
                  static_cast<Stream*>(self)->out.emplace_back(text);
                  return static_cast<Stream*>(self)->wanted;
                },
            .context = this};
  }

  // True: stopped.
  bool run(const std::vector<std::string>& pieces) {
    auto made = Stops::create(stops, buffer);
    EXPECT_TRUE(made.ok());
    for (const auto& piece : pieces) {
      EXPECT_LE(piece.size(), made->room().size());
      std::memcpy(made->room().data(), piece.data(), piece.size());
      auto stopped = made->commit(piece.size(), sink());
      EXPECT_TRUE(stopped.ok());
      if (*stopped) {
        EXPECT_TRUE(made->finish(sink()).ok());
        return true;
      }
    }
    EXPECT_TRUE(made->finish(sink()).ok());
    return false;
  }

  std::string text() const {
    std::string all;
    for (const auto& part : out) all += part;
    return all;
  }
};

TEST(Stops, WithoutStopStringsTextPassesAtOnce) {
  Stream s;
  EXPECT_FALSE(s.run({"a", "b", "", "cd"}));
  EXPECT_EQ(s.out, (std::vector<std::string>{"a", "b", "cd"}));
}

TEST(Stops, AStopStringAcrossPiecesNeverComesOut) {
  Stream s{.stops = {"\nUser:"}};
  EXPECT_TRUE(s.run({"Hello.", "\n", "Us", "er", ": hi", "never"}));
  EXPECT_EQ(s.text(), "Hello.");
}

TEST(Stops, WhatOnlyBeginsLikeOneComesOutLater) {
  Stream s{.stops = {"\nUser:"}};
  EXPECT_FALSE(s.run({"Hello", ".\n", "Us", "ually"}));
  EXPECT_EQ(s.out, (std::vector<std::string>{"Hello", ".", "\nUsually"}));
}

TEST(Stops, APrefixAtTheEndComesOut) {
  Stream s{.stops = {"END"}};
  EXPECT_FALSE(s.run({"the E", "N"}));
  EXPECT_EQ(s.text(), "the EN");
}

TEST(Stops, OverlappingBeginningsAreFound) {
  Stream s{.stops = {"aab"}};
  EXPECT_TRUE(s.run({"a", "a", "a", "b"}));
  EXPECT_EQ(s.text(), "a");
}

TEST(Stops, TheEarliestCompleteOneEndsTheText) {
  Stream s{.stops = {"abcX", "bc"}};
  EXPECT_TRUE(s.run({"abc"}));
  EXPECT_EQ(s.text(), "a");
  Stream t{.stops = {"world", "lo wo"}};
  EXPECT_TRUE(t.run({"hello world"}));
  EXPECT_EQ(t.text(), "hel");
}

TEST(Stops, InsideOnePiece) {
  Stream s{.stops = {"##"}};
  EXPECT_TRUE(s.run({"one ## two"}));
  EXPECT_EQ(s.text(), "one ");
}

// Whatever the pieces, the text is the one before the first stop string.
TEST(Stops, CuttingDoesNotMatter) {
  const std::string text = "abcabdabcabcabdab";
  const std::vector<std::string_view> stops = {"abcabcabd", "zz"};
  const std::string expected = text.substr(0, text.find("abcabcabd"));
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Stream s{.stops = stops};
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
    EXPECT_TRUE(s.run(pieces)) << size;
    EXPECT_EQ(s.text(), expected) << size;
  }
}

TEST(Stops, EmptyAndOverlongOnesAreRefused) {
  std::vector<char> buffer(Stops::kLongest + 64);
  const std::string longest(Stops::kLongest, 'x');
  const std::string too_long(Stops::kLongest + 1, 'x');
  const std::string_view empty[] = {"a", ""};
  const std::string_view overlong[] = {too_long};
  const std::string_view fits[] = {longest};
  EXPECT_EQ(Stops::create(empty, buffer).status().code(), Code::kBadArgument);
  EXPECT_EQ(Stops::create(empty, buffer).status().subject(), 1u);
  EXPECT_EQ(Stops::create(overlong, buffer).status().code(), Code::kBadArgument);
  EXPECT_TRUE(Stops::create(fits, buffer).ok());
}

TEST(Stops, ASinkThatWantsNoMoreIsAStatus) {
  Stream s;
  s.wanted = false;
  auto made = Stops::create(s.stops, s.buffer);
  made->room()[0] = 'x';
  EXPECT_EQ(made->commit(1, s.sink()).status().code(), Code::kStopped);
}

}  // namespace
}  // namespace kinglet
