// kinglet embed: texts or pictures to vectors, one per line.
#include <cstdio>

#include "commands/commands.h"
#include "json.h"
#include "kinglet/embedder.h"
#include "pictures/picture.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  std::uint32_t batch = 8;
  bool truncate = false;
  bool all_rows = false;
  std::vector<std::string> texts;
  std::vector<std::string> pictures;
};

// Nine digits tell every float apart.
std::string numbers(std::span<const float> vector) {
  std::string line;
  char number[32];
  for (const float x : vector) {
    std::snprintf(number, sizeof(number), "%s%.9g", line.empty() ? "" : " ", static_cast<double>(x));
    line += number;
  }
  return line + "\n";
}

bool show(const Options& options, Json json, const Embedder& embedder, std::size_t index) {
  const std::size_t rows = embedder.rows(index);
  if (!options.common.json) {
    bool read = true;
    for (std::size_t r = 0; r < rows && read; ++r) read = print(numbers(embedder.vector(index, r)));
    return read;
  }
  const auto list = [](std::span<const float> vector) { return std::vector<float>(vector.begin(), vector.end()); };
  if (embedder.pools()) {
    json["vector"] = list(embedder.vector(index));
  } else {
    for (std::size_t r = 0; r < rows; ++r) append(json, "vectors", list(embedder.vector(index, r)));
  }
  return print(json_line(json));
}

Json about_text(const std::string& text, const Embedder& embedder, std::size_t index) {
  return {{"text", text}, {"tokens", embedder.tokens(index).size()}};
}

int embed_pictures(const Options& options, const fb::Input& input, Embedder& embedder) {
  if (options.pictures.empty()) throw Misuse("--image is missing: this model reads pictures");
  for (const std::string& path : options.pictures) {
    const Pixels pixels = input_picture(path, input);
    const Passage picture{.text = {}, .grid = {.bytes = pixels.bytes, .features = {}}};
    require(path, embedder.embed({&picture, 1}).status());
    if (!show(options, {{"picture", path}}, embedder, 0)) break;
  }
  return 0;
}

int embed(Options& options) {
  if (lists_isas(options.common)) return 0;
  const std::string& file = options.common.file;
  const Opened opened(file);
  Texts texts(options.texts);
  Limits limits = limits_of(opened, options.common);
  limits.sequences = texts.few() ? 1 : options.batch;
  Engine engine(opened, options.common, limits);
  Growing<Embedder> embedder(engine, file);
  if (!embedder.fit(0).pools() && !options.all_rows)
    throw Misuse("this model has a vector for each token: ask for them with --tokens");
  if (const fb::Input* input = opened.root().input()) return embed_pictures(options, *input, embedder.fit(0));
  if (!options.pictures.empty()) throw Misuse("--image: this model reads texts: give one as TEXT");
  for (auto batch = texts.next(options.batch); !batch.empty(); batch = texts.next(options.batch)) {
    std::vector<Passage> passages;
    for (const auto& text : batch) passages.push_back({.text = text});
    Embedder& task = embedder.fit(longest(batch));
    for (std::size_t done = 0; done < batch.size();) {
      const auto made =
          task.embed(std::span<const Passage>(passages).subspan(done), {.special = {}, .truncate = options.truncate});
      if (!made.ok())
        throw failure_of_text(file, texts,
                              {made.status().code(), made.status().message(), made.status().subject() + done});
      for (std::size_t i = 0; i < *made; ++i) {
        if (!show(options, about_text(batch[done + i], task, i), task, i)) return 0;
      }
      done += *made;
    }
  }
  return 0;
}

}  // namespace

Run add_embed(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("TEXT", options->texts, "Texts ('-' or nothing: the lines of stdin)")->type_name("");
  app.add_option("--image", options->pictures, "A picture, of a model that reads these; again for each of several")
      ->type_name("IMAGE")
      ->allow_extra_args(false);
  app.add_option("--batch", options->batch, "Most texts in one call")
      ->check(between(1, 4096))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--truncate", options->truncate, "Cut a text that is longer than the model takes, instead of failing");
  app.add_flag("--tokens", options->all_rows, "Of a model without pooling: a vector for each token");
  app.footer(
      "Example: kinglet embed minilm.kgl \"A kinglet is a small bird.\" --json\nA text that begins with '-' goes after "
      "'--'.");
  return [options] { return embed(*options); };
}

}  // namespace kinglet::host
