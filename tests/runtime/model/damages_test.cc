// Every number of a program, one at a time, as each of some values: how often Model::open gives which answer. A rule that is asked otherwise,
// or no more, shows: the files of damages/ say what the answers were.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "kinglet/model.h"
#include "model/rules.h"
#include "tests/bundle.h"
#include "tests/fuzz/numbers.h"

namespace kinglet {
namespace {

// What a number of so many bytes becomes: its neighbours, the ends of the rules' ranges, what is no index, floats that are none.
std::set<std::uint64_t> values_for(std::uint64_t now, unsigned bytes) {
  const std::uint64_t ones = bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes)) - 1;
  std::set<std::uint64_t> values = {0, 1, 2, 3, now + 1, now - 1, now * 2, ones, ones - 1, ones / 2, ones / 2 + 1};
  if (bytes == 1) values.insert({4, 5, 6, 7, 8, 9, 10, 11, 12, 13});  // kinds
  if (bytes == 4) {
    for (const std::uint64_t most : {rules::kWidth, rules::kWidth / 4, rules::kInner, rules::kPositions, rules::kHeads,
                                     rules::kHeadDim, rules::kWindow, rules::kGrid, std::uint32_t{64}})
      values.insert({most, most + 1});
    values.insert({0x7fc00000, 0x7f800000, 0xbf800000, 0x3f800000, 0x00000001});  // NaN, infinity, -1, 1, the least
  }
  if (bytes == 8) values.insert({64, 63, std::uint64_t{1} << 32, now + 64, now + (std::uint64_t{1} << 32)});
  std::set<std::uint64_t> fit;
  for (const std::uint64_t value : values) fit.insert(value & ones);
  fit.erase(now);
  return fit;
}

class Answers {
 public:
  explicit Answers(std::span<const std::byte> file) : file_(file.size()) {
    std::memcpy(file_.span().data(), file.data(), file.size());
  }

  void ask(std::size_t at, unsigned bytes, bool also_gone) {
    std::byte* place = file_.span().data() + at;
    std::uint64_t now = 0;
    std::memcpy(&now, place, bytes);
    std::set<std::uint64_t> values = {0};
    if (!also_gone) values = values_for(now, bytes);
    for (const std::uint64_t value : values) {
      std::memcpy(place, &value, bytes);
      const auto opened = Model::open(file_.span());
      ++counts_[opened.ok() ? "accepted" : opened.status().message()];
    }
    std::memcpy(place, &now, bytes);
  }

  std::string text() const {
    std::string text;
    for (const auto& [answer, count] : counts_) text += std::to_string(count) + "\t" + answer + "\n";
    return text;
  }

 private:
  testing::AlignedBytes file_;
  std::map<std::string, int> counts_;
};

class Damages : public ::testing::TestWithParam<const char*> {};

TEST_P(Damages, OfEachNumberGiveTheAnswersTheyGave) {
  const testing::AlignedBytes model = testing::released_model(GetParam());
  const fuzz::Numbers numbers(std::span<const std::byte>(model.span()));
  Answers answers(model.span());
  for (const auto& number : numbers.fields) answers.ask(number.at, number.bytes, false);
  for (const auto& number : numbers.places) answers.ask(number.at, number.bytes, true);
  std::size_t end = 0;
  for (const auto& number : numbers.elements) {  // and how many there are
    if (number.at != end)
      answers.ask(number.at - sizeof(flatbuffers::uoffset_t), sizeof(flatbuffers::uoffset_t), false);
    end = number.at + number.bytes;
  }
  const std::string path = std::string(KINGLET_SOURCE_DIR "/tests/runtime/model/damages/") + GetParam() + ".txt";
  if (std::getenv("KINGLET_WRITE_DAMAGES") != nullptr) std::ofstream(path) << answers.text();
  std::stringstream kept;
  kept << std::ifstream(path).rdbuf();
  EXPECT_EQ(answers.text(), kept.str()) << "where answers are meant to change: KINGLET_WRITE_DAMAGES=1 "
                                           "build/tests/kinglet_runtime_tests --gtest_filter='*Damages*'";
}

INSTANTIATE_TEST_SUITE_P(Released, Damages,
                         ::testing::Values("tiny-decoder", "tiny-encoder", "tiny-encoder-decoder", "tiny-recurrent",
                                           "tiny-pictures", "bert", "llama", "t5-gated", "captioner-attend",
                                           "rnn-tutorial"),
                         [](const auto& one) {
                           std::string name = one.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace kinglet
