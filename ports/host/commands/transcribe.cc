// kinglet transcribe: sounds to texts.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>

#include "audio/sound.h"
#include "audio/times.h"
#include "commands/commands.h"
#include "commands/generation.h"
#include "json.h"
#include "tasks/tokens.h"
#include "text.h"
#include "texts.h"

namespace kinglet::host {
namespace {

struct Options {
  Common common;
  TranslationFlags writing;
  std::string language, task;
  bool timestamps = false;
  std::vector<std::string> sounds;
};

std::string_view view(const flatbuffers::String* text) { return {text->c_str(), text->size()}; }

// A language's code without the task behind it.
std::string_view spoken(std::string_view code) { return code.substr(0, code.find(':')); }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// "01:02.50" of seconds.
std::string clock(double seconds) {
  const long hundredths = std::lround(seconds * 100), minutes = hundredths / 6000;
  char text[32];
  std::snprintf(text, sizeof(text), "%02ld:%02ld.%02ld", minutes, hundredths / 100 % 60, hundredths % 100);
  return text;
}

class Command {
 public:
  explicit Command(const Options& options)
      : options_(options),
        opened_(options.common.file),
        listener_(checked(opened_), opened_.root().input()),
        tokenizer_(value_of(opened_.path(), Tokenizer::open(*opened_.root().target_tokenizer()))),
        engine_(opened_, options.common, limits()),
        translator_(engine_, options.common.file) {}

  int run() {
    for (const std::string& path : options_.sounds) {
      if (!(options_.timestamps ? transcribe_timed(path) : transcribe(path))) break;
    }
    return 0;
  }

 private:
  static const std::string& checked(const Opened& opened) {
    if (opened.root().input() == nullptr || !opened.model().has_decoder())
      throw Failure(opened.path() +
                    ": this model does not write down sounds: give one that was converted from Whisper");
    require_words(opened);
    return opened.path();
  }

  Limits limits() const {
    Limits limits = limits_of(opened_, options_.common);
    limits.sources = 1;
    limits.sequences = std::max(options_.writing.beam.beams, 1U);
    return limits;
  }

  // Window after window, each shown as soon as it is written down. False: nobody reads any more.
  bool transcribe(const std::string& path) {
    const std::vector<float> samples = read_sound(path, listener_.rate());
    const std::string name = options_.sounds.size() > 1 ? printable(path) + "\t" : "";
    Json json{{"sound", path}, {"text", ""}, {"windows", Json::array()}};
    std::string code, text;
    std::size_t begin = 0;
    for (const std::size_t end : cut_sound(samples, listener_.samples(), listener_.rate())) {
      const std::vector<float> features = listener_.features(std::span(samples).subspan(begin, end - begin));
      const Grid grid{.bytes = {}, .features = features};
      if (begin == 0) code = language(path, grid);
      const auto made = write(path, grid, code);
      if (options_.common.json) {
        json["windows"].push_back(window(made, begin, end));
      } else if (made.size() > 1) {
        for (const Translation& each : made) {
          if (!print(name + scored_line(each.score, trimmed(each.text)))) return false;
        }
      }
      const std::string words(trimmed(made[0].text));  // none of a window in which nobody speaks
      const std::string more = (text.empty() || words.empty() ? "" : " ") + words;
      if (!options_.common.json && made.size() == 1 && !print((begin == 0 ? name : "") + more)) return false;
      text += more;
      begin = end;
    }
    if (!options_.common.json) return options_.writing.beam.nbest > 1 || print("\n");
    json["text"] = text;
    if (!code.empty()) json["language"] = spoken(code);
    return print(json_line(json));
  }

  // Part after part, with its times. A window begins where the last part of the one before it ended.
  bool transcribe_timed(const std::string& path) {
    const TimeTokens times = time_tokens();
    const std::vector<float> samples = read_sound(path, listener_.rate());
    const std::string name = options_.sounds.size() > 1 ? printable(path) + "\t" : "";
    Json json{{"sound", path}, {"text", ""}, {"parts", Json::array()}};
    std::string code, text;
    const std::uint32_t places = opened_.root().source();
    for (std::size_t begin = 0; begin < samples.size();) {
      const auto window = std::span(samples).subspan(begin, std::min(listener_.samples(), samples.size() - begin));
      const std::vector<float> features = listener_.features(window);
      const Grid grid{.bytes = {}, .features = features};
      if (begin == 0) code = language(path, grid);
      const std::vector<std::int32_t> made = write_timed(path, grid, code, times);
      const Told all = told(made, times, places);
      const auto seconds = [&](std::uint32_t place) {
        return static_cast<double>(std::min(begin + place * samples_of_place(), samples.size())) / listener_.rate();
      };
      for (const Spoken& part : all.parts) {
        const std::string words = words_of(std::span(made).subspan(part.first, part.last - part.first), times);
        if (words.empty()) continue;
        text += (text.empty() ? "" : " ") + words;
        json["parts"].push_back({{"begin", seconds(part.begin)}, {"end", seconds(part.end)}, {"text", words}});
        if (!options_.common.json &&
            !print(name + "[" + clock(seconds(part.begin)) + " → " + clock(seconds(part.end)) + "] " + words + "\n"))
          return false;
      }
      begin += all.until == 0 ? window.size() : std::min(all.until * samples_of_place(), window.size());
    }
    if (!options_.common.json) return true;
    json["text"] = text;
    if (!code.empty()) json["language"] = spoken(code);
    return print(json_line(json));
  }

