// What commands that write texts share: options of the text, and where it goes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/commands.h"
#include "kinglet/generator.h"
#include "kinglet/translator.h"
#include "model_generated.h"

namespace kinglet::host {

struct GenerationFlags {
  int tokens = 0;  // 0 or less: no limit
  std::vector<std::string> stop;
  SamplerOptions sampler;
  std::vector<std::string_view> stop_views;

  void add(CLI::App& app);
  GenerateOptions options();  // shows this object's strings
};

// Of `translate`, `caption` and `transcribe`.
struct TranslationFlags {
  int tokens = 0;  // 0 or less: no limit
  SamplerOptions sampler;
  BeamOptions beam;

  void add(CLI::App& app, const std::string& what);  // what: whose tokens are counted, "a caption"
  TranslateOptions options(std::string_view language = {}, std::uint32_t first_stream = 0) const;
  std::size_t texts() const { return beam.beams > 0 ? beam.nbest : 1; }  // of one source
};

// Prints text as it comes, or keeps it for JSON. Stops where Ctrl-C came or stdout cannot be written.
class TextOut {
 public:
  explicit TextOut(bool keep, bool skip_white = false) : keep_(keep), skip_white_(skip_white) {}

  TextSink sink() { return {.write = write, .context = this}; }
  const std::string& text() const { return text_; }  // what was kept

  // After the runtime returned: ends the line. False: nobody reads any more. Throws Failure where stdout could not be written.
  bool finish() const;

 private:
  static bool write(void* context, std::string_view text) noexcept;

  bool keep_;
  bool skip_white_;  // until the first word: answers of a chat
  int error_ = 0;    // errno
  std::string text_;
};

const char* finish_name(Finish finish);

// "en, ko": the languages that the model writes or hears, without the tasks behind them.
std::string languages_text(const fb::Model& model);

// A line of an n-best list: the score, a tab, the text without line ends.
std::string scored_line(float score, std::string_view text);

}  // namespace kinglet::host
