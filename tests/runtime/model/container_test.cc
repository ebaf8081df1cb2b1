// What Model::open says of a file's parts before and beside its operators, each by itself: the message, its subject and its code.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

#include "kinglet/model.h"
#include "model/rules.h"
#include "tests/runtime/model/attacks.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using File = std::vector<std::byte>;
using Change = std::function<void(fb::ModelT&)>;

Status opened(std::span<const std::byte> file) { return Model::open(testing::AlignedBytes(file).span()).status(); }

void refused(const Status& status, const char* message, std::uint64_t subject = 0, Code code = Code::kBadFile) {
  EXPECT_STREQ(status.message(), message);
  EXPECT_EQ(status.subject(), subject);
  EXPECT_EQ(status.code(), code);
}

std::uint32_t program_bytes(const File& file) {
  std::uint32_t size = 0;
  std::memcpy(&size, file.data(), sizeof size);
  return size + 4;
}

TEST(Container, Identifier) {
  for (std::size_t letter = 0; letter < 4; ++letter) {
    File file = testing::tiny_decoder();
    file[8 + letter] ^= std::byte{1};
    refused(opened(file), "this is no Kinglet model: the identifier KGL1 is missing");
  }
}

// Every byte of the number counts, the uppermost, too.
TEST(Container, ProgramsLength) {
  for (std::size_t byte = 2; byte < 4; ++byte) {
    File file = testing::tiny_decoder();
    file[byte] |= std::byte{0x80};
    refused(opened(file), "the file is shorter than its program says", program_bytes(file) - 4);
  }
  const File file = testing::tiny_decoder();
  const std::span<const std::byte> program(file.data(), program_bytes(file));
  refused(opened(program), "the weights segment lies outside the file: is the file complete?",
          fb::GetSizePrefixedModel(file.data())->segment());
  refused(opened(program.first(program.size() - 1)), "the file is shorter than its program says", program.size() - 4);
}

TEST(Container, DamagedTablesHaveNoPlace) {
  File file = testing::tiny_decoder();
  std::memset(file.data() + 4, 0xff, 4);  // where the root is
  refused(opened(file), "the program's tables are damaged");
}

// A segment of nothing may lie at the very end.
TEST(Container, EmptySegment) {
  const File file = testing::changed(testing::tiny_decoder(), [](fb::ModelT& m) {
    m.weights.clear();
    m.segment_bytes = 0;
  });
  const std::uint64_t segment = fb::GetSizePrefixedModel(file.data())->segment();
  refused(opened(std::span(file).first(segment)), "an operator names a weight that is not there");
  refused(opened(std::span(file).first(segment - 1)),
          "the weights segment lies outside the file: is the file complete?", segment);
}

TEST(Container, FloatsArePlainAndHaveNoScales) {
  const auto index_of_floats = [](const fb::ModelT& m) {
    std::size_t i = 0;
    while (m.weights.at(i)->type != fb::WeightType::Float32) ++i;
    return i;
  };
  std::size_t index = 0;
  const Change changes[] = {
      [&](fb::ModelT& m) { m.weights[index = index_of_floats(m)]->layout = fb::Layout::Tile16x4; },
      [&](fb::ModelT& m) { m.weights[index = index_of_floats(m)]->scales = std::make_unique<fb::Region>(0U, 64U); }};
  for (const Change& change : changes) {
    const Status status = opened(testing::changed(testing::tiny_decoder(), change));
    refused(status, "f32 weights are plain and have no scales", index);
  }
}

TEST(Container, TaskOfALaterVersion) {
  const auto with_task = [](fb::Task task) {
    return opened(testing::text_decoder([task](fb::ModelT& m) { m.task = task; }));
  };
  EXPECT_TRUE(with_task(fb::Task::MAX).ok());
  refused(with_task(static_cast<fb::Task>(static_cast<int>(fb::Task::MAX) + 1)), "a task this version does not know", 0,
          Code::kUnsupported);
}

constexpr const char* kToken = "a token for decoding is not in the vocabulary";

// What is put behind a source is of the source's vocabulary.
TEST(Container, SuffixesAreOfTheSourcesVocabulary) {
  const auto with_suffix = [](std::int32_t token) {
    return opened(testing::text_translator([token](fb::ModelT& m) {
      m.target_tokenizer = std::move(m.tokenizer);
      m.source_vocabulary = m.vocabulary - 2;
      m.tokenizer = testing::letters(m.source_vocabulary);
      m.generation->source_suffix = {static_cast<std::int32_t>(m.source_vocabulary) + token};
    }));
  };
  EXPECT_TRUE(with_suffix(-1).ok()) << with_suffix(-1).message();
  refused(with_suffix(0), kToken, 35);
  // Of a decoder alone it is of its own.
  const auto alone = [](std::int32_t token) {
    return opened(testing::text_decoder(
        [token](fb::ModelT& m) { m.generation->source_suffix = {static_cast<std::int32_t>(m.vocabulary) + token}; }));
  };
  EXPECT_TRUE(alone(-1).ok());
  EXPECT_STREQ(alone(0).message(), kToken);
}

// A model that reads pictures and says nothing has no token at all, not even the first.
TEST(Container, NoVocabularyHasNoToken) {
  for (const auto& attack : testing::attacks()) {
    if (attack.name != std::string_view("grid of an honest pooling")) continue;
    const auto forced = [&](std::int32_t token) {
      return opened(testing::changed(attack.file(), [token](fb::ModelT& m) {
        m.generation = std::make_unique<fb::GenerationT>();
        m.generation->forced = token;
      }));
    };
    EXPECT_TRUE(forced(-1).ok()) << forced(-1).message();
    refused(forced(0), kToken);
    return;
  }
  FAIL() << "there is no such model";
}

// Each tokenizer is checked against the vocabulary whose tokens it makes or reads.
TEST(Container, Tokenizers) {
  constexpr const char* kDiffer = "the tokenizer's lists of tokens differ in length or from the model's vocabulary";
  constexpr const char* kUnknown = "the unknown token is no token";
  const auto with = [](const Change& change) { return opened(testing::text_translator(change)); };
  EXPECT_TRUE(with([](fb::ModelT& m) { m.target_tokenizer = testing::letters(m.vocabulary); }).ok());
  for (const std::uint32_t fewer : {0U, 2U}) {  // a target as large as the source, or larger
    const auto split = [fewer](fb::ModelT& m) {
      m.source_vocabulary = m.vocabulary - fewer;
      m.tokenizer = testing::letters(m.source_vocabulary);
      m.generation->source_suffix = {0};
      m.target_tokenizer = testing::letters(m.vocabulary);
    };
    EXPECT_TRUE(with(split).ok());
    refused(with([&](fb::ModelT& m) { split(m), m.target_tokenizer->unknown = 1000; }), kUnknown);
    refused(with([&](fb::ModelT& m) { split(m), m.tokenizer->unknown = 1000; }), kUnknown);
  }
  // One for both, of more tokens than the target has.
  const auto smaller = [](fb::ModelT& m) {
    m.source_vocabulary = m.vocabulary + 2, m.tokenizer = testing::letters(m.source_vocabulary);
  };
  const Status status = with([&](fb::ModelT& m) { smaller(m); });
  EXPECT_EQ(status.code(), Code::kBadFile);
  const File file = testing::text_translator([](fb::ModelT& m) { m.tokenizer = testing::letters(m.vocabulary + 1); });
  refused(opened(file), kDiffer, fb::GetSizePrefixedModel(file.data())->vocabulary() + 1);
}

}  // namespace
}  // namespace kinglet
