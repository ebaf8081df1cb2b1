// Whisper (Radford et al. 2022): mel frames of a sound through two convolutions, then the paper's encoder-decoder with norms before each
// part. What the decoder begins with says the language, the task, and that no times are wanted.
#include <algorithm>
#include <string>
#include <vector>

#include "converter/architectures/convolution.h"
#include "converter/architectures/list.h"
#include "converter/architectures/sound.h"
#include "converter/architectures/translator.h"
#include "converter/error.h"

namespace kinglet::converter {
namespace {

constexpr std::uint32_t kStride = 2;  // of the second convolution
const std::string kTask = "transcribe";

// [1, frames] of mel bands to a row for every second frame.
Rows stem(Builder& b, const std::string& prefix) {
  const Config config(b.config());
  const std::uint32_t places = config.count("max_source_positions", rules::kPositions);
  const std::uint32_t bands = config.count("num_mel_bins", kMostWidth), width = config.count("d_model", kMostWidth);
  b.input({1, places * kStride}, bands);
  whisper_sound(b, places * kStride, bands);
  b.scope(prefix + "conv1");
  const Rows x = convolution(b, {}, {.name = prefix + "conv1", .padding = {0, 1}, .activation = fb::Activation::Gelu});
  b.scope(prefix + "conv2");
  const Rows y = convolution(
      b, x, {.name = prefix + "conv2", .stride = {1, kStride}, .padding = {0, 1}, .activation = fb::Activation::Gelu});
  if (b.checkpoint().find(prefix + "conv2.weight") != nullptr && y.width != width)
    throw Error(prefix + "conv2.weight has " + std::to_string(y.width) + " outputs; config.json: d_model is " +
                std::to_string(width));
  b.scope(prefix + "embed_positions");
  return b.regions(y, {}, keep_float(b, b.matrix(prefix + "embed_positions.weight", places, width)));
}

// generation_config.json as of 2023, or what older checkpoints force instead.
class Prompt {
 public:
  explicit Prompt(Builder& b)
      : b_(b),
        out_(*b.model().generation),
        file_(side_file(b.checkpoint(), "generation_config.json").value_or(b.config())),
        config_(file_, "generation_config.json") {
    config_.only("return_timestamps", false);
    if (const auto id = config_.token("no_timestamps_token_id")) plain_.push_back(*id);
    forced_ = read_forced(config_.has("forced_decoder_ids") ? config_ : Config(b.config()));
    const auto first =
        (config_.has("begin_suppress_tokens") ? config_ : Config(b.config())).tokens("begin_suppress_tokens");
    if (!first.empty()) {
      out_.suppressed_first = out_.suppressed;
      out_.suppressed_first.insert(out_.suppressed_first.end(), first.begin(), first.end());
    }
  }

  void write() {
    const bool chooses = config_.has("lang_to_id") && config_.flag_or("is_multilingual", true);
    if (chooses) return write_languages();
    out_.start.insert(out_.start.end(), forced_.begin(), forced_.end());
    if (!plain_.empty() && out_.start.back() != plain_.front()) out_.start.push_back(plain_.front());
  }

 private:
  // [[1, language], [2, task], [3, no times]]; null where the language is to be found out.
  static std::vector<std::int32_t> read_forced(const Config& config) {
    std::vector<std::int32_t> ids;
    if (!config.has("forced_decoder_ids")) return ids;
    const nlohmann::json& pairs = config.at("forced_decoder_ids");
    const std::string expected = "expected pairs of a place, from 1 on, and a token id";
    if (!pairs.is_array()) config.reject("forced_decoder_ids", expected);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (!pairs[i].is_array() || pairs[i].size() != 2 || pairs[i][0] != i + 1)
        config.reject("forced_decoder_ids", expected);
      const nlohmann::json one{{"forced_decoder_ids", pairs[i][1]}};
      if (const auto id = Config(one, config.where()).token("forced_decoder_ids")) ids.push_back(*id);
    }
    return ids;
  }

  // "de" of "<|de|>".
  static std::string code_of(const std::string& name) {
    return name.starts_with("<|") && name.ends_with("|>") ? name.substr(2, name.size() - 4) : name;
  }

  static std::int32_t id_of(const Config& config, const std::string& name) {
    const auto id = config.token(name);
    if (!id) config.reject(name, "expected a token id");
    return *id;
  }

  // What `key` says, or else the name whose token is forced, or else `otherwise` if it is one of the names.
  std::string usual(std::string_view key, const Config& ids, const std::string& otherwise) {
    const std::string wanted = code_of(config_.text_or(key, ""));
    std::string found;
    for (const auto& [name, ignored] : ids.json().items()) {
      const std::string code = code_of(name);
      const bool forced = std::ranges::find(forced_, id_of(ids, name)) != forced_.end();
      if (wanted.empty() ? forced || (code == otherwise && found.empty()) : code == wanted) found = code;
    }
    if (found.empty() && !wanted.empty())  // transformers takes names, too: "german"
      note(b_, config_.where() + ": " + std::string(key) + " is " + wanted + ", which " + ids.where() +
                   " does not have; whoever transcribes says which it is");
    return found;
  }

  // Every language in every task; the usual one first.
  void write_languages() {
    const Config languages = config_.object("lang_to_id");
    const nlohmann::json none = nlohmann::json::object();
    const Config tasks = config_.has("task_to_id") ? config_.object("task_to_id") : Config(none, "task_to_id");
    const std::string language = usual("language", languages, "en"), task = usual("task", tasks, kTask);
    for (const auto& [name, ignored] : languages.json().items()) {
      const std::string code = code_of(name);
      const std::int32_t id = id_of(languages, name);
      if (tasks.json().empty()) add(code, {id}, code == language);
      for (const auto& [each, also_ignored] : tasks.json().items())
        add(each == kTask ? code : code + ":" + each, {id, id_of(tasks, each)}, code == language && each == task);
    }
  }

  void add(const std::string& code, std::vector<std::int32_t> tokens, bool first) {
    auto language = std::make_unique<fb::LanguageT>();
    language->code = code;
    language->tokens = std::move(tokens);
    language->tokens.insert(language->tokens.end(), plain_.begin(), plain_.end());
    auto& all = out_.languages;
    all.insert(first ? all.begin() : all.end(), std::move(language));
  }

  Builder& b_;
  fb::GenerationT& out_;
  nlohmann::json file_;
  Config config_;
  std::vector<std::int32_t> plain_;   // <|notimestamps|>, if there is one
  std::vector<std::int32_t> forced_;  // behind the start token
};

}  // namespace

void build_whisper(Builder& b, const ConvertOptions& options) {
  const Config config(b.config());
  config.only("use_weighted_layer_sum", false);
  build_translator(b,
                   {.longest_key = "max_target_positions",
                    .pre_norm = true,
                    .embedding_norm = false,
                    .position_offset = 0,
                    .sinusoid = {},
                    .source = stem,
                    .key_bias = false,
                    .scaled = false},  // transformers reads scale_embedding, and never uses it
                   options);
  b.model().task = fb::Task::Transcribe;
  Prompt(b).write();
}

}  // namespace kinglet::converter
