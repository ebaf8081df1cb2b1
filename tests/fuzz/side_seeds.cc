#include "tests/fuzz/side_seeds.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/converter/tensors.h"
#include "tests/fuzz/folder_bytes.h"
#include "tests/fuzz/folders.h"
#include "tests/fuzz/seed_files.h"

namespace kinglet::fuzz {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Files = std::map<std::string, std::string>;

std::string packed(const Files& files) {
  std::vector<PackedFile> all;
  for (std::size_t i = 0; i < std::size(kSideFiles); ++i) {
    if (const auto file = files.find(kSideFiles[i]); file != files.end())
      all.push_back({static_cast<std::uint8_t>(i), file->second});
  }
  return pack(all);
}

// As they are; but of a tokenizer only whether it has a post-processor is asked: that of a golden would be all of the input.
Files files_of_golden(const fs::path& golden) {
  Files files;
  for (const char* name : kSideFiles) {
    if (fs::exists(golden / name) && std::string_view(name) != "tokenizer.json") files[name] = read_file(golden / name);
  }
  json config = json::parse(files.at("config.json"));
  config["_name_or_path"] = golden.filename();  // of the checkpoints of its type the harness builds this one
  files["config.json"] = config.dump();
  return files;
}

json module_of(const char* type, const char* path) {
  return {{"type", std::string("sentence_transformers.models.") + type}, {"path", path}};
}

// A sentence's vector behind a Dense layer, and without any.
void write_sentences(const fs::path& golden, const fs::path& folder) {
  Files files = files_of_golden(golden);
  files["modules.json"] = json({module_of("Transformer", ""), module_of("Pooling", "1_Pooling"),
                                module_of("Dense", "2_Dense"), module_of("Normalize", "3_Normalize")})
                              .dump();
  files["2_Dense/config.json"] =
      json({{"in_features", 32}, {"out_features", 5}, {"bias", true}, {"activation_function", "torch.nn.Tanh"}}).dump();
  using converter::testing::random_floats;
  files["2_Dense/model.safetensors"] = converter::testing::safetensors_bytes(
      {{"linear.weight", random_floats({5, 32}, 1)}, {"linear.bias", random_floats({5}, 2)}});
  write(folder / "dense", packed(files));
  for (const char* pooling : {"cls", "mean", "max", "lasttoken", "weightedmean"}) {
    files["1_Pooling/config.json"] = json({{"pooling_mode", pooling}}).dump();
    write(folder / (std::string("pooling-") + pooling), packed(files));
  }
  for (const auto& wrong : {json({module_of("Dense", "2_Dense")}), json({module_of("Pooling", "4_Pooling")}),
                            json({module_of("Pooling", "1_Pooling"), module_of("LSTM", "2_Dense")}),
                            json({module_of("Transformer", "")}), json({module_of("Pooling", "../1_Pooling")})}) {
    files["modules.json"] = wrong.dump();
    write(folder / ("modules-" + std::to_string(seed_of(std::as_bytes(std::span(files["modules.json"]))))),
          packed(files));
  }
}

// The settings of pictures or sounds as a part of a file that has those of texts, too.
void write_processor(const fs::path& golden, const char* part, const fs::path& folder) {
  Files files = files_of_golden(golden);
  files["processor_config.json"] = json({{part, json::parse(files.at("preprocessor_config.json"))}}).dump();
  files.erase("preprocessor_config.json");
  write(folder / (golden.filename().string() + "-processor"), packed(files));
  files.erase("processor_config.json");
  write(folder / (golden.filename().string() + "-none"), packed(files));
}

}  // namespace

void write_side_files(const fs::path& goldens, const fs::path& folder) {
  for (const fs::path& golden : files_of(goldens)) {
    if (!fs::exists(golden / "config.json")) continue;
    const Files files = files_of_golden(golden);
    write(folder / golden.filename(), packed(files));
    if (!fs::exists(golden / "config.other.json")) continue;
    Files other = files;
    json config = json::parse(read_file(golden / "config.other.json"));
    config["_name_or_path"] = golden.filename();
    other["config.json"] = config.dump();
    write(folder / (golden.filename().string() + "-other"), packed(other));
  }
  write_sentences(goldens / "sentence-transformers-mean", folder);
  for (const char* name : {"vit", "deit", "clip-vision", "trocr"})
    write_processor(goldens / name, "image_processor", folder);
  for (const char* name : {"whisper", "audio-spectrogram-transformer"})
    write_processor(goldens / name, "feature_extractor", folder);
  Files clip = files_of_golden(goldens / "clip-vision");  // both towers
  clip["config.json"] = json({{"model_type", "clip"},
                              {"text_config", json::parse(read_file(goldens / "clip-text/config.json"))},
                              {"vision_config", json::parse(read_file(goldens / "clip-vision/config.json"))}})
                            .dump();
  write(folder / "clip", packed(clip));
  Files marian = files_of_golden(goldens / "marian");
  marian["tokenizer.json"] = R"({"post_processor": {}})";
  write(folder / "marian-template", packed(marian));
}

}  // namespace kinglet::fuzz
