// The attacks that files of models and of tables have been used for, each as a file made for it: refused by Model::open with the code that
// stands here, or accepted and run to the end, its session and its tasks. SECURITY.md lists the same names.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <set>
#include <string>

#include "kinglet/model.h"
#include "model/rules.h"
#include "tests/fuzz/run_file.h"
#include "tests/runtime/model/attacks.h"

namespace kinglet::testing {
namespace {

// What it is refused with; kOk: it runs.
Code answer(const Attack& attack) {
  const auto bytes = attack.file();
  const AlignedBytes file{std::span<const std::byte>(bytes)};
  const auto model = Model::open(file.span());
  if (!model.ok()) return model.status().code();
  for (const std::uint32_t seed : {0U, 1U, 2U, 3U}) {
    const fuzz::Outcome outcome = fuzz::run_file(file.span(), seed);
    EXPECT_TRUE(outcome == fuzz::Outcome::kRan || outcome == fuzz::Outcome::kRanInVain);
  }
  return Code::kOk;
}

class Attacks : public ::testing::TestWithParam<Attack> {};

TEST_P(Attacks, AreRefusedOrRunSafely) {
  EXPECT_EQ(answer(GetParam()), GetParam().code)
      << Model::open(AlignedBytes(GetParam().file()).span()).status().message();
}

INSTANTIATE_TEST_SUITE_P(Files, Attacks, ::testing::ValuesIn(attacks()), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(Attacks, AreThoseOfTheSecurityPage) {
  std::set<std::string> listed, tested;
  std::ifstream page(KINGLET_SOURCE_DIR "/SECURITY.md");
  ASSERT_TRUE(page.good());
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| `")) listed.insert(line.substr(3, line.find('`', 3) - 3));
  }
  for (const Attack& attack : attacks()) tested.insert(attack.name);
  EXPECT_EQ(listed, tested);
  EXPECT_GE(tested.size(), 25U);
}

}  // namespace
}  // namespace kinglet::testing
