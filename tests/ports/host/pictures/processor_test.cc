// Pictures through the processors of checkpoints: what `prepare` makes of the pictures of tests/goldens by a converted file's own
// instructions is what transformers' processors (those with Pillow) made of them.
#include <gtest/gtest.h>

#include <cmath>

#include "engine.h"
#include "pictures/picture.h"
#include "tests/ports/host/program.h"
#include "tests/ports/host/tensor_file.h"

namespace kinglet::host {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests" / "goldens";

using testing::bytes_of;
using testing::tensor_of;

const float* vector_of(const Opened& opened, int weight) {
  return reinterpret_cast<const float*>(
      opened.model().data(*opened.root().weights()->Get(static_cast<std::uint32_t>(weight))->data()));
}

TEST(Processors, PicturesAreTransformersNumbers) {
  constexpr float kRounding = 2e-6F;  // of a float's last bits; a grey level is some 5e-3
  std::size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(kGoldens)) {
    if (!fs::exists(entry.path() / "cases.json")) continue;
    const auto cases = nlohmann::json::parse(bytes_of(entry.path() / "cases.json")).at("cases");
    if (!cases.front().contains("picture")) continue;
    const std::string file = testing::temporary_folder() + "/" + entry.path().filename().string() + ".kgl";
    const auto ran = testing::run_program(KINGLET_CONVERT, {entry.path().string(), "-o", file});
    ASSERT_EQ(ran.status, 0) << testing::show(ran);
    const Opened opened(file);
    const fb::Input& input = *opened.root().input();
    const float* gain = vector_of(opened, input.gain());
    const float* shift = vector_of(opened, input.shift());
    for (const auto& one : cases) {
      if (!one.contains("picture")) continue;
      const std::string path = (entry.path() / one["picture"].get<std::string>()).string();
      const Pixels pixels = prepare(path, read_picture(path, input.channels()), input);
      const auto wanted = tensor_of(entry.path() / "inputs.safetensors", one.at("grid"));
      ASSERT_EQ(pixels.bytes.size(), wanted.size()) << path;
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::size_t c = i % pixels.channels;
        ASSERT_NEAR(gain[c] * static_cast<float>(pixels.bytes[i]) + shift[c], wanted[i], kRounding)
            << path << ", " << i;
      }
      ++compared;
    }
  }
  EXPECT_GE(compared, 10U);
}

}  // namespace
}  // namespace kinglet::host
