#include "tests/converter/converted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "converter/convert.h"
#include "model_generated.h"
#include "tests/converter/tensors.h"
#include "tests/converter/tiny_pictures.h"
#include "tests/runtime/session/threads.h"

namespace kinglet::converter::testing {
namespace {

constexpr std::size_t kGuardBytes = 4096;
constexpr std::byte kGuard{0x5a};

// Room for these inputs and nothing more.
Limits limits_of(const Model& model, std::span<const ReferenceInput> inputs, std::uint32_t threads) {
  Limits limits{.context = 1, .source = 1, .threads = threads};
  limits.sequences = static_cast<std::uint32_t>(inputs.size());
  std::uint32_t stepped = 0, encoded = 0;
  for (const ReferenceInput& input : inputs) {
    const auto tokens =
        input.features.empty() ? static_cast<std::uint32_t>(input.tokens.size()) : model.root().source();
    const auto decoded = model.has_encoder() ? static_cast<std::uint32_t>(input.decoder_tokens.size()) : tokens;
    limits.source = std::max(limits.source, tokens);
    limits.context = std::max(limits.context, decoded);
    encoded += tokens;
    stepped += decoded;
  }
  limits.source_rows = encoded;
  limits.rows = std::max(stepped, 1U);
  limits.outputs = model.has_decoder() ? stepped : encoded;
  if (!model.has_decoder()) limits.context = 0;
  return limits;
}

}  // namespace

Converted::Converted(const std::filesystem::path& checkpoint, const std::vector<ReferenceInput>& calibrated) {
  const Folder folder;
  ConvertRequest request{.source = checkpoint, .output = folder.path() / "model.kgl", .tokenizer = {}, .name = {}};
  if (!calibrated.empty()) {
    request.calibrate = [&calibrated](const Program&) {
      std::vector<std::vector<float>> grids;
      for (const ReferenceInput& input : calibrated) grids.push_back(input.features);
      return grids;
    };
  }
  (void)convert(request);
  open(folder.path() / "model.kgl");
}

Converted::Converted(const Program& program, const std::vector<ReferenceInput>& calibrated) {
  const Folder folder;
  write_program(program, folder.path() / "model.kgl", calibrated);
  open(folder.path() / "model.kgl");
}

void Converted::open(const std::filesystem::path& file) {
  const std::string bytes = read_bytes(file);
  bytes_.emplace(std::as_bytes(std::span(bytes)));
  const auto opened = Model::open(std::as_const(*bytes_).span());
  EXPECT_TRUE(opened.ok()) << opened.status().message();
  model_ = *opened;
}

std::vector<float> Converted::run(std::span<const ReferenceInput> inputs, const How& how) const {
  const auto plan = Plan::make(model_, limits_of(model_, inputs, how.threads));
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  kinglet::testing::AlignedBytes memory(plan->arena_bytes + kGuardBytes);
  std::fill(memory.span().begin(), memory.span().end(), kGuard);
  const auto session = Session::create(*plan, memory.span().first(plan->arena_bytes),
                                       {.isa = how.isa,
                                        .parallel = {.run = kinglet::testing::run_on_threads, .context = nullptr},
                                        .observer = {},
                                        .provider = how.provider});
  EXPECT_TRUE(session.ok()) << session.status().message();

  std::vector<float> rows;
  const auto call = [&](bool encode, const std::vector<Chunk>& chunks) {
    const Status done = encode ? (*session)->encode(chunks) : (*session)->step(chunks);
    EXPECT_TRUE(done.ok()) << done.message() << " (" << done.subject() << ")";
    for (std::uint32_t i = 0; i < (*session)->outputs(); ++i) {
      const auto row = (*session)->output(i);
      rows.insert(rows.end(), row.begin(), row.end());
    }
  };
  if (model_.has_encoder()) {
    std::vector<Chunk> chunks;
    std::vector<std::vector<std::uint8_t>> pixels;
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
      const ReferenceInput& input = inputs[i];
      Chunk chunk{.sequence = i, .tokens = input.tokens, .types = input.types, .want = Want::kAll};
      if (!input.features.empty() && how.grid_as_bytes) {
        chunk.grid.bytes = pixels.emplace_back(pixels_of(input.features));
      } else {
        chunk.grid.features = input.features;
      }
      chunks.push_back(chunk);
    }
    call(true, chunks);
  }
  for (std::size_t done = 0; model_.has_decoder(); done += how.chunk) {
    std::vector<Chunk> chunks;
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
      const std::span<const std::int32_t> tokens = model_.has_encoder() ? inputs[i].decoder_tokens : inputs[i].tokens;
      if (done >= tokens.size()) continue;
      chunks.push_back({.sequence = i,
                        .tokens = tokens.subspan(done, std::min(how.chunk, tokens.size() - done)),
                        .want = Want::kAll});
    }
    if (chunks.empty()) break;
    call(false, chunks);
  }
  for (const std::byte byte : memory.span().subspan(plan->arena_bytes)) EXPECT_EQ(byte, kGuard);
  return rows;
}

const float* Converted::vector(int index) const {
  const auto& weight = *model_.root().weights()->Get(static_cast<std::uint32_t>(index));
  return reinterpret_cast<const float*>(model_.data(*weight.data()));
}

std::vector<std::uint8_t> Converted::pixels_of(std::span<const float> features) const {
  const fb::Input& input = *model_.root().input();
  const float *gain = vector(input.gain()), *shift = vector(input.shift());
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const std::size_t c = i % input.channels();
    pixels.push_back(static_cast<std::uint8_t>(std::lround((features[i] - shift[c]) / gain[c])));
  }
  return pixels;
}

std::vector<float> Converted::floats_of_pixels(std::span<const float> features) const {
  const fb::Input& input = *model_.root().input();
  const float *gain = vector(input.gain()), *shift = vector(input.shift());
  std::vector<float> floats;
  for (const std::uint8_t pixel : pixels_of(features)) {
    const std::size_t c = floats.size() % input.channels();
    floats.push_back(gain[c] * static_cast<float>(pixel) + shift[c]);
  }
  return floats;
}

}  // namespace kinglet::converter::testing
