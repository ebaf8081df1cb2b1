// Which files a directory has decides who reads them.
#include "converter/tokenizers/tokenizers.h"

#include "converter/tokenizers/chat_template.h"
#include "converter/tokenizers/readers.h"
#include "converter/tokenizers/tokenizer_json.h"

namespace kinglet::converter {
namespace {

std::unique_ptr<fb::TokenizerT> finish(Draft draft, const std::filesystem::path& file, std::uint32_t vocabulary,
                                       Tokenizers& result) {
  auto tables = draft.finish(file.string(), vocabulary);
  result.warnings.insert(result.warnings.end(), draft.warnings.begin(), draft.warnings.end());
  return tables;
}

void read_marian(const std::filesystem::path& directory, std::uint32_t vocabulary, std::uint32_t target_vocabulary,
                 Tokenizers& result) {
  const std::filesystem::path own = directory / "target_vocab.json";  // of a model with separate vocabularies
  const std::filesystem::path shared = directory / "vocab.json";
  result.tokenizer =
      finish(read_marian_files(directory / "source.spm", shared), directory / "source.spm", vocabulary, result);
  result.target = finish(read_marian_files(directory / "target.spm", std::filesystem::exists(own) ? own : shared),
                         directory / "target.spm", target_vocabulary, result);
}

}  // namespace

Tokenizers read_tokenizer(const std::filesystem::path& directory, std::uint32_t vocabulary,
                          std::uint32_t target_vocabulary) {
  Tokenizers result;
  const auto has = [&](const char* name) { return std::filesystem::exists(directory / name); };
  const auto read = [&](Draft draft, const char* name) {
    result.tokenizer = finish(std::move(draft), directory / name, vocabulary, result);
  };
  if (has("tokenizer.json")) {
    read(read_tokenizer_json(directory / "tokenizer.json"), "tokenizer.json");
  } else if (has("source.spm") && has("target.spm") && has("vocab.json")) {
    read_marian(directory, vocabulary, target_vocabulary, result);
  } else if (has("sentencepiece.bpe.model") && has("vocab.json")) {
    read(read_m2m100_files(directory), "vocab.json");
  } else if (has("sentencepiece.bpe.model")) {
    read(read_fairseq_sentencepiece(directory / "sentencepiece.bpe.model"), "sentencepiece.bpe.model");
  } else if (has("vocab.json") && has("merges.txt")) {
    read(read_gpt2_files(directory), "vocab.json");
  } else if (has("vocab.txt")) {
    read(read_wordpiece_file(directory), "vocab.txt");
  } else if (has("tokenizer.model")) {
    read(read_sentencepiece_file(directory / "tokenizer.model"), "tokenizer.model");
  } else if (has("spiece.model")) {
    read(read_sentencepiece_file(directory / "spiece.model"), "spiece.model");
  }
  ChatTemplate chat = read_chat_template(directory);
  result.chat = std::move(chat.strings);
  if (!chat.warning.empty()) result.warnings.push_back(directory.string() + ": " + chat.warning);
  return result;
}

}  // namespace kinglet::converter
