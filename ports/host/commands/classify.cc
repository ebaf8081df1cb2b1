// kinglet classify: labels with probabilities, of texts, of their tokens, or of what stands behind a mask.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "audio/sound.h"
#include "commands/commands.h"
#include "json.h"
#include "kinglet/classifier.h"
#include "pictures/picture.h"
#include "text.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  std::uint32_t top = 0;
  bool pair = false;
  bool truncate = false;
  std::vector<std::string> texts;
  std::vector<std::string> pictures, sounds;
};

// A label's name: the model's, or the token itself where labels are the vocabulary (a mask filled in), or its number.
std::string name_of(const Classifier& classifier, fb::Task task, std::uint32_t label) {
  if (task == fb::Task::FillMask)
    return std::string(classifier.embedder().tokenizer().piece(static_cast<std::int32_t>(label)));
  const std::string_view name = classifier.label(label);
  return name.empty() ? "LABEL_" + std::to_string(label) : std::string(name);
}

std::vector<Labelled> likeliest(std::span<const float> probabilities, std::size_t most) {
  std::vector<std::uint32_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    return probabilities[a] > probabilities[b] || (probabilities[a] == probabilities[b] && a < b);
  };
  most = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(), better);
  std::vector<Labelled> labels;
  for (std::size_t i = 0; i < most; ++i) labels.push_back({.label = order[i], .probability = probabilities[order[i]]});
  return labels;
}

class Command {
 public:
  explicit Command(Options& options)
      : options_(options),
        opened_(options.common.file),
        texts_(options.texts),
        engine_(opened_, options.common, limits()),
        task_(opened_.root().task()) {}

  int run() {
    if (task_ == fb::Task::Embed)
      throw Failure(options_.common.file + ": this model makes vectors, no labels: use 'kinglet embed'");
    Growing<Classifier> classifier(engine_, options_.common.file);
    classifier.fit(0);
    if (const fb::Input* input = opened_.root().input()) {
      return input->sound() == nullptr ? run_pictures(classifier.fit(0)) : run_sounds(classifier.fit(0));
    }
    for (const auto& [option, given] :
         {std::pair("--image", &options_.pictures), std::pair("--audio", &options_.sounds)}) {
      if (!given->empty()) throw Misuse(std::string(option) + ": this model reads texts: give one as TEXT");
    }
    const std::size_t step = options_.pair ? 2 : 1;
    for (auto texts = texts_.next(step); !texts.empty(); texts = texts_.next(step)) {
      if (options_.pair && texts.size() == 1) texts.push_back(second());
      const Passage passage{.text = texts[0],
                            .second = options_.pair ? std::string_view(texts[1]) : std::string_view(),
                            .pair = options_.pair};
      Classifier& task = classifier.fit(texts[0].size() + passage.second.size());
      const auto made = task.classify({&passage, 1}, {.special = {.parse = task_ == fb::Task::FillMask, .add = true},
                                                      .truncate = options_.truncate});
      if (!made.ok()) throw failure_of_text(options_.common.file, texts_, made.status());
      if (!show(task, texts)) break;
    }
    return 0;
  }

 private:
  int run_pictures(Classifier& task) {
    if (options_.pictures.empty()) throw Misuse("--image is missing: this model reads pictures");
    for (const std::string& path : options_.pictures) {
      const fb::Input& input = *opened_.root().input();
      const Pixels pixels = input_picture(path, input);
      const Passage picture{.text = {}, .grid = {.bytes = pixels.bytes, .features = {}}};
      require(path, task.classify({&picture, 1}).status());
      if (!show_labels(task, "picture", path, options_.pictures.size() > 1)) break;
    }
    return 0;
  }

  // The beginning of each, as far as the model hears.
  int run_sounds(Classifier& task) {
    if (options_.sounds.empty()) throw Misuse("--audio is missing: this model reads sounds");
    Listener listener(options_.common.file, opened_.root().input());
    for (const std::string& path : options_.sounds) {
      const std::vector<float> features = listener.features(read_sound(path, listener.rate()));
      const Passage passage{.text = {}, .grid = {.bytes = {}, .features = features}};
      require(path, task.classify({&passage, 1}).status());
      if (!show_labels(task, "sound", path, options_.sounds.size() > 1)) break;
    }
    return 0;
  }

  // Of a picture or a sound.
  bool show_labels(Classifier& task, const char* kind, const std::string& path, bool named) {
    Json json{{kind, path}};
    if (!show_row(task, 0, named ? printable(path) + "\t" : "", json)) return false;
    return !options_.common.json || print(json_line(json));
  }

