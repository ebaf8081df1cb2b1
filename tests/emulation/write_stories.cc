// Writes a checkpoint of the shape of stories260K and its tokenizer into the folder given: what run_cortex_m_demo converts.
#include <cstdio>

#include "tests/converter/stories.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_stories FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  if (kinglet::testing::write_stories(folder / "stories.bin") &&
      kinglet::testing::write_stories_tokenizer(folder / "stories_tokenizer.bin"))
    return 0;
  std::fprintf(stderr, "write_stories: %s: cannot be written: does the folder exist?\n", argv[1]);
  return 1;
}
