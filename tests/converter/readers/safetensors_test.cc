// What a good file holds is read; what a bad file says is refused, whatever it says.
#include "converter/readers/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "converter/error.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using ::testing::HasSubstr;
using testing::raw_safetensors;

Checkpoint read(const std::string& bytes) {
  Checkpoint checkpoint;
  // An exact copy, so that a sanitizer sees every byte read beyond it.
  const auto copy = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
  copy->shrink_to_fit();
  read_safetensors(std::as_bytes(std::span(*copy)), "test.safetensors", checkpoint);
  checkpoint.mappings.push_back(copy);
  return checkpoint;
}

// Reads every float that the checkpoint promises.
double touch(const Checkpoint& checkpoint) {
  double sum = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    std::vector<float> floats(tensor.elements());
    tensor.read(0, floats);
    for (const float x : floats) sum += static_cast<double>(x);
  }
  return sum;
}

std::string refusal(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

std::string refusal(const std::string& header, const std::string& data) {
  return refusal(raw_safetensors(header, data));
}

const char* const kGood =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
    R"("b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[10,18]},)"
    R"("none":{"dtype":"F16","shape":[0,7],"data_offsets":[18,18]}})";

std::string good() {
  return raw_safetensors(kGood, std::string("\0\0\x80\x3f\0\0\0\xc0\x40\x40 87654321", 18).replace(10, 8, 8, '\1'));
}

TEST(Safetensors, ReadsTypesAndShapes) {
  const Checkpoint checkpoint = read(good());
  ASSERT_EQ(checkpoint.tensors.size(), 3U);
  std::vector<float> a(2), b(1);
  checkpoint.find("a")->read(0, a);
  checkpoint.find("b")->read(0, b);
  EXPECT_EQ(a, (std::vector<float>{1, -2}));
  EXPECT_EQ(b[0], 3.0F);
  EXPECT_EQ(checkpoint.find("a")->shape, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(checkpoint.find("none")->elements(), 0U);
  EXPECT_EQ(checkpoint.find("ids"), nullptr);
  EXPECT_EQ(checkpoint.unread.at("ids"), "I64");
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string bytes = good();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(refusal(bytes.substr(0, length)), "accepted") << length;
}

TEST(Safetensors, RefusesHeadersThatLie) {
  const std::string eight(8, '\0');
  const auto one = [](const std::string& fields) { return R"({"a":{)" + fields + "}}"; };
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), eight),
              HasSubstr("does not have the size"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[2],"data_offsets":[4,12])"), eight), HasSubstr("outside the file"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), eight), HasSubstr("outside the file"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615])"), eight),
              HasSubstr("outside the file"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0])"), eight),
              HasSubstr("overflows"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0])"), eight),
              HasSubstr("overflows"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), eight), HasSubstr("no whole number"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), eight), HasSubstr("no whole number"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), eight), HasSubstr("no short list"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8])"), eight),
              HasSubstr("no short list"));
  EXPECT_THAT(refusal(one(R"("dtype":32,"shape":[2],"data_offsets":[0,8])"), eight), HasSubstr("no string"));
  EXPECT_THAT(refusal(one(R"("dtype":"F32","shape":[2])"), eight), HasSubstr("without data_offsets"));
  EXPECT_THAT(refusal(one(R"("dtype":"I64","shape":[2],"data_offsets":[0,8])"), eight),
              HasSubstr("does not have the size"));
  EXPECT_THAT(refusal(R"({"a":[1]})", eight), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("[]", eight), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal("{", eight), HasSubstr("bad JSON"));
}

TEST(Safetensors, RefusesOverlapsAndDoubleNames) {
  const std::string data(12, '\0');
  EXPECT_THAT(
      refusal(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
          data),
      HasSubstr("overlap"));
  EXPECT_THAT(
      refusal(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          data),
      HasSubstr("twice"));
  Checkpoint checkpoint = read(good());
  const std::string again = good();
  EXPECT_THROW(read_safetensors(std::as_bytes(std::span(again)), "second.safetensors", checkpoint), Error);
}

// safetensors refuses these, too.
TEST(Safetensors, RefusesBytesOfNoTensor) {
  const auto floats = [](const char* name, int begin, int end) {
    return std::string("\"") + name + R"(":{"dtype":"F32","shape":[1],"data_offsets":[)" + std::to_string(begin) + "," +
           std::to_string(end) + "]}";
  };
  EXPECT_EQ(refusal("{" + floats("a", 0, 4) + "," + floats("b", 4, 8) + "}", std::string(8, '\0')), "accepted");
  EXPECT_THAT(refusal("{" + floats("a", 0, 4) + "}", std::string(8, '\0')), HasSubstr("4 bytes behind the data"));
  EXPECT_THAT(refusal("{" + floats("a", 4, 8) + "}", std::string(8, '\0')), HasSubstr("before the data of a"));
  EXPECT_THAT(refusal("{" + floats("a", 0, 4) + "," + floats("b", 8, 12) + "}", std::string(12, '\0')),
              HasSubstr("before the data of b"));
  EXPECT_THAT(refusal("{}", "x"), HasSubstr("1 bytes behind"));
}

TEST(Safetensors, RefusesDeepNestingAndHugeHeaders) {
  const std::string deep = R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_THAT(refusal(deep, ""), HasSubstr("too deeply"));
  std::string bytes = good();
  for (const char top : {'\x7f', '\xff'}) {
    bytes[7] = top;
    EXPECT_THAT(refusal(bytes), HasSubstr("a header of"));
  }
}

TEST(Safetensors, SurvivesAnyByteChanged) {
  std::mt19937 random(7);
  const std::string bytes = good();
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    for (auto n = 1 + random() % 3; n > 0; --n) changed[random() % changed.size()] = static_cast<char>(random() & 0xff);
    try {
      touch(read(changed));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 5000U);
}

}  // namespace
}  // namespace kinglet::converter
