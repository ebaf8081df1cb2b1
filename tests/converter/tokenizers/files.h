// A folder of tokenizer files for one test, and what a reader says about it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "converter/error.h"
#include "converter/tokenizers/tokenizers.h"

namespace kinglet::converter {

class TokenizerFolder {
 public:
  TokenizerFolder()
      : path_(std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TokenizerFolder() { std::filesystem::remove_all(path_); }
  TokenizerFolder(const TokenizerFolder&) = delete;
  TokenizerFolder& operator=(const TokenizerFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const char* name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  // The message of the Error that reading ends in; empty: it went well.
  std::string complaint() const {
    try {
      (void)read_tokenizer(path_);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

 private:
  std::filesystem::path path_;
};

}  // namespace kinglet::converter
