// Tokenizer tables packed as they are in a file, verified and opened, with all the memory that encoding needs.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kinglet/tokenizer.h"
#include "model_generated.h"

namespace kinglet {

class PackedTokenizer {
 public:
  explicit PackedTokenizer(const fb::TokenizerT& tables) {
    builder_.Finish(fb::Tokenizer::Pack(builder_, &tables));
    const Status status = verify_tokenizer(root(), root().tokens());
    EXPECT_TRUE(status.ok()) << status.message() << " " << status.subject();
    if (status.ok()) tokenizer_ = *Tokenizer::open(root());
  }

  const fb::Tokenizer& root() const { return *flatbuffers::GetRoot<fb::Tokenizer>(builder_.GetBufferPointer()); }
  const Tokenizer& operator*() const { return tokenizer_; }
  const Tokenizer* operator->() const { return &tokenizer_; }

  std::vector<std::int32_t> encode(std::string_view text, Special special) const {
    std::vector<std::byte> scratch(tokenizer_.scratch_bytes(text.size()));
    std::vector<std::int32_t> out(text.size() * 12 + 64);
    const auto count = tokenizer_.encode(text, special, scratch, out);
    EXPECT_TRUE(count.ok()) << count.status().message();
    out.resize(count.ok() ? *count : 0);
    return out;
  }

  std::string decode(std::span<const std::int32_t> ids, bool skip_special) const {
    std::vector<char> out(ids.size() * tokenizer_.decode_bytes() + 8);
    const auto size = tokenizer_.decode(ids, out, skip_special);
    EXPECT_TRUE(size.ok()) << size.status().message();
    return {out.data(), size.ok() ? *size : 0};
  }

 private:
  flatbuffers::FlatBufferBuilder builder_;
  Tokenizer tokenizer_;
};

}  // namespace kinglet
