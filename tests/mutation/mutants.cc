// Linked with the tests: which change of the mutated sources is at work, and which of their functions each test reaches.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

constexpr int kMostFunctions = 4096;

// The mutated sources ask for the one and mark the other.
int kinglet_mutant = -1;
unsigned char kinglet_reached[kMostFunctions];

namespace {

// Before all others: tests have objects that open models before main.
[[gnu::constructor(101)]] void choose() {
  if (const char* number = std::getenv("KINGLET_MUTANT")) kinglet_mutant = std::atoi(number);
}

// One line for each test into the file that KINGLET_REACHED names: its name, its milliseconds of processor time, what it reached.
class Reached : public ::testing::EmptyTestEventListener {
 public:
  explicit Reached(const char* path) : out_(std::fopen(path, "w")) {}
  void OnTestStart(const ::testing::TestInfo&) override { begin_ = std::clock(); }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    std::fprintf(out_, "%s.%s %.3f", test.test_suite_name(), test.name(),
                 1e3 * static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC);
    for (int i = 0; i < kMostFunctions; ++i) {
      if (kinglet_reached[i] != 0) std::fprintf(out_, " %d", i);
      kinglet_reached[i] = 0;
    }
    std::fprintf(out_, "\n");
  }
  void OnTestProgramEnd(const ::testing::UnitTest&) override { std::fclose(out_); }

 private:
  std::FILE* out_;
  std::clock_t begin_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (const char* path = std::getenv("KINGLET_REACHED"))
    ::testing::UnitTest::GetInstance()->listeners().Append(new Reached(path));
  return RUN_ALL_TESTS();
}
