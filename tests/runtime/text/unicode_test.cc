// The character tables: facts of the Unicode character database, and the laws that the mappings obey.
#include "text/unicode.h"

#include <gtest/gtest.h>

#include <vector>

namespace kinglet::text {
namespace {

std::vector<char32_t> decomposed(char32_t code) {
  char32_t parts[4];
  const std::uint32_t count = decompose(code, parts);
  return {parts, parts + count};
}

std::vector<char32_t> lowered(char32_t code) {
  char32_t parts[2];
  const std::uint32_t count = to_lower(code, parts);
  return {parts, parts + count};
}

using Codes = std::vector<char32_t>;

TEST(Unicode, Classes) {
  EXPECT_EQ(class_of('A'), CharClass::kUpper);
  EXPECT_EQ(class_of(0x1C5), CharClass::kUpper);  // Dž, title case
  EXPECT_EQ(class_of('z'), CharClass::kLower);
  EXPECT_EQ(class_of(0xD55C), CharClass::kLetter);  // 한
  EXPECT_EQ(class_of(0x2B0), CharClass::kLetter);   // modifier letter
  EXPECT_EQ(class_of(0x301), CharClass::kNonspacing);
  EXPECT_EQ(class_of(0x93E), CharClass::kMark);        // Devanagari sign aa
  EXPECT_EQ(class_of(0x663), CharClass::kNumber);      // Arabic three
  EXPECT_EQ(class_of(0x2167), CharClass::kNumber);     // Roman eight
  EXPECT_EQ(class_of(0xBD), CharClass::kOtherNumber);  // one half
  EXPECT_EQ(class_of('$'), CharClass::kSymbol);
  EXPECT_EQ(class_of('!'), CharClass::kPunctuation);
  EXPECT_EQ(class_of('\t'), CharClass::kSpace);
  EXPECT_EQ(class_of(0x85), CharClass::kSpace);
  EXPECT_EQ(class_of(0x3000), CharClass::kSpace);
  EXPECT_EQ(class_of(0x200B), CharClass::kFormat);  // zero width space is none
  EXPECT_EQ(class_of(0x1C), CharClass::kControl);
  EXPECT_EQ(class_of(0xE000), CharClass::kPrivate);
  EXPECT_EQ(class_of(0xFFFF), CharClass::kUnassigned);
  EXPECT_EQ(class_of(0x10FFFF), CharClass::kUnassigned);
}

// The number of characters of a property, from DerivedGeneralCategory.txt and PropList.txt of Unicode 16.0.
TEST(Unicode, Counts) {
  std::size_t nonspacing = 0;
  std::size_t punctuation = 0;
  std::size_t spaces = 0;
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    const CharClass kind = class_of(code);
    nonspacing += kind == CharClass::kNonspacing;
    punctuation += kind == CharClass::kPunctuation;
    spaces += kind == CharClass::kSpace;
  }
  EXPECT_EQ(nonspacing, 2020u);
  EXPECT_EQ(punctuation, 855u);
  EXPECT_EQ(spaces, 25u);
}

TEST(Unicode, LowerCase) {
  EXPECT_EQ(lowered('Q'), Codes{'q'});
  EXPECT_EQ(lowered('q'), Codes{'q'});
  EXPECT_EQ(lowered(0xC4), Codes{0xE4});
  EXPECT_EQ(lowered(0x130), (Codes{'i', 0x307}));
  EXPECT_EQ(lowered(0x1E9E), Codes{0xDF});
  EXPECT_EQ(lowered(0x3A3), Codes{0x3C3});
  EXPECT_EQ(lowered(0x139), Codes{0x13A});  // every second code point
  EXPECT_EQ(lowered(0x13A), Codes{0x13A});
  EXPECT_EQ(lowered(0x10400), Codes{0x10428});
  EXPECT_EQ(lowered(0x13A0), Codes{0xAB70});
}

TEST(Unicode, Decomposition) {
  EXPECT_EQ(decomposed(0xE9), (Codes{'e', 0x301}));
  EXPECT_EQ(decomposed(0x1ED9), (Codes{'o', 0x323, 0x302}));           // in two steps
  EXPECT_EQ(decomposed(0x1F82), (Codes{0x3B1, 0x313, 0x300, 0x345}));  // the longest
  EXPECT_EQ(decomposed(0x212B), (Codes{'A', 0x30A}));
  EXPECT_EQ(decomposed(0xD55C), (Codes{0x1112, 0x1161, 0x11AB}));
  EXPECT_EQ(decomposed(0x2F800), Codes{0x4E3D});
  EXPECT_EQ(decomposed(0x1D160), (Codes{0x1D158, 0x1D165, 0x1D16E}));
  EXPECT_EQ(decomposed('e'), Codes{'e'});
}

TEST(Unicode, Composition) {
  EXPECT_EQ(compose('e', 0x301), 0xE9u);
  EXPECT_EQ(compose(0x1112, 0x1161), 0xD558u);
  EXPECT_EQ(compose(0xD558, 0x11AB), 0xD55Cu);
  EXPECT_EQ(compose(0xD55C, 0x11AB), 0u);  // has a trail already
  EXPECT_EQ(compose(0x915, 0x93C), 0u);    // excluded from composition
  EXPECT_EQ(compose(0x11099, 0x110BA), 0x1109Au);
  EXPECT_EQ(compose('e', 'e'), 0u);
}

// What composes is the decomposition of what it composes to.
TEST(Unicode, CompositionUndoesDecomposition) {
  std::size_t pairs = 0;
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    const Codes parts = decomposed(code);
    ASSERT_FALSE(parts.empty());
    if (parts.size() != 2) continue;
    const char32_t again = compose(parts[0], parts[1]);
    if (again == 0) continue;
    ++pairs;
    ASSERT_EQ(decomposed(again), parts);
  }
  EXPECT_GT(pairs, 900u);
}

TEST(Unicode, CombiningClasses) {
  EXPECT_EQ(combining_class('a'), 0);
  EXPECT_EQ(combining_class(0x301), 230);
  EXPECT_EQ(combining_class(0x323), 220);
  EXPECT_EQ(combining_class(0x93C), 7);
  EXPECT_EQ(combining_class(0x3099), 8);
}

}  // namespace
}  // namespace kinglet::text
