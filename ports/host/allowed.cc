#include "allowed.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "failure.h"
#include "kinglet/tokenizer.h"
#include "tasks/tokens.h"
#include "text.h"

namespace kinglet::host {

std::vector<std::int32_t> allowed_tokens(const Opened& opened, const std::string& path) {
  const fb::Model& root = opened.root();
  const fb::Tokenizer* tables = root.target_tokenizer() != nullptr ? root.target_tokenizer() : root.tokenizer();
  if (tables == nullptr) throw Failure(opened.path() + ": the model has no tokenizer, so --allow has no meaning");
  const Tokenizer tokenizer = value_of(opened.path(), Tokenizer::open(*tables));
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path))
    throw Failure(path + ": cannot be read: --allow wants a file with the words that may be used");
  std::vector<std::int32_t> allowed, ids;
  std::vector<std::byte> scratch;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    for (const std::string& text : {line, " " + line}) {
      scratch.resize(std::max(scratch.size(), tokenizer.scratch_bytes(text.size())));
      ids.resize(4 * text.size() + 64);
      ids.resize(value_of(path, tokenizer.encode(text, {.parse = false, .add = false}, scratch, ids)));
      allowed.insert(allowed.end(), ids.begin(), ids.end());
    }
  }
  if (file.bad()) throw Failure(path + ": cannot be read to its end: check the disk, or copy the file again");
  if (allowed.empty()) throw Failure(path + ": there is no word in it that may be used");
  const auto stops = stop_tokens(root);
  allowed.insert(allowed.end(), stops.begin(), stops.end());
  if (const std::int32_t forced = forced_token(root); forced >= 0) allowed.push_back(forced);
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  // A tokenizer may know more tokens than the model gives scores to.
  std::erase_if(allowed, [&](std::int32_t token) { return static_cast<std::uint32_t>(token) >= root.vocabulary(); });
  return allowed;
}

}  // namespace kinglet::host