  std::size_t samples_of_place() const {
    return std::max<std::size_t>(listener_.samples() / std::max(opened_.root().source(), 1U), 1);
  }

  TimeTokens time_tokens() const {
    const std::int32_t plain = tokenizer_.find("<|notimestamps|>");
    const auto stop = stop_tokens(opened_.root());
    if (plain < 0 || plain + 1 >= static_cast<std::int64_t>(opened_.root().vocabulary()) || stop.empty())
      throw Failure(options_.common.file + ": this model knows no times: leave out --timestamps");
    // Within its first second a sound begins to be spoken, as the paper has it.
    return {plain, stop.front(), static_cast<std::uint32_t>(listener_.rate() / samples_of_place())};
  }

  // The likeliest tokens one by one, times among them.
  std::vector<std::int32_t> write_timed(const std::string& path, const Grid& grid, const std::string& code,
                                        const TimeTokens& times) {
    Session& session = engine_.session();
    Chunk chunk{.sequence = 0, .tokens = {}, .types = {}, .want = Want::kNone, .grid = grid};
    require(path, session.encode({&chunk, 1}));
    const auto start = start_tokens(opened_.root());
    std::vector<std::int32_t> read(start.begin(), start.end()), made;
    for (const std::int32_t token : value_of(path, language_tokens(opened_.root(), code))) read.push_back(token);
    // What asks for no times is the token before them.
    if (!read.empty() && !times.is_time(read.back()) && times.is_time(read.back() + 1)) read.pop_back();
    const std::size_t room =
        engine_.plan().limits.context - std::min<std::size_t>(read.size(), engine_.plan().limits.context);
    const std::size_t most = options_.writing.tokens > 0 ? static_cast<std::size_t>(options_.writing.tokens) : room;
    while (made.size() < std::min(most, room)) {
      chunk = {.sequence = 0, .tokens = read, .types = {}, .want = Want::kLast};
      require(path, session.step({&chunk, 1}));
      std::vector<float> logits(session.output(0).begin(), session.output(0).end());
      if (logits.size() != opened_.root().vocabulary())
        throw Failure(options_.common.file + ": the model gives no scores of its tokens: leave out --timestamps");
      for (const std::int32_t token :
           made.empty() ? suppressed_first_tokens(opened_.root()) : suppressed_tokens(opened_.root()))
        logits[static_cast<std::size_t>(token)] = -HUGE_VALF;
      times.allow(made, logits);
      const auto best = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      if (contains(stop_tokens(opened_.root()), best)) break;
      made.push_back(best);
      read.assign(1, best);
    }
    return made;
  }

  std::string words_of(std::span<const std::int32_t> made, const TimeTokens& times) {
    std::vector<std::int32_t> words;
    std::copy_if(made.begin(), made.end(), std::back_inserter(words),
                 [&](std::int32_t t) { return !times.is_time(t); });
    room_.resize((words.size() + 1) * tokenizer_.decode_bytes());
    const std::size_t bytes = value_of(options_.common.file, tokenizer_.decode(words, room_));
    return std::string(trimmed({room_.data(), bytes}));
  }

  std::vector<Translation> write(const std::string& path, const Grid& grid, const std::string& code) {
    Translator& translator = translator_.fit(0, TranslatorOptions{.beams = options_.writing.beam.beams > 0});
    std::vector<Translation> made(options_.writing.texts());
    room_.resize(made.size() * (engine_.plan().limits.context + 1) * tokenizer_.decode_bytes());
    const TranslateOptions how = options_.writing.options(code);
    require(path, translator.translate(std::span(&grid, 1), how, room_, made));
    return made;
  }