  // The labels of a row: kept in `json`, and printed, each in a line behind `before`, where no JSON is wanted.
  bool show_row(Classifier& task, std::size_t row, const std::string& before, Json& json) {
    for (const Labelled& label : labels_of(task, row)) {
      const std::string name = name_of(task, task_, label.label);
      append(json, "labels", {{"label", name}, {"probability", label.probability}});
      if (options_.common.json) continue;
      char line[64];
      std::snprintf(line, sizeof(line), "\t%.4f\n", static_cast<double>(label.probability));
      if (!print(before + printable(name) + line)) return false;
    }
    return true;
  }

  Limits limits() const { return limits_of(opened_, options_.common); }

  std::string second() {
    auto texts = texts_.next(1);
    if (texts.empty()) throw Misuse("--pair needs texts two by two");
    return texts[0];
  }

  std::vector<Labelled> labels_of(Classifier& task, std::size_t row) {
    const std::size_t shown = options_.top != 0
                                  ? options_.top
                                  : (task_ == fb::Task::FillMask ? 5 : (task.labels_tokens() ? 1 : task.labels()));
    return likeliest(value_of(options_.common.file, task.probabilities(0, row)), shown);
  }

  // Rows that have something to say: all of them, or those of the mask.
  std::vector<std::size_t> rows_of(const Classifier& task) const {
    const Tokenizer& tokenizer = task.embedder().tokenizer();
    std::int32_t mask = -1;
    for (const char* name : {"[MASK]", "<mask>"}) {
      if (mask < 0) mask = tokenizer.find(name);
    }
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < task.rows(0); ++r) {
      const std::int32_t token = task.labels_tokens() ? task.tokens(0)[r] : -1;
      if (task_ == fb::Task::FillMask ? token == mask : !(task.labels_tokens() && tokenizer.is_special(token)))
        rows.push_back(r);
    }
    if (task_ == fb::Task::FillMask && rows.empty())
      throw Failure("text " + std::to_string(texts_.first() + 1) + ": has no mask: write " +
                    std::string(mask < 0 ? "[MASK]" : tokenizer.piece(mask)) + " where a word is to be found");
    return rows;
  }

  bool show(Classifier& task, const std::vector<std::string>& texts) {
    Json json{{"text", texts[0]}};
    if (options_.pair) json["second"] = texts[1];
    for (const std::size_t row : rows_of(task)) {
      Json entry = Json::object();
      if (task.labels_tokens()) entry["token"] = task.embedder().tokenizer().piece(task.tokens(0)[row]);
      const std::string text = texts_.few(texts.size()) ? "" : printable(texts[0]) + "\t";
      const std::string second = text.empty() || !options_.pair ? "" : printable(texts[1]) + "\t";
      const std::string token = entry.contains("token") ? printable(entry["token"].get<std::string>()) + "\t" : "";
      if (!show_row(task, row, text + second + token, entry)) return false;
      if (task.labels_tokens()) append(json, "tokens", std::move(entry));
      else json["labels"] = std::move(entry["labels"]);
    }
    return !options_.common.json || print(json_line(json));
  }

  Options& options_;
  Opened opened_;
  Texts texts_;
  Engine engine_;
  fb::Task task_;
};

int classify(Options& options) {
  if (lists_isas(options.common)) return 0;
  return Command(options).run();
}

}  // namespace

Run add_classify(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("TEXT", options->texts, "Texts ('-' or nothing: the lines of stdin)")->type_name("");
  app.add_option("--image", options->pictures, "A picture, of a model that reads these; again for each of several")
      ->type_name("IMAGE")
      ->allow_extra_args(false);
  app.add_option("--audio", options->sounds,
                 "A sound, of a model that hears these; again for each of several. Its beginning counts")
      ->type_name("AUDIO")
      ->allow_extra_args(false);
  app.add_option("--top", options->top, "Show only the N likeliest labels")->check(between(1, 1 << 20))->type_name("N");
  app.add_flag("--pair", options->pair, "Texts are read two by two and labelled together");
  app.add_flag("--truncate", options->truncate, "Cut a text that is longer than the model takes, instead of failing");
  app.footer(
      "Of several texts, or of stdin, each line begins with the text it is about.\n"
      "Example: kinglet classify sentiment.kgl \"What a lovely little bird!\"\nA text that begins with '-' goes after "
      "'--'.");
  return [options] { return classify(*options); };
}

}  // namespace kinglet::host
