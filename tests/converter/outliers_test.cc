// Outliers cost nothing: the trained sample model, written down so that a few channels of every norm and a neuron of every
// feed-forward are many times larger than the rest, translates its test set as well as it did.
#include <gtest/gtest.h>

#include <fstream>

#include "converter/convert.h"
#include "converter/readers/mapping.h"
#include "converter/readers/read.h"
#include "kinglet/translator.h"
#include "tests/aligned.h"
#include "tests/converter/tensors.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using kinglet::testing::AlignedBytes;
using testing::Floats;
using testing::Tensors;

const fs::path kSample = fs::path(KINGLET_SOURCE_DIR) / "tests" / "models" / "en-ko";
constexpr float kChannel = 100, kNeuron = 50;
constexpr std::size_t kChannels = 6;

// Which channels of a norm grow: others for every norm.
std::vector<std::size_t> channels(std::size_t width, std::size_t norm) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < kChannels; ++i) chosen.push_back((i * 19 + norm * 7) % width);
  return chosen;
}

class Rescaled {
 public:
  explicit Rescaled(Tensors tensors) : tensors_(std::move(tensors)) {}

  // The norm's channels grow, the columns that read them, in rows [first, last) of each weight, shrink.
  struct Reader {
    std::string weight;
    std::size_t first = 0, last = ~std::size_t{0};
  };
  void norm(const std::string& name, const std::vector<Reader>& readers) {
    Floats& gain = tensors_.at(name + ".weight");
    Floats& bias = tensors_.at(name + ".bias");
    for (const std::size_t c : channels(gain.data.size(), norms_++)) {
      gain.data[c] *= kChannel;
      bias.data[c] *= kChannel;
      for (const Reader& reader : readers) {
        Floats& weight = tensors_.at(reader.weight);
        for (std::size_t row = reader.first; row < std::min<std::size_t>(reader.last, weight.shape[0]); ++row)
          weight.data[row * weight.shape[1] + c] /= kChannel;
      }
    }
  }

  // A neuron that ReLU leaves as large as it comes.
  void neuron(const std::string& layer) {
    Floats& in = tensors_.at(layer + ".linear1.weight");
    Floats& out = tensors_.at(layer + ".linear2.weight");
    const std::size_t hidden = in.shape[0], width = in.shape[1], n = 11 * norms_ % hidden;
    for (std::size_t c = 0; c < width; ++c) in.data[n * width + c] *= kNeuron;
    tensors_.at(layer + ".linear1.bias").data[n] *= kNeuron;
    for (std::size_t row = 0; row < width; ++row) out.data[row * hidden + n] /= kNeuron;
  }

  Tensors& tensors() { return tensors_; }

 private:
  Tensors tensors_;
  std::size_t norms_ = 0;
};

void write_rescaled(const testing::Folder& folder) {
  const Checkpoint original = read_checkpoint(kSample);
  nlohmann::json config = original.config;
  Rescaled model(testing::tensors_of(original));
  // The output shares its weight with the embedding, which no norm feeds: it gets its own.
  model.tensors()["output.weight"] = model.tensors().at("embedding.weight");
  config["output_weight"] = "output.weight";
  const std::size_t width = config["d_model"];
  std::vector<Rescaled::Reader> memory;
  for (int i = 0; i < config["num_encoder_layers"]; ++i) {
    const std::string layer = "transformer.encoder.layers." + std::to_string(i);
    model.norm(layer + ".norm1", {{layer + ".self_attn.in_proj_weight"}});
    model.norm(layer + ".norm2", {{layer + ".linear1.weight"}});
    model.neuron(layer);
  }
  for (int i = 0; i < config["num_decoder_layers"]; ++i) {
    const std::string layer = "transformer.decoder.layers." + std::to_string(i);
    model.norm(layer + ".norm1", {{layer + ".self_attn.in_proj_weight"}});
    model.norm(layer + ".norm2", {{layer + ".multihead_attn.in_proj_weight", 0, width}});
    model.norm(layer + ".norm3", {{layer + ".linear1.weight"}});
    model.neuron(layer);
    memory.push_back({layer + ".multihead_attn.in_proj_weight", width});
  }
  model.norm("transformer.encoder.norm", memory);
  model.norm("transformer.decoder.norm", {{"output.weight"}});
  folder.write("model.safetensors", testing::safetensors_bytes(model.tensors()));
  folder.write("config.json", config.dump());
  fs::copy_file(kSample / "tokenizer.json", folder.path() / "tokenizer.json");
}

// Texts of the test set that come out as they should.
int right(const fs::path& checkpoint, const fs::path& file) {
  (void)convert({.source = checkpoint, .output = file, .tokenizer = {}, .name = {}, .threads = 2});
  const auto mapping = Mapping::open(file);
  const auto model = Model::open(mapping->bytes());
  const auto plan = Plan::make(*model, {});
  AlignedBytes arena(plan->arena_bytes);
  const auto session = Session::create(*plan, arena.span());
  EXPECT_TRUE(session.ok()) << session.status().message();
  constexpr std::size_t kLongest = 400;
  AlignedBytes workspace(*Translator::workspace_bytes(*plan, kLongest));
  auto translator = Translator::create(**session, workspace.span(), kLongest);
  EXPECT_TRUE(translator.ok()) << translator.status().message();
  std::vector<char> out(1 << 16);
  std::ifstream tsv(kSample / "test.tsv");
  int count = 0;
  for (std::string line; std::getline(tsv, line);) {
    const std::size_t tab = line.find('\t');
    const auto made = translator->translate(std::string_view(line).substr(0, tab), {}, out);
    EXPECT_TRUE(made.ok()) << made.status().message() << ": " << line;
    if (made.ok() && made->text == std::string_view(line).substr(tab + 1)) ++count;
  }
  return count;
}

TEST(Outliers, CostTheSampleModelNothing) {
  const testing::Folder folder;
  write_rescaled(folder);
  const int plain = right(kSample, folder.path() / "plain.kgl");
  const int rescaled = right(folder.path(), folder.path() / "rescaled.kgl");
  EXPECT_GE(plain, 1986);           // of 2000; PyTorch has 1996 right in float
  EXPECT_GE(rescaled, plain - 10);  // half a point
}

}  // namespace
}  // namespace kinglet::converter
