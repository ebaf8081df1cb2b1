#include "commands/generation.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <limits>
#include <set>

#include "failure.h"
#include "interrupt.h"
#include "text.h"

namespace kinglet::host {

void GenerationFlags::add(CLI::App& app) {
  app.add_option("-n,--tokens", tokens, "Most tokens to make (default: until the model stops or the context is full)")
      ->check(between(-1, 1 << 30))
      ->type_name("N");
  add_sampling(app, sampler);
  app.add_option("--stop", stop, "End where this text comes up; may be given several times")->allow_extra_args(false);
}

GenerateOptions GenerationFlags::options() {
  stop_views.assign(stop.begin(), stop.end());
  constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();  // who waits may press Ctrl-C
  return {.sampler = sampler,
          .max_tokens = tokens > 0 ? static_cast<std::uint32_t>(tokens) : kUnlimited,
          .stop = stop_views};
}

void TranslationFlags::add(CLI::App& app, const std::string& what) {
  app.add_option("-n,--tokens", tokens, "Most tokens of " + what + " (default: as many as the model takes)")
      ->check(between(-1, 1 << 30))
      ->type_name("N");
  add_sampling(app, sampler);
  add_beam(app, beam);
}

TranslateOptions TranslationFlags::options(std::string_view language, std::uint32_t first_stream) const {
  return {.sampler = sampler,
          .max_tokens = tokens > 0 ? static_cast<std::uint32_t>(tokens) : 0,
          .first_stream = first_stream,
          .beam = beam,
          .language = language};
}

bool TextOut::write(void* context, std::string_view text) noexcept {
  TextOut& out = *static_cast<TextOut*>(context);
  if (interrupted()) return false;
  if (out.skip_white_) text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  if (text.empty()) return true;
  out.skip_white_ = false;
  if (out.keep_) out.text_.append(text);
  else out.error_ = write_out(text);
  return out.error_ == 0;
}

bool TextOut::finish() const {
  if (error_ == EPIPE) return false;
  if (error_ != 0)
    throw Failure("stdout: cannot be written: " + error_text(error_) + ": make room, or write elsewhere");
  return keep_ || print("\n");
}

const char* finish_name(Finish finish) {
  switch (finish) {
    case Finish::kStopToken: return "stop";
    case Finish::kStopText: return "stop_text";
    case Finish::kLength: return "length";
  }
  return "";
}

std::string languages_text(const fb::Model& model) {
  std::set<std::string> codes;
  const auto* all = model.generation() == nullptr ? nullptr : model.generation()->languages();
  for (flatbuffers::uoffset_t i = 0; all != nullptr && i < all->size(); ++i) {
    const std::string code = all->Get(i)->code()->str();
    codes.insert(code.substr(0, code.find(':')));
  }
  std::string text;
  for (const std::string& code : codes) text += (text.empty() ? "" : ", ") + code;
  return text;
}

std::string scored_line(float score, std::string_view text) {
  char number[32];
  std::snprintf(number, sizeof(number), "%.6f\t", static_cast<double>(score));
  std::string line = number + std::string(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line + "\n";
}

}  // namespace kinglet::host
