// Files: whole, aligned, with true checksums, the same bytes from any number of threads, and none at all after a failure.
#include "converter/passes/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <cstring>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/passes/calibration.h"
#include "converter/passes/lower.h"
#include "converter/passes/quantize.h"
#include "converter/readers/mapping.h"
#include "converter/readers/read.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using ::testing::ElementsAre;
using testing::Folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Program lowered(const Checkpoint& checkpoint) {
  Program program = build_program(checkpoint, {});
  lower(program, record(program, {calibration_input(program)}, 1), Q16::kAuto, 1);
  return program;
}

Program lowered_golden(const std::string& name) { return lowered(read_checkpoint(testing::goldens() / name)); }

TEST(Write, MakesAFileThatOpens) {
  Folder folder;
  Program program = lowered_golden("llama");
  std::uint64_t last = 0, total = 0;
  const std::uint64_t bytes = write_model(program, folder.path() / "m.kgl",
                                          {.threads = 2, .progress = [&](std::uint64_t done, std::uint64_t all) {
                                             EXPECT_GE(done, last);
                                             last = done;
                                             total = all;
                                           }});
  EXPECT_THAT(folder.files(), ElementsAre("m.kgl"));
  const auto mapping = Mapping::open(folder.path() / "m.kgl");
  EXPECT_EQ(mapping->bytes().size(), bytes);
  EXPECT_EQ(last, total);
  const auto model = Model::open(mapping->bytes());
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(model->verify_checksums().ok());
  const fb::Model& root = model->root();
  EXPECT_EQ(root.segment() % 64, 0U);
  EXPECT_EQ(root.segment() + root.segment_bytes(), bytes);
}

TEST(Write, PacksWhatQuantizeSays) {
  Folder folder;
  Program program = lowered_golden("qwen2");
  write_model(program, folder.path() / "m.kgl", {});
  const auto mapping = Mapping::open(folder.path() / "m.kgl");
  const auto model = Model::open(mapping->bytes());
  ASSERT_TRUE(model.ok());
  for (std::uint32_t w = 0; w < model->root().weights()->size(); ++w) {
    const fb::Weight& weight = *model->root().weights()->Get(w);
    const auto floats = program.sources[w].floats();
    if (weight.type() == fb::WeightType::Float32) {
      EXPECT_EQ(std::memcmp(model->data(*weight.data()), floats.data(), floats.size() * 4), 0) << weight.name()->str();
      continue;
    }
    const auto* tiles = reinterpret_cast<const std::int8_t*>(model->data(*weight.data()));
    const auto* scales = reinterpret_cast<const float*>(model->data(*weight.scales()));
    std::vector<std::int8_t> q(weight.columns());
    const std::size_t k4 = (weight.columns() + 3) / 4;
    for (std::size_t n = 0; n < weight.rows(); ++n) {
      const auto row = std::span(floats).subspan(n * weight.columns(), weight.columns());
      ASSERT_EQ(scales[n], choose_scale(row));
      quantize_row(row, scales[n], q);
      for (std::size_t k = 0; k < q.size(); ++k)
        ASSERT_EQ(tiles[((n / 16 * k4 + k / 4) * 16 + n % 16) * 4 + k % 4], q[k]) << n << " " << k;
    }
  }
}

TEST(Write, DoesNotDependOnThreadsNorStretches) {
  Folder folder;
  Program one = lowered_golden("gpt2"), four = lowered_golden("gpt2");
  for (WeightSource& source : four.sources) source.load_rows = nullptr;  // whole weights at once
  write_model(one, folder.path() / "1.kgl", {.threads = 1});
  write_model(four, folder.path() / "4.kgl", {.threads = 4});
  EXPECT_EQ(testing::read_bytes(folder.path() / "1.kgl"), testing::read_bytes(folder.path() / "4.kgl"));
}

std::string refusal(Program& program, const Folder& folder, const WriteOptions& options = {}) {
  try {
    write_model(program, folder.path() / "m.kgl", options);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Write, NamesATensorThatIsNotFinite) {
  for (const char* name : {"model.layers.1.mlp.down_proj.weight", "model.norm.weight"}) {
    for (const float bad : {NAN, INFINITY}) {
      Folder folder;
      const Checkpoint original = read_checkpoint(testing::goldens() / "llama");
      Program program = lowered(original);
      auto tensors = testing::tensors_of(original);
      tensors.at(name).data[7] = bad;
      Program damaged = build_program(testing::make_checkpoint(tensors, original.config), {});
      program.sources = damaged.sources;
      EXPECT_THAT(refusal(program, folder), HasSubstr(name));
      EXPECT_THAT(folder.files(), IsEmpty());
    }
  }
}

TEST(Write, LeavesNothingOnAFullDisk) {
  for (const rlim_t limit : {rlim_t{0}, rlim_t{100}, rlim_t{20'000}}) {
    Folder folder;
    Program program = lowered_golden("llama");
    rlimit old{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    rlimit small = old;
    small.rlim_cur = limit;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string message = refusal(program, folder);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    EXPECT_THAT(message, HasSubstr("cannot write"));
    EXPECT_THAT(folder.files(), IsEmpty());
  }
}

TEST(Write, LeavesNothingWhenTheRuntimeOrTheCheckRefuses) {
  Folder folder;
  Program program = lowered_golden("llama");
  EXPECT_THAT(refusal(program, folder, {.check = [](const Model&) { throw Error("no"); }}), HasSubstr("no"));
  EXPECT_THAT(folder.files(), IsEmpty());
  program.model.vocabulary = 0;
  EXPECT_THAT(refusal(program, folder), HasSubstr("vocabulary"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

}  // namespace
}  // namespace kinglet::converter
