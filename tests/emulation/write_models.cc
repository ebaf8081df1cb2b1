// Writes the tiny models as files into the folder given: what models.S includes.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/runtime/session/tiny_model.h"

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
                       write("recurrent.kgl", kinglet::testing::tiny_recurrent());
  if (!written) std::fprintf(stderr, "write_models: cannot write to %s\n", argv[1]);
  return written ? 0 : 1;
}
