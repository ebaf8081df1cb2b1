// Signed files, from C++ and C, with HMAC-SHA256 as the caller's cryptography: what is not signed is refused before it is looked at.
#include "kinglet/signature.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "ports/host/sha256.h"
#include "tests/aligned.h"
#include "tests/runtime/capi/makers_model.h"
#include "tests/runtime/session/tiny_model.h"

namespace kinglet {
namespace {

using testing::AlignedBytes;
using Tag = std::array<unsigned char, TAG_BYTES>;

constexpr std::size_t kBlock = 64;

Tag sha256(std::span<const std::byte> first, std::span<const std::byte> second) {
  host::Sha256 sum;
  sum.add(first);
  sum.add(second);
  const auto hex = sum.hex();
  Tag tag{};
  const auto digit = [&hex](std::size_t i) { return hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10; };
  for (std::size_t i = 0; i < tag.size(); ++i)
    tag[i] = static_cast<unsigned char>(digit(2 * i) * 16 + digit(2 * i + 1));
  return tag;
}

}  // namespace
}  // namespace kinglet

// RFC 2104; keys are no longer than a block here.
extern "C" void hmac_sha256(const void* key, size_t key_bytes, const void* data, size_t bytes, unsigned char* tag) {
  using kinglet::kBlock;
  std::array<std::byte, kBlock> inner{}, outer{};
  std::memcpy(inner.data(), key, key_bytes);
  outer = inner;
  for (std::byte& b : inner) b ^= std::byte{0x36};
  for (std::byte& b : outer) b ^= std::byte{0x5c};
  const auto first = kinglet::sha256(inner, {static_cast<const std::byte*>(data), bytes});
  const auto all = kinglet::sha256(outer, std::as_bytes(std::span(first)));
  std::memcpy(tag, all.data(), all.size());
}

namespace kinglet {
namespace {

struct Maker {
  std::string_view key;
  Tag tag{};
  std::size_t asked = 0;
  std::span<const std::byte> seen = {};

  static bool check(void* context, std::span<const std::byte> file) {
    Maker& maker = *static_cast<Maker*>(context);
    ++maker.asked;
    maker.seen = file;
    Tag tag{};
    hmac_sha256(maker.key.data(), maker.key.size(), file.data(), file.size(), tag.data());
    unsigned difference = 0;
    for (std::size_t i = 0; i < tag.size(); ++i) difference |= static_cast<unsigned>(tag[i] ^ maker.tag[i]);
    return difference == 0;
  }
};

TEST(Signature, TheExamplesTagIsThatOfRfc4231) {
  const std::string_view data = "what do ya want for nothing?";
  Tag tag{};
  hmac_sha256("Jefe", 4, data.data(), data.size(), tag.data());
  const Tag expected = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                        0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
  EXPECT_EQ(tag, expected);
}

TEST(Signature, OpensWhatIsSigned) {
  const AlignedBytes file(testing::tiny_decoder());
  Maker maker{.key = "the maker's"};
  hmac_sha256(maker.key.data(), maker.key.size(), file.span().data(), file.span().size(), maker.tag.data());
  const auto model = open_signed(file.span(), {.check = Maker::check, .context = &maker});
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(maker.asked, 1U);
  EXPECT_EQ(maker.seen.data(), file.span().data());  // all of the file, once
  EXPECT_EQ(maker.seen.size(), file.span().size());
  EXPECT_TRUE(model->verify_checksums().ok());

  kinglet_model in_c = KINGLET_CLOSED;
  ASSERT_EQ(open_makers_model(&in_c, file.span().data(), file.span().size(), maker.key.data(), maker.key.size(),
                              maker.tag.data())
                .code,
            KINGLET_OK);
  EXPECT_EQ(kinglet_model_verify_checksums(&in_c).code, KINGLET_OK);
}

// A bit of the program, of the weights and of the padding; a byte less; another key; another tag.
TEST(Signature, RefusesWhatIsNot) {
  const auto original = testing::tiny_decoder();
  Maker maker{.key = "the maker's"};
  hmac_sha256(maker.key.data(), maker.key.size(), original.data(), original.size(), maker.tag.data());
  const auto refused = [&maker](std::span<const std::byte> file) {
    const Status status = open_signed(file, {.check = Maker::check, .context = &maker}).status();
    EXPECT_EQ(status.code(), Code::kBadFile);
    EXPECT_STREQ(status.message(), "the signature of the file is not valid");
    kinglet_model model = KINGLET_CLOSED;
    const kinglet_status in_c =
        open_makers_model(&model, file.data(), file.size(), maker.key.data(), maker.key.size(), maker.tag.data());
    EXPECT_EQ(in_c.code, KINGLET_BAD_FILE);
    EXPECT_STREQ(in_c.message, "the signature of the file is not valid");
    kinglet_model_info info = KINGLET_MODEL_INFO;
    EXPECT_EQ(kinglet_model_get_info(&model, &info).code, KINGLET_BAD_ARGUMENT);  // nothing is open
  };
  AlignedBytes file(original);
  for (std::size_t at = 0; at < original.size(); at += 1 + original.size() / 97) {
    file.span()[at] ^= std::byte{1};
    refused(file.span());
    file.span()[at] = original[at];
  }
  refused(file.span().first(file.span().size() - 1));
  refused(file.span().first(0));
  maker.tag[31] ^= 1;
  refused(file.span());
  maker.tag[31] ^= 1;
  maker.key = "somebody's";
  refused(file.span());
}

TEST(Signature, IsNoReplacementForTheVerifier) {
  AlignedBytes file(testing::tiny_decoder());
  file.span()[9] ^= std::byte{1};  // the identifier
  const auto trust = [](void*, std::span<const std::byte>) { return true; };
  EXPECT_EQ(open_signed(file.span(), {.check = trust}).status().code(), Code::kBadFile);
  EXPECT_EQ(open_signed(file.span(), {}).status().code(), Code::kBadArgument);
  kinglet_model model = KINGLET_CLOSED;
  EXPECT_EQ(kinglet_model_open_signed(&model, file.span().data(), file.span().size(), nullptr, nullptr).code,
            KINGLET_BAD_ARGUMENT);
}

}  // namespace
}  // namespace kinglet
