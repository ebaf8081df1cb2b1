#include "texts.h"

namespace kinglet::host {

Texts::Texts(std::vector<std::string> given)
    : given_(std::move(given)),
      from_stdin_(given_.empty() || (given_.size() == 1 && given_[0] == "-")) {}

std::vector<std::string> Texts::next(std::size_t most) {
  first_ = after_;
  std::vector<std::string> texts;
  if (from_stdin_) {
    texts = lines_.next(most);
  } else {
    for (std::size_t i = first_; i < given_.size() && texts.size() < most; ++i) texts.push_back(given_[i]);
  }
  after_ += texts.size();
  return texts;
}

Failure failure_of_text(const std::string& file, const Texts& texts, const Status& status) {
  const std::string number = std::to_string(texts.first() + status.subject() + 1);
  if (status.code() == Code::kContextFull)
    return Failure("text " + number +
                   ": has more tokens than the model takes at once: shorten it ('kinglet inspect' shows the limit)");
  if (status.code() == Code::kBadArgument)
    return Failure("text " + number + ": " + status.message() + ": give another text");
  return failure(file, status);
}

}  // namespace kinglet::host
