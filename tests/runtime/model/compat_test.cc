// The files that released versions wrote (tests/data/compat): each opens, is whole, and together those of the newest format have every operator and
// every kind of tokenizer. What they compute is compared by tests/data/compat/check.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
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

std::vector<fs::path> bundles() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(KINGLET_SOURCE_DIR "/tests/data/compat")) {
    if (entry.path().extension() == ".bundle") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void add_tokenizer(const fb::Tokenizer* tokenizer, std::set<std::string>& kinds) {
  if (tokenizer == nullptr) return;
  kinds.insert(fb::EnumNameTokenModel(tokenizer->model()));
}

TEST(Compat, EveryFileOfEveryVersionOpens) {
  std::set<std::string> operators, tokenizers;
  std::set<std::uint32_t> formats;
  std::uintmax_t bytes = 0;
  for (const fs::path& path : bundles()) {
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

}  // namespace
}  // namespace kinglet
