// The files that released versions wrote (tests/data/compat): each opens, is whole, and together those of the newest format have every operator and
// every kind of tokenizer. What they compute is compared by tests/data/compat/check. Those of older formats are refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "kinglet/model.h"
#include "kinglet/tokenizer.h"
#include "model/rules.h"
#include "model_generated.h"
#include "tests/bundle.h"

namespace kinglet {
namespace {

namespace fs = std::filesystem;
using testing::Bundle;
using testing::read_bundle;

const fs::path kFolder = KINGLET_SOURCE_DIR "/tests/data/compat";

// Of the versions whose format is read, which have digests; or of the others.
std::vector<fs::path> bundles(bool read) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".bundle" && fs::exists(path.parent_path() / "digests") == read) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void add_tokenizer(const fb::Tokenizer* tokenizer, std::set<std::string>& kinds) {
  if (tokenizer == nullptr) return;
  kinds.insert(fb::EnumNameTokenModel(tokenizer->model()));
}

TEST(Compat, EveryFileOfAFormatThatIsReadOpens) {
  std::set<std::string> operators, tokenizers;
  std::set<std::uint32_t> formats;
  std::uintmax_t bytes = 0;
  for (const fs::path& path : bundles(true)) {
    SCOPED_TRACE(path);
    bytes += fs::file_size(path);
    const Bundle bundle = read_bundle(path);
    if (bundle.kind == bits::Kind::kTokenizer) {
      add_tokenizer(flatbuffers::GetRoot<fb::Tokenizer>(bundle.file.span().data()), tokenizers);
      continue;
    }
    const auto model = Model::open(bundle.file.span());
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_TRUE(model->verify_checksums().ok());
    formats.insert(model->root().version());
    add_tokenizer(model->root().tokenizer(), tokenizers);
    for (const fb::Function* function : {model->root().encode(), model->root().step()}) {
      if (function == nullptr || model->root().version() != rules::kVersion) continue;
      for (const fb::Operator* op : *function->operators()) operators.insert(fb::EnumNameBody(op->body_type()));
    }
  }
  EXPECT_LT(bytes, std::uintmax_t{1} << 20);
  EXPECT_TRUE(formats.contains(rules::kVersion)) << "tests/data/compat/write makes files of the newest format";
  for (const char* const* name = fb::EnumNamesBody() + 1; *name != nullptr; ++name)
    EXPECT_TRUE(operators.contains(*name)) << *name;
  for (const char* const* name = fb::EnumNamesTokenModel(); *name != nullptr; ++name)
    EXPECT_TRUE(tokenizers.contains(*name)) << *name;
}

TEST(Compat, FilesOfOlderFormatsAreRefusedByName) {
  const auto older = bundles(false);
  EXPECT_FALSE(older.empty());
  for (const fs::path& path : older) {
    SCOPED_TRACE(path);
    const Status status = Model::open(read_bundle(path).file.span()).status();
    EXPECT_EQ(status.code(), Code::kUnsupported);
    EXPECT_STREQ(status.message(), "the file has a format that is no longer read");
    EXPECT_EQ(status.subject(), 3U);
  }
}

TEST(Compat, ThisVersionHasAFolder) {
  std::ifstream project(KINGLET_SOURCE_DIR "/CMakeLists.txt");
  const std::string text{std::istreambuf_iterator<char>(project), std::istreambuf_iterator<char>()};
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match, std::regex(R"(project\(kinglet VERSION ([\d.]+))")));
  EXPECT_TRUE(fs::exists(kFolder / match[1].str() / "digests")) << "tests/data/compat/write makes files of a version";
}

}  // namespace
}  // namespace kinglet
