// Writes the tiny models as files into the folder given: what models.S includes.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/runtime/session/tiny_model.h"
#include "tests/runtime/tasks/text_model.h"

namespace {

using namespace kinglet;

std::unique_ptr<fb::PassT> pass(fb::PassKind kind) {
  auto made = std::make_unique<fb::PassT>();
  made->kind = kind;
  return made;
}

// A tokenizer of each kind, with the normalization and the words that go with it.
void byte_level_bpe(fb::ModelT& model) {
  model.tokenizer->passes.push_back(pass(fb::PassKind::Nfc));
  model.tokenizer->split = fb::Split::Llama3;
  model.chat = std::make_unique<fb::ChatTemplateT>();
  model.chat->user_before = "a ";
  model.chat->user_after = "\n";
  model.chat->assistant_before = "b ";
}
void unigram(fb::ModelT& model) {
  fb::TokenizerT& tokenizer = *model.tokenizer;
  tokenizer.passes.push_back(pass(fb::PassKind::Nfd));
  tokenizer.model = fb::TokenModel::Unigram;
  tokenizer.byte_level = false;
  tokenizer.scores.assign(tokenizer.tokens, -1.0f);
  tokenizer.unknown_score = -10.0f;
  tokenizer.split = fb::Split::Spaces;
}
void word_piece(fb::ModelT& model) {
  fb::TokenizerT& tokenizer = *model.tokenizer;
  for (const auto kind :
       {fb::PassKind::Clean, fb::PassKind::SpaceIdeographs, fb::PassKind::StripAccents, fb::PassKind::Lower})
    tokenizer.passes.push_back(pass(kind));
  tokenizer.model = fb::TokenModel::WordPiece;
  tokenizer.byte_level = false;
  tokenizer.split = fb::Split::Bert;
  tokenizer.unknown = testing::kStart;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_models FOLDER\n", stderr);
    return 2;
  }
  const auto write = [folder = std::filesystem::path(argv[1])](const char* name, const std::vector<std::byte>& bytes) {
    std::ofstream file(folder / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file.flush().good();
  };
  const bool written = write("decoder.kgl", kinglet::testing::tiny_decoder()) &&
                       write("encoder.kgl", kinglet::testing::tiny_encoder()) &&
                       write("translator.kgl", kinglet::testing::tiny_encoder_decoder()) &&
                       write("recurrent.kgl", kinglet::testing::tiny_recurrent()) &&
                       write("text_decoder.kgl", kinglet::testing::text_decoder(byte_level_bpe)) &&
                       write("text_encoder.kgl", kinglet::testing::text_encoder(word_piece)) &&
                       write("text_translator.kgl", kinglet::testing::text_translator(unigram));
  if (!written) std::fprintf(stderr, "write_models: cannot write to %s\n", argv[1]);
  return written ? 0 : 1;
}
