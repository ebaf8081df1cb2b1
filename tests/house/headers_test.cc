// Every header compiles by itself, with the project's warnings, whoever includes it first.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>

#include "source.h"

namespace kinglet::house {
namespace {

// Vocabularies of instruction sets and what they supply are read with that set's flags, inside kernels/isa/*.cpp.
bool is_alone(const Source& source) {
  return ends_with(source, ".h") && !starts_with(source, "tests/") && !starts_with(source, "runtime/kernels/isa/") &&
         (starts_with(source, "runtime/") || starts_with(source, "converter/") || starts_with(source, "ports/host/"));
}

// Compiles a file that holds nothing but the header at `path`, from the project's root.
bool compiles(const std::string& path, const std::string& where = "") {
  std::string name = path;
  std::replace(name.begin(), name.end(), '/', '.');
  const std::string source = KINGLET_HEADERS_FOLDER "/" + name + ".cc";
  std::ofstream(source) << "#include \"" << path << "\"\n";
  return std::system((KINGLET_COMPILE_HEADER " " + source + " -o " + source + ".o" + where).c_str()) == 0;
}

TEST(Headers, EveryOneCompilesAlone) {
  std::vector<Source> sources = sources_of_project();
  std::erase_if(sources, [](const Source& source) { return !is_alone(source); });
  ASSERT_FALSE(sources.empty());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Complaints complaints;
  const auto work = [&] {
    for (std::size_t i = next++; i < sources.size(); i = next++) {
      if (compiles(sources[i].path)) continue;
      const std::lock_guard lock(mutex);
      complaints.push_back(sources[i].path);
    }
  };
  std::vector<std::thread> threads(std::max(1u, std::thread::hardware_concurrency()));
  for (auto& thread : threads) thread = std::thread(work);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(complaints, Complaints());
}

TEST(HeadersSelfTest, AHeaderThatLeansOnAnotherIsSeen) {
  EXPECT_FALSE(compiles("tests/house/samples/leaning.h", " 2>/dev/null"));
  EXPECT_TRUE(compiles("runtime/include/kinglet/status.h"));
}

}  // namespace
}  // namespace kinglet::house
