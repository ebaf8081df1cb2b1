// Tokens of times: what transformers lets follow, and which parts it finds (tests/goldens/times.py).
#include "audio/times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace kinglet::host {
namespace {

nlohmann::json expected() {
  std::ifstream in(KINGLET_SOURCE_DIR "/tests/ports/host/audio/times.json");
  return nlohmann::json::parse(in);
}

// The script's.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : seed_(seed) {}

  std::vector<float> logits(int step, int vocabulary, int plain) {
    std::vector<float> row;
    for (int token = 0; token < vocabulary; ++token) {
      seed_ = seed_ * 1664525U + 1013904223U;
      double x = (seed_ >> 24U) / 32.0;
      if (token > plain) x += (step % 3 == 0 ? 1.5 : 0) + (token - plain) * step / 64.0;
      row.push_back(static_cast<float>(x));
    }
    return row;
  }

 private:
  std::uint32_t seed_;
};

TEST(TimeTokens, FollowTransformersRules) {
  const auto all = expected();
  const int vocabulary = all.at("vocabulary"), plain = all.at("plain"), end = all.at("end");
  const TimeTokens times(plain, end, all.at("most_first"));
  const auto places = static_cast<std::uint32_t>(vocabulary - plain - 1);
  std::size_t several = 0, cut = 0;
  for (const auto& one : all.at("sequences")) {
    Numbers numbers(one.at("seed"));
    std::vector<std::int32_t> made;
    for (int step = 0; step < all.at("steps"); ++step) {
      std::vector<float> logits = numbers.logits(step, vocabulary, plain);
      times.allow(made, logits);
      const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
      if (best == end) break;
      made.push_back(static_cast<std::int32_t>(best));
    }
    EXPECT_EQ(made, one.at("tokens").get<std::vector<std::int32_t>>()) << one;
    const Told found = told(made, times, places);
    ASSERT_EQ(found.parts.size(), one.at("parts").size()) << one;
    std::size_t token = 0;
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
      const auto& part = one.at("parts")[i];
      EXPECT_EQ(found.parts[i].begin, part[0]) << one;
      EXPECT_EQ(found.parts[i].end, part[1]) << one;
      EXPECT_EQ(found.parts[i].first, token) << one;
      if (i + 1 < found.parts.size()) {
        EXPECT_EQ(found.parts[i].last - token, part[2]) << one;
      }
      token = found.parts[i].last;
    }
    EXPECT_EQ(found.until, one.at("until")) << one;
    several += found.parts.size() > 1 ? 1 : 0;
    cut += found.until < places ? 1 : 0;
  }
  EXPECT_GT(several, 3U);
  EXPECT_GT(cut, 10U);
}

TEST(TimeTokens, AnyTokensAreTold) {
  const TimeTokens times(25, 20, 6);
  EXPECT_TRUE(told({}, times, 14).parts.empty());
  std::uint32_t seed = 1;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::int32_t> made(seed % 9);
    for (std::int32_t& token : made)
      token = static_cast<std::int32_t>((seed = seed * 1664525U + 1013904223U) >> 24U) % 40;
    seed = seed * 1664525U + 1013904223U;
    for (const Spoken& part : told(made, times, 14).parts) {
      EXPECT_LT(part.first, part.last);
      EXPECT_LE(part.last, made.size());
    }
    std::vector<float> logits(40, 1.0F);
    times.allow(made, logits);
    EXPECT_TRUE(std::ranges::none_of(logits, [](float x) { return std::isnan(x); }));
  }
}

}  // namespace
}  // namespace kinglet::host
