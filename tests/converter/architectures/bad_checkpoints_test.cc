// Checkpoints that do not fit, configs that ask for what nobody does, and absurd numbers: one clear Error each, never
// a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "converter/architectures/architectures.h"
#include "converter/error.h"
#include "converter/readers/read.h"
#include "tests/converter/golden.h"

namespace kinglet::converter {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

Checkpoint golden(const std::string& name) { return read_checkpoint(testing::goldens() / name); }

// The message of the Error that building throws; empty: none.
std::string error_of(const Checkpoint& checkpoint, const ConvertOptions& options = {}) {
  try {
    build_program(checkpoint, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string error_with(const std::string& name, const json& changes, const ConvertOptions& options = {}) {
  Checkpoint checkpoint = golden(name);
  checkpoint.config.update(changes);
  return error_of(checkpoint, options);
}

TEST(BadCheckpoints, UnknownArchitectureListsTheKnown) {
  const std::string error = error_with("llama", {{"model_type", "mamba"}});
  EXPECT_THAT(error, HasSubstr("mamba"));
  for (const Architecture& a : architectures()) EXPECT_THAT(error, HasSubstr(std::string(a.model_type)));
  EXPECT_THAT(error_with("llama", {{"model_type", nullptr}}),
              HasSubstr("model_type is missing; supported: clip (with --part), audio-spectrogram-transformer, bart"));
}

TEST(BadCheckpoints, AllMissingTensorsAtOnce) {
  Checkpoint checkpoint = golden("llama");
  for (const char* name :
       {"model.norm.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.1.self_attn.k_proj.weight"})
    checkpoint.tensors.erase(name);
  EXPECT_THAT(error_of(checkpoint),
              AllOf(HasSubstr("model.norm.weight"), HasSubstr("model.layers.0.mlp.up_proj.weight"),
                    HasSubstr("model.layers.1.self_attn.k_proj.weight")));
}

// The embedding takes the place of an output layer only where config.json does not say that there is one.
TEST(BadCheckpoints, AnOutputLayerThatIsNotThere) {
  for (const auto& [name, head] :
       {std::pair("llama", "lm_head.weight"), {"phi", "lm_head.weight"}, {"gpt2", "lm_head.weight"}}) {
    Checkpoint checkpoint = golden(name);
    checkpoint.tensors.erase(head);
    checkpoint.config["tie_word_embeddings"] = false;
    EXPECT_THAT(error_of(checkpoint), HasSubstr(head)) << name;
    checkpoint.config.erase("tie_word_embeddings");
    EXPECT_EQ(error_of(checkpoint), "") << name;
  }
}

void make_unread(Checkpoint& checkpoint, const std::string& name, const std::string& type) {
  checkpoint.tensors.erase(name);
  checkpoint.unread.emplace(name, type);
}

// Integers and 8-bit floats are there, so they are never called missing, and nothing takes the place of what is optional.
TEST(BadCheckpoints, TypesThatAreNoWeightsAreNamed) {
  for (const auto& entry : fs::directory_iterator(testing::goldens())) {
    if (!fs::exists(entry.path() / "config.json")) continue;
    Checkpoint checkpoint = read_checkpoint(entry.path());
    const auto tensors = checkpoint.tensors;
    for (const auto& [name, tensor] : tensors) make_unread(checkpoint, name, "F8_E4M3");
    const std::string error = error_of(checkpoint);
    EXPECT_THAT(error, HasSubstr("has type F8_E4M3, expected F32, F16 or BF16")) << entry.path();
    EXPECT_EQ(error.find("missing"), std::string::npos) << entry.path() << ": " << error;
  }
  Checkpoint checkpoint = golden("llama");
  make_unread(checkpoint, "lm_head.weight", "I64");
  EXPECT_THAT(error_of(checkpoint), HasSubstr("lm_head.weight: has type I64, expected F32, F16 or BF16"));
}

TEST(BadCheckpoints, WrongShapesAreNamed) {
  EXPECT_THAT(error_with("llama", {{"intermediate_size", 80}}),
              AllOf(HasSubstr("mlp.gate_proj.weight"), HasSubstr("72"), HasSubstr("80")));
  EXPECT_THAT(error_with("gpt2", {{"vocab_size", 200}}),
              AllOf(HasSubstr("wte.weight"), HasSubstr("112"), HasSubstr("200")));
  EXPECT_THAT(error_with("t5", {{"relative_attention_num_buckets", 32}}), HasSubstr("relative_attention_bias.weight"));
}

TEST(BadCheckpoints, AbsurdNumbersAreNamed) {
  const std::vector<std::pair<json, std::string>> cases{
      {{{"num_attention_heads", 0}}, "num_attention_heads is 0"},
      {{{"num_attention_heads", -4}}, "num_attention_heads is -4"},
      {{{"num_attention_heads", "four"}}, "num_attention_heads is \"four\""},
      {{{"num_attention_heads", 2.5}}, "num_attention_heads is 2.5"},
      {{{"num_attention_heads", nullptr}}, "num_attention_heads is missing"},
      {{{"num_attention_heads", 5}, {"head_dim", nullptr}}, "num_key_value_heads is 2; expected a divisor"},
      {{{"num_attention_heads", 5}, {"num_key_value_heads", 5}, {"head_dim", nullptr}},
       "num_attention_heads is 5; expected a divisor of hidden_size"},
      {{{"num_key_value_heads", 3}}, "num_key_value_heads is 3"},
      {{{"num_hidden_layers", 2147483648U}}, "num_hidden_layers is 2147483648"},
      {{{"num_hidden_layers", 0}}, "num_hidden_layers is 0"},
      {{{"hidden_size", 1e300}}, "hidden_size is 1e+300"},
      {{{"hidden_size", -32}}, "hidden_size is -32"},
      {{{"vocab_size", 0}}, "vocab_size is 0"},
      {{{"head_dim", 1000000}}, "head_dim is 1000000"},
      {{{"head_dim", 7}}, "expected an even number"},
      {{{"rms_norm_eps", 0}}, "rms_norm_eps is 0"},
      {{{"max_position_embeddings", -1}}, "max_position_embeddings is -1"},
      {{{"tie_word_embeddings", "yes"}}, "tie_word_embeddings is \"yes\""},
  };
  for (const auto& [changes, expected] : cases) EXPECT_THAT(error_with("llama", changes), HasSubstr(expected));
  EXPECT_THAT(error_with("bert", {{"pad_token_id", {1, "two"}}}),
              HasSubstr("pad_token_id is [1,\"two\"]; expected token ids"));
}

TEST(BadCheckpoints, OptionsNobodyHandlesAreNamed) {
  const std::vector<std::tuple<std::string, json, std::string>> cases{
      {"llama", {{"quantization_config", {{"quant_method", "gptq"}}}}, "already quantized"},
      {"llama", {{"hidden_act", "mish"}}, "hidden_act is \"mish\""},
      {"llama", {{"num_local_experts", 8}}, "experts"},
      {"llama", {{"rope_parameters", {{"rope_type", "spiral"}}}}, "spiral"},
      {"llama", {{"rope_parameters", {{"rope_type", "linear"}}}}, "factor is missing"},
      {"llama",
       {{"rope_parameters", {{"rope_type", "llama3"}, {"factor", 8}}}},
       "rope_parameters: low_freq_factor is missing"},
      {"llama", {{"rope_parameters", {{"mrope_section", {1, 1, 2}}}}}, "mrope_section"},
      {"llama", {{"rope_parameters", {{"rope_theta", 1e4}, {"partial_rotary_factor", 1.5}}}}, "expected at most 1"},
      {"phi3",
       {{"rope_parameters",
         {{"rope_type", "longrope"}, {"short_factor", {1.0}}, {"original_max_position_embeddings", 64}}}},
       "short_factor"},
      {"bert", {{"position_embedding_type", "relative_key"}}, "relative_key"},
      {"bert", {{"is_decoder", true}}, "is_decoder"},
      {"bert", {{"architectures", {"BertForQuestionAnswering"}}}, "BertForQuestionAnswering"},
      {"gpt2", {{"add_cross_attention", true}}, "add_cross_attention"},
      {"roberta", {{"pad_token_id", 129}}, "pad_token_id + 1"},
      {"gemma2", {{"layer_types", {"sliding_attention", "linear_attention", "full_attention"}}}, "layer_types"},
      {"gemma2", {{"layer_types", {"full_attention"}}}, "one for each of 3 layers"},
      {"t5", {{"feed_forward_proj", "gated-mish"}}, "feed_forward_proj"},
      {"t5", {{"relative_attention_num_buckets", 3}}, "relative_attention_num_buckets"},
      {"bart", {{"architectures", {"BartForSequenceClassification"}}}, "BartForSequenceClassification"},
      {"bart", {{"normalize_before", true}}, "normalize_before"},
      {"marian", {{"decoder_vocab_size", 90}}, "decoder_vocab_size"},
      {"torch_transformer-pre", {{"positions", "rotary"}}, "positions is \"rotary\""},
  };
  for (const auto& [name, changes, expected] : cases)
    EXPECT_THAT(error_with(name, changes), HasSubstr(expected)) << name << changes;
}

TEST(BadCheckpoints, ContextBeyondTheModelIsNamed) {
  EXPECT_THAT(error_with("gpt2", json::object(), {.context = 129}),
              AllOf(HasSubstr("--context 129"), HasSubstr("n_positions")));
  EXPECT_THAT(error_with("bert", json::object(), {.context = 4096}),
              AllOf(HasSubstr("--context 4096"), HasSubstr("max_position_embeddings")));
  EXPECT_THAT(error_with("llama-ntk", json::object(), {.context = 200}), HasSubstr("dynamic NTK"));
  EXPECT_THAT(error_with("llama", json::object(), {.context = 1U << 30}), HasSubstr("--context 1073741824"));
  EXPECT_EQ(build_program(golden("llama"), {.context = 300}).model.context, 300U);
  EXPECT_EQ(build_program(golden("bert"), {.context = 40}).model.source, 40U);
}

// Every key of every golden's config, replaced by values that make no sense: an Error, or a program, and nothing else.
TEST(BadCheckpoints, NoValueOfAnyKeyCrashes) {
  const std::vector<json> values{nullptr,
                                 -1,
                                 0,
                                 1,
                                 3,
                                 2147483648U,
                                 18446744073709551615U,
                                 1e300,
                                 0.5,
                                 -0.5,
                                 "x",
                                 "",
                                 true,
                                 false,
                                 json::array(),
                                 json::array({-1}),
                                 json::array({"x"}),
                                 json::object(),
                                 json::object({{"rope_type", 7}}),
                                 json::object({{"0", 1}})};
  std::size_t errors = 0;
  std::size_t built = 0;
  const auto attempt = [&](const Checkpoint& checkpoint) { error_of(checkpoint).empty() ? ++built : ++errors; };
  for (const auto& entry : fs::directory_iterator(testing::goldens())) {
    if (!testing::is_golden(entry.path())) continue;
    Checkpoint checkpoint = read_checkpoint(entry.path());
    const json config = checkpoint.config;
    for (const auto& [key, original] : config.items()) {
      for (const json& value : values) {
        checkpoint.config[key] = value;
        attempt(checkpoint);
        if (!original.is_object()) continue;
        for (const auto& [inner, ignored] : original.items()) {
          checkpoint.config[key] = original;
          checkpoint.config[key][inner] = value;
          attempt(checkpoint);
        }
      }
      checkpoint.config[key] = original;
    }
  }
  EXPECT_GT(errors, 2000U);
  EXPECT_GT(built, 2000U);
}

// A copy of a golden's folder to which files are added.
class Copy {
 public:
  explicit Copy(const std::string& name) {
    fs::copy(testing::goldens() / name, folder_.path(), fs::copy_options::recursive);
  }

  void write(const std::string& file, const json& value) const { folder_.write(file, value.dump()); }
  std::string error() const { return error_of(read_checkpoint(folder_.path())); }
  Program program() const { return build_program(read_checkpoint(folder_.path()), {}); }

 private:
  testing::Folder folder_;
};

TEST(BadCheckpoints, SentenceModules) {
  const Copy folder("sentence-transformers-mean");
  const json transformer{{"path", ""}, {"type", "sentence_transformers.models.Transformer"}};
  const json pooling{{"path", "1_Pooling"}, {"type", "sentence_transformers.models.Pooling"}};
  folder.write("modules.json", json::array({transformer}));
  EXPECT_THAT(folder.error(), HasSubstr("no Pooling"));
  folder.write(
      "modules.json",
      json::array({transformer, pooling, {{"path", "2_LSTM"}, {"type", "sentence_transformers.models.LSTM"}}}));
  EXPECT_THAT(folder.error(), HasSubstr("LSTM"));
  folder.write("modules.json", json::array({transformer, {{"path", "../elsewhere"}, {"type", "Dense"}}}));
  EXPECT_THAT(folder.error(), HasSubstr("../elsewhere"));
  folder.write("modules.json", {{"not", "a list"}});
  EXPECT_THAT(folder.error(), HasSubstr("not a list"));
  folder.write("modules.json", json::array({transformer, pooling}));
  folder.write("1_Pooling/config.json", {{"pooling_mode_mean_tokens", true}, {"pooling_mode_max_tokens", true}});
  EXPECT_THAT(folder.error(), HasSubstr("2 kinds of pooling"));
  folder.write("1_Pooling/config.json", {{"pooling_mode_weightedmean_tokens", true}});
  EXPECT_THAT(folder.error(), HasSubstr("weightedmean"));
  folder.write("1_Pooling/config.json", {{"pooling_mode", "max"}});
  folder.write("sentence_bert_config.json", {{"max_seq_length", 48}});
  EXPECT_EQ(folder.program().model.source, 48U);
}

// What limits a model below its config is said in a note.
TEST(LimitsOfCheckpoints, FollowPositionsAndWindows) {
  const auto more = testing::goldens().parent_path() / "converter/architectures/more";
  const auto limits = [](const fs::path& path) { return build_program(read_checkpoint(path), {}); };
  EXPECT_EQ(limits(testing::goldens() / "roberta").model.source,
            128U);  // 130 rows, of which the first two are padding's
  EXPECT_EQ(limits(testing::goldens() / "bart").model.context, 128U);
  EXPECT_EQ(limits(testing::goldens() / "t5").model.context, 512U);
  EXPECT_TRUE(limits(testing::goldens() / "llama").model.properties.empty());
  const std::vector<std::pair<std::string, std::uint32_t>> limited{{"phi3-longrope", 64}, {"gemma3-sentence", 40}};
  for (const auto& [name, most] : limited) {
    const Program program = limits(more / name);
    EXPECT_EQ(std::max(program.model.context, program.model.source), most) << name;
    ASSERT_EQ(program.model.properties.size(), 1U) << name;
    EXPECT_EQ(program.model.properties[0]->key, "note");
    EXPECT_THAT(program.model.properties[0]->text, HasSubstr("the context ends there"));
  }
}

TEST(GenerationOfCheckpoints, ComesFromBothConfigs) {
  const Copy folder("marian");
  folder.write("generation_config.json", {{"decoder_start_token_id", 7},
                                          {"eos_token_id", {0, 5}},
                                          {"bad_words_ids", {{103}, {1, 2}}},
                                          {"forced_bos_token_id", 9},
                                          {"suppress_tokens", {4}}});
  const Program program = folder.program();
  const fb::GenerationT& generation = *program.model.generation;
  EXPECT_EQ(generation.start, std::vector<std::int32_t>{7});
  EXPECT_EQ(generation.stop, (std::vector<std::int32_t>{0, 5}));
  EXPECT_EQ(generation.suppressed, (std::vector<std::int32_t>{4, 103}));
  EXPECT_EQ(generation.forced, 9);
  EXPECT_EQ(generation.padding, 103);
  folder.write("generation_config.json", {{"bad_words_ids", 3}});
  EXPECT_THAT(folder.error(), HasSubstr("bad_words_ids"));
}

}  // namespace
}  // namespace kinglet::converter
