#include "tests/converter/golden.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "converter/error.h"
#include "converter/readers/safetensors.h"

namespace kinglet::converter::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Floats floats_of(const Checkpoint& file, const std::string& name) {
  const Tensor* tensor = file.find(name);
  if (tensor == nullptr) throw Error("no tensor " + name);
  Floats floats{tensor->shape, std::vector<float>(tensor->elements())};
  tensor->read(0, floats.data);
  return floats;
}

}  // namespace

bool is_golden(const fs::path& folder) {
  return fs::exists(folder / "cases.json") && fs::exists(folder / "config.json");
}

ReferenceInput golden_input(const json& one, const fs::path& folder) {
  using Tokens = std::vector<std::int32_t>;
  ReferenceInput input{.tokens = one.at("tokens").get<Tokens>(),
                       .decoder_tokens = one.value("decoder_tokens", Tokens{}),
                       .types = one.value("types", std::vector<std::uint8_t>{})};
  if (one.contains("grid")) {
    Checkpoint inputs;
    read_safetensors(folder / "inputs.safetensors", inputs);
    input.features = floats_of(inputs, one["grid"].get<std::string>()).data;
  }
  return input;
}

std::vector<GoldenCase> golden_cases(const fs::path& folder, const std::string& name) {
  Checkpoint expected;
  read_safetensors(folder / (name == "cases" ? "expected.safetensors" : name + ".safetensors"), expected);
  std::vector<GoldenCase> cases;
  const json document = json::parse(read_bytes(folder / (name + ".json")));
  for (const json& one : document.at("cases"))
    cases.push_back({golden_input(one, folder), floats_of(expected, one.at("output").get<std::string>())});
  return cases;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return ab / std::sqrt(aa * bb);
}

std::string test_name(const fs::path& folder) {
  std::string name = folder.filename().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

}  // namespace kinglet::converter::testing
