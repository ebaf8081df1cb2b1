#include "failure.h"

#include <string_view>

#include "model/rules.h"

namespace kinglet::host {
namespace {

const char* advice(Code code) {
  switch (code) {
    case Code::kOk: return "";
    case Code::kBadFile: return "convert the model again, or copy the file again";
    case Code::kBadArgument: return "see what the model takes with 'kinglet inspect'";
    case Code::kOutOfMemory: return "use a shorter text or a smaller --context";
    case Code::kContextFull:
      return "use a shorter text or a larger --context, as far as the model goes ('kinglet inspect')";
    case Code::kNotFinite: return "the weights overflow: check the checkpoint and convert it again";
    case Code::kUnsupported:
      return "'kinglet inspect' shows what the model is for; a tokenizer that is not there was not beside the "
             "checkpoint";
    case Code::kStopped: return "run it again";
  }
  return "";
}

}  // namespace

Failure failure(const std::string& where, const Status& status) {
  if (status.code() == Code::kUnsupported && std::string_view(status.message()).starts_with("a newer Kinglet"))
    return Failure(where + ": written by a newer Kinglet, in format version " + std::to_string(status.subject()) +
                   "; this one reads up to " + std::to_string(rules::kVersion) +
                   ": update Kinglet, or convert the model with this one");
  std::string line = where + ": " + status.message();
  if (status.subject() != 0) line += " (" + std::to_string(status.subject()) + ")";
  return Failure(line + ": " + advice(status.code()));
}

}  // namespace kinglet::host
