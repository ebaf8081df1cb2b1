#include "attention/tokens.h"

#include <gtest/gtest.h>

namespace kinglet::host {
namespace {

TEST(ShownToken, HasNothingInvisible) {
  EXPECT_EQ(shown_token("▁기차"), "▁기차");
  EXPECT_EQ(shown_token(" a b"), "␣a␣b");
  EXPECT_EQ(shown_token("\r\n\t"), "␍⏎␉");
  EXPECT_EQ(shown_token(std::string("\0\x1b\x7f", 3)), "␀␛␡");
  EXPECT_EQ(shown_token("\xe2\x80\xae\xc2\x85"), "⟨U+202E⟩⟨U+0085⟩");
  EXPECT_EQ(shown_token(""), "∅");
  EXPECT_EQ(shown_text("a b\nc"), "a b⏎c");
}

TEST(ShownToken, IsUtf8WhateverWasRead) {
  EXPECT_EQ(shown_token("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(shown_token("a\xea\xb8"), "a\xef\xbf\xbd");                                    // cut
  EXPECT_EQ(shown_token("\xea\xb8x"), "\xef\xbf\xbdx");                                    // cut, then more
  EXPECT_EQ(shown_token("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");                          // a long form
  EXPECT_EQ(shown_token("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");          // a surrogate
  EXPECT_EQ(shown_token("\xf4\x90\x80\x80").size(), 12u);                                  // above U+10FFFF
  EXPECT_EQ(shown_token("\xf0\x9f\x98\x80\xef\xbf\xbf"), "\xf0\x9f\x98\x80\xef\xbf\xbd");  // an emoji; U+FFFF
}

TEST(Markup, IsText) { EXPECT_EQ(markup("<a b='c' d=\"&\">"), "&lt;a b=&#39;c&#39; d=&quot;&amp;&quot;&gt;"); }

TEST(Shortened, CountsColumns) {
  EXPECT_EQ(width("a기차"), 5u);
  EXPECT_EQ(shortened("abcd", 4), "abcd");
  EXPECT_EQ(shortened("abcde", 4), "abc…");
  EXPECT_EQ(shortened("기차는", 5), "기차…");
  EXPECT_EQ(shortened("기차는", 4), "기…");
}

}  // namespace
}  // namespace kinglet::host