  Json window(std::span<const Translation> made, std::size_t begin, std::size_t end) const {
    const auto seconds = [&](std::size_t sample) { return static_cast<double>(sample) / listener_.rate(); };
    Json json{
        {"begin", seconds(begin)}, {"end", seconds(end)}, {"text", trimmed(made[0].text)}, {"tokens", made[0].tokens}};
    for (const Translation& each : made) {
      if (options_.writing.beam.beams > 0)
        append(json, "hypotheses", {{"text", trimmed(each.text)}, {"score", each.score}});
    }
    return json;
  }

  // What the decoder is to begin with: the language asked for, or the one that is heard, in the task asked for.
  std::string language(const std::string& path, const Grid& grid) {
    const fb::Generation* generation = opened_.root().generation();
    const auto* all = generation == nullptr ? nullptr : generation->languages();
    if (all == nullptr || all->size() == 0) {
      if (!options_.language.empty() || !options_.task.empty())
        throw Failure(options_.common.file +
                      ": this model knows one language and one task: leave out --language and --task");
      return {};
    }
    std::string code = options_.language.empty() ? heard(path, grid, *all) : options_.language;
    if (options_.task == "translate") code += ":translate";
    const auto known = [&](std::string_view wanted) {
      return std::any_of(all->begin(), all->end(), [&](const fb::Language* l) { return view(l->code()) == wanted; });
    };
    if (!known(spoken(code)))
      throw Failure("--language " + std::string(spoken(code)) + ": the model knows " + languages_text(opened_.root()));
    if (!known(code)) throw Failure(options_.common.file + ": this model does not translate: leave out --task");
    return code;
  }

  // The likeliest token of a language behind the start.
  std::string heard(const std::string& path, const Grid& grid,
                    const flatbuffers::Vector<flatbuffers::Offset<fb::Language>>& all) {
    Session& session = engine_.session();
    Chunk chunk{.sequence = 0, .tokens = {}, .types = {}, .want = Want::kNone, .grid = grid};
    require(path, session.encode({&chunk, 1}));
    chunk = {.sequence = 0, .tokens = start_tokens(opened_.root()), .types = {}, .want = Want::kLast};
    require(path, session.step({&chunk, 1}));
    const std::span<const float> logits = session.output(0);
    if (logits.size() != opened_.root().vocabulary())
      throw Failure(options_.common.file + ": the model gives no scores of its tokens: say --language");
    const fb::Language* best = nullptr;
    const auto score = [&](const fb::Language* language) {
      return language->tokens()->size() == 0 ? -HUGE_VALF
                                             : logits[static_cast<std::size_t>(language->tokens()->Get(0))];
    };
    for (const fb::Language* language : all) {
      if (best == nullptr || score(language) > score(best)) best = language;
    }
    return std::string(spoken(view(best->code())));
  }

  const Options& options_;
  Opened opened_;
  Listener listener_;
  Tokenizer tokenizer_;
  Engine engine_;
  Growing<Translator> translator_;
  std::vector<char> room_;  // of the texts of one window
};

int transcribe(const Options& options) {
  if (lists_isas(options.common)) return 0;
  if (options.sounds.empty()) throw Misuse("AUDIO is missing: give the file of a sound");
  const SamplerOptions& sampler = options.writing.sampler;
  if (options.timestamps &&
      (options.writing.beam.beams > 0 || sampler.temperature != 0 || sampler.repetition_penalty != 1))
    throw Misuse("--timestamps takes the likeliest words: leave out --beam, --temperature and --repeat-penalty");
  return Command(options).run();
}

}  // namespace

Run add_transcribe(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_common(app, options->common);
  app.add_option("AUDIO", options->sounds,
                 "Sounds: WAV, FLAC, Ogg, MP3, AIFF, AU or CAF files of any rate and channels; - is stdin")
      ->type_name("");
  app.add_option("--language", options->language, "Code of the language that is spoken (default: what the model hears)")
      ->type_name("CODE");
  app.add_option("--task", options->task, "transcribe, or translate: write in English (default: transcribe)")
      ->check(CLI::IsMember({"transcribe", "translate"}))
      ->type_name("TASK");
  app.add_flag("--timestamps", options->timestamps, "When each part was spoken, in minutes and seconds");
  options->writing.add(app, "a window");
  app.footer(
      "A sound that is longer than the model hears at once (Whisper: 30 seconds) is cut into windows, each at the "
      "quietest\n"
      "tenth of a second in the last sixth of what fits; the windows are written down one by one. With --timestamps a\n"
      "window begins where the last part of the one before it ended.\n"
      "Example: kinglet transcribe whisper.kgl talk.wav --language de --task translate");
  return [options] { return transcribe(*options); };
}

}  // namespace kinglet::host
