// The examples of FIPS 180-4, and lengths around a block.
#include "sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace kinglet::host {
namespace {

std::string digest(const std::string& text, std::size_t part) {
  Sha256 sha;
  for (std::size_t at = 0; at < text.size(); at += part)
    sha.add(std::as_bytes(std::span(text).subspan(at, std::min(part, text.size() - at))));
  return sha.hex().data();
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(digest("", 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 100),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(std::string(1000000, 'a'), 4096),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PartsMakeNoDifference) {
  for (std::size_t size = 50; size < 140; ++size) {
    const std::string text(size, 'x');
    for (const std::size_t part : {1UL, 7UL, 63UL, 64UL, 65UL})
      EXPECT_EQ(digest(text, part), digest(text, size)) << size << " " << part;
  }
}

}  // namespace
}  // namespace kinglet::host
