// The whole pipeline on small real checkpoints: what the summary promises is what the file gives.
#include "converter/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "converter/error.h"
#include "converter/report.h"
#include "converter/summary.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

using testing::Folder;
using ::testing::HasSubstr;
using ::testing::Not;

ConvertSummary convert_golden(const std::string& name, const Folder& folder, std::uint32_t context = 0) {
  ConvertRequest request;
  request.source = testing::goldens() / name;
  request.output = folder.path() / "m.kgl";
  request.context = context;
  request.threads = 2;
  return convert(request);
}

class Convert : public ::testing::TestWithParam<std::string> {};

TEST_P(Convert, StaysNearTheFloatModel) {
  Folder folder;
  const ConvertSummary summary = convert_golden(GetParam(), folder);
  EXPECT_EQ(summary.file_bytes, std::filesystem::file_size(folder.path() / "m.kgl"));
  EXPECT_GT(summary.arena_bytes, 0U);
  EXPECT_GT(summary.fidelity.cosine, 0.999);
  EXPECT_GT(summary.fidelity.snr_db, 25);
  // The comparison measures the same on its own.
  const Comparison comparison = compare(
      {.source = testing::goldens() / GetParam(), .file = folder.path() / "m.kgl", .text = std::nullopt, .threads = 1});
  EXPECT_NEAR(comparison.fidelity.snr_db, summary.fidelity.snr_db, 1e-3);
  ASSERT_EQ(comparison.fidelity.operators.size(), summary.fidelity.operators.size());
  for (std::size_t i = 0; i < comparison.fidelity.operators.size(); ++i) {
    EXPECT_NEAR(comparison.fidelity.operators[i].cosine, summary.fidelity.operators[i].cosine, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Goldens, Convert,
                         ::testing::Values("llama", "llama-f16", "smollm", "gpt2", "gpt_neox", "phi", "qwen3",
                                           "gemma3_text", "bert", "bert-seqcls", "sentence-transformers-mean", "marian",
                                           "torch_transformer-post", "t5", "torch_transformer-pre"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ConvertSummary, CountsAndNames) {
  Folder folder;
  const ConvertSummary summary = convert_golden("llama", folder, 64);
  EXPECT_EQ(summary.name, "llama");
  // embedding and head 112 * 32 each; per layer 32*32 q, 16*32 k and v, 32*32 o, 3 * 72*32, two norms; one norm more.
  EXPECT_EQ(summary.parameters, 2U * 112 * 32 + 2U * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 72 * 32 + 64) + 32);
  EXPECT_EQ(summary.arena_context, 64U);
  EXPECT_EQ(summary.equalized, 11U);  // per layer two norms, a gate, the values, keys and queries; and the last norm
  const nlohmann::json json = to_json(summary);
  EXPECT_EQ(json.at("file_bytes"), summary.file_bytes);
  EXPECT_EQ(json.at("operators").at("Attention"), 2);
  EXPECT_EQ(json.at("fidelity").at("worst").at("name"), summary.fidelity.worst()->name);
  const std::string text = to_text(summary);
  for (const char* part : {"parameters", "file", "arena", "operators", "Linear", "fidelity", "worst", "time"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(Compare, RefusesAnotherCheckpoint) {
  Folder folder;
  convert_golden("llama", folder);
  CompareRequest request{.source = testing::goldens() / "gpt2", .file = folder.path() / "m.kgl", .text = std::nullopt};
  EXPECT_THROW(compare(request), Error);
  folder.write("m.kgl", "KGL1 but not a model");
  request.source = testing::goldens() / "llama";
  EXPECT_THROW(compare(request), Error);
}

TEST(ConvertFailure, KeepsTheOldFileWhereItFails) {
  Folder folder;
  folder.write("m.kgl", "old");
  folder.write("config.json", R"({"model_type":"nothing-like-it"})");
  folder.write("model.safetensors", testing::safetensors_bytes({{"a", testing::random_floats({2}, 1)}}));
  ConvertRequest request;
  request.source = folder.path();
  request.output = folder.path() / "m.kgl";
  EXPECT_THROW(convert(request), Error);
  EXPECT_EQ(testing::read_bytes(folder.path() / "m.kgl"), "old");
  EXPECT_EQ(folder.files().size(), 3U);
}

TEST(Report, IsOneWholePage) {
  Folder folder;
  ConvertSummary summary = convert_golden("marian", folder);
  summary.name = "<b>&\"";
  summary.fidelity.operators[0].name = "<script>";
  const std::string html = to_html(summary);
  EXPECT_THAT(html, HasSubstr("<!doctype html>"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("<title>&lt;b&gt;&amp;&quot;"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("http")));
  EXPECT_THAT(html, HasSubstr("in encode"));
  EXPECT_THAT(html, HasSubstr("in step"));
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = html.find(what); at != std::string::npos; at = html.find(what, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("<rect"), summary.fidelity.operators.size());
  for (const char* tag : {"g", "svg", "table", "tr", "text", "title", "h2", "div", "body", "html"}) {
    EXPECT_EQ(count(std::string("<") + tag + ">") + count(std::string("<") + tag + " "),
              count(std::string("</") + tag + ">"))
        << tag;
  }
}

}  // namespace
}  // namespace kinglet::converter
