// Directories as they come: one file, shards with an index, and indexes that lead astray.
#include "converter/readers/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/error.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Folder;
using ::testing::HasSubstr;
using testing::random_floats;
using testing::safetensors_bytes;

std::string refusal(const std::filesystem::path& path) {
  try {
    read_checkpoint(path);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(ReadCheckpoint, ReadsShards) {
  Folder folder;
  folder.write("config.json", R"({"model_type":"llama"})");
  folder.write("model-00001.safetensors", safetensors_bytes({{"a", random_floats({2, 3}, 1)}}));
  folder.write("model-00002.safetensors", safetensors_bytes({{"b", random_floats({4}, 2)}}));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"model-00001.safetensors","b":"model-00002.safetensors"}})");
  const Checkpoint checkpoint = read_checkpoint(folder.path());
  EXPECT_EQ(checkpoint.config.at("model_type"), "llama");
  EXPECT_EQ(testing::tensors_of(checkpoint).at("b").data, random_floats({4}, 2).data);
  EXPECT_EQ(checkpoint.mappings.size(), 2U);
}

// A file with a hole, so that it takes no room: on 64 bits it is read and found to hold more than its tensors, on 32 refused for its size.
TEST(ReadCheckpoint, FilesLargerThanAddresses) {
  Folder folder;
  folder.write("config.json", R"({"model_type":"llama"})");
  folder.write("model.safetensors", safetensors_bytes({{"a", random_floats({2}, 1)}}));
  std::filesystem::resize_file(folder.path() / "model.safetensors", (std::uintmax_t{1} << 32) + 100);
  const bool small = sizeof(std::size_t) == sizeof(std::uint32_t);
  EXPECT_THAT(refusal(folder.path()),
              small ? HasSubstr("it is larger than this machine can address") : HasSubstr("model.safetensors: "));
}

TEST(ReadCheckpoint, RefusesBadIndexes) {
  Folder folder;
  folder.write("config.json", "{}");
  folder.write("one.safetensors", safetensors_bytes({{"a", random_floats({2}, 1)}}));
  const auto index = [&](const std::string& text) {
    folder.write("model.safetensors.index.json", text);
    return refusal(folder.path());
  };
  EXPECT_THAT(index(R"({"weight_map":{"a":"../one.safetensors"}})"), HasSubstr("plain file name"));
  EXPECT_THAT(index(R"({"weight_map":{"a":"/etc/passwd"}})"), HasSubstr("plain file name"));
  EXPECT_THAT(index(R"({"weight_map":{"a":1}})"), HasSubstr("plain file name"));
  EXPECT_THAT(index(R"({"weight_map":{"a":"two.safetensors"}})"), HasSubstr("two.safetensors"));
  EXPECT_THAT(index(R"({"weight_map":{"b":"one.safetensors"}})"), HasSubstr("tensor b is not in"));
  EXPECT_THAT(index(R"({"weight_map":[]})"), HasSubstr("no weight_map"));
  EXPECT_THAT(index("{"), HasSubstr("bad JSON"));
}

TEST(ReadCheckpoint, SaysWhatIsMissing) {
  Folder folder;
  EXPECT_THAT(refusal(folder.path() / "nowhere"), HasSubstr("nothing at"));
  EXPECT_THAT(refusal(folder.path()), HasSubstr("no config.json"));
  folder.write("config.json", "{}");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("no *.safetensors"));
  folder.write("pytorch_model.bin", "x");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("safe_serialization"));
  folder.write("x.safetensors", "");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("it is empty"));
  folder.write("y.safetensors", "");
  EXPECT_THAT(refusal(folder.path()), HasSubstr("several"));
}

}  // namespace
}  // namespace kinglet::converter
