// The arrows between the rooms of the house: who may include whom, and what of the standard library the runtime may use.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "source.h"

namespace kinglet::house {
namespace {

using Names = std::set<std::string>;

// A room of runtime/ and the rooms it sees.
const std::map<std::string, Names> kRooms = {
    {"base", {}},
    {"model", {"base", "schema"}},
    {"kernels", {"base"}},
    {"ops", {"base", "schema", "model", "kernels"}},
    {"plan", {"base", "schema", "model", "kernels", "ops"}},
    {"session", {"base", "schema", "model", "kernels", "ops", "plan"}},
    {"text", {"base", "schema"}},
    {"open.cc",
     {"base", "schema", "model", "kernels", "ops",
      "text"}},  // the verifier asks every room that has something to check
    {"tasks", {"base", "schema", "model", "kernels", "ops", "plan", "session", "text"}},
    {"capi", {"base", "schema", "model", "kernels", "plan", "session", "text", "tasks"}},
};

// The room whose promise a public header states; any other public header belongs to the tasks. Those of C are in a folder of their own.
const std::map<std::string, std::string> kPublicHeaders = {
    {"status.h", "base"}, {"message.h", "base"},    {"parallel.h", "base"},   {"provider.h", "base"},
    {"model.h", "model"}, {"signature.h", "model"}, {"attention.h", "model"}, {"chunk.h", "model"},
    {"isa.h", "kernels"}, {"plan.h", "plan"},       {"session.h", "session"}, {"tokenizer.h", "text"},
};

const Names kStandardHeaders = {"cstdint", "cstddef",     "cstring", "span",   "string_view", "array",
                                "utility", "type_traits", "bit",     "limits", "new"};
const Names kIsaHeaders = {"immintrin.h", "cpuid.h", "arm_neon.h", "arm_acle.h", "arm_mve.h", "wasm_simd128.h"};
const Names kCHeaders = {"stdint.h", "stddef.h", "stdbool.h"};

std::string first_folder(const std::string& path) { return path.substr(0, path.find('/')); }

std::string room_of_public(const std::string& header) {
  if (header == "kinglet.h" || header.starts_with("c/")) return "capi";
  const auto room = kPublicHeaders.find(header);
  return room == kPublicHeaders.end() ? "tasks" : room->second;
}

// The room of a file "runtime/…", empty if it has none.
std::string room_of_file(const std::string& path) {
  const std::string inside = path.substr(std::string("runtime/").size());
  const std::string public_folder = "include/kinglet/";
  if (inside.starts_with(public_folder)) return room_of_public(inside.substr(public_folder.size()));
  const std::string folder = first_folder(inside);
  return kRooms.contains(folder) ? folder : "";
}

// The room that #include "path" leads to, empty if it leads out of the runtime.
std::string room_of_include(const std::string& path) {
  if (path == "model_generated.h" || path == "tokenizer_generated.h" || path == "structure_generated.h")
    return "schema";
  const std::string folder = first_folder(path);
  if (folder == "kinglet") return room_of_public(path.substr(folder.size() + 1));
  return kRooms.contains(folder) ? folder : "";
}

// An operating system's or compiler's header has its place: beside the instructions, or in the C API.
bool may_include_system(const Source& source, const std::string& header) {
  if (kStandardHeaders.contains(header)) return true;
  if (kIsaHeaders.contains(header)) return starts_with(source, "runtime/kernels/");
  return kCHeaders.contains(header) && starts_with(source, "runtime/include/kinglet/c/");
}

Complaints check_runtime(const Source& source) {
  Complaints complaints;
  const std::string room = room_of_file(source.path);
  if (room.empty()) return {complaint(source, 0, "belongs to no room of the runtime")};
  static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.lines[i], match, include)) continue;
    const std::string path = match[2];
    if (match[1] == "<") {
      if (!may_include_system(source, path))
        complaints.push_back(complaint(source, i, room + " includes <" + path + ">"));
      continue;
    }
    const std::string target = room_of_include(path);
    const bool seen = target == room || kRooms.at(room).contains(target);
    if (target.empty() || !seen) complaints.push_back(complaint(source, i, room + " includes \"" + path + "\""));
  }
  return complaints;
}

// Ports depend on the runtime, the converter on no port, and neither on tests. Only the converter's program, not its library, reads people's
// pictures and sounds, as the host port does.
Complaints check_outside(const Source& source) {
  Complaints complaints;
  const bool converter = starts_with(source, "converter/");
  static const std::regex include(R"re(^\s*#\s*include\s*"(?:\.\./)*(ports|tests|converter)/)re");
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(source.lines[i], match, include)) continue;
    if (converter && match[1] == "converter") continue;
    if (source.path == "converter/files/host.cpp" && match[1] == "ports") continue;
    if (!converter && match[1] == "ports") continue;
    complaints.push_back(complaint(source, i, "includes a header of " + match[1].str() + "/"));
  }
  return complaints;
}

Complaints check(const Source& source) {
  if (ends_with(source, ".py")) return {};
  if (starts_with(source, "runtime/")) return check_runtime(source);
  if (starts_with(source, "converter/") || starts_with(source, "ports/")) return check_outside(source);
  return {};
}

std::size_t complaints_about(const std::string& path, const std::string& text) {
  return check(source_of(path, text)).size();
}

TEST(Includes, FollowTheArrows) {
  Complaints all;
  for (const auto& source : sources_of_project()) {
    const Complaints complaints = check(source);
    all.insert(all.end(), complaints.begin(), complaints.end());
  }
  EXPECT_EQ(all, Complaints());
}

TEST(Includes, EveryRoomOfTheRuntimeIsWalked) {
  std::set<std::string> walked;
  for (const auto& source : sources_of_project()) {
    if (starts_with(source, "runtime/")) walked.insert(room_of_file(source.path));
  }
  for (const auto& [room, seen] : kRooms) EXPECT_TRUE(walked.contains(room)) << room;
}

TEST(IncludesSelfTest, AWrongArrowIsSeen) {
  EXPECT_EQ(complaints_about("runtime/kernels/matmul.h", "#include \"model/checker.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/kernels/matmul.h", "  #  include \"model_generated.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/kernels/matmul.h", "#include \"kinglet/model.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "#include \"ops/linear.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/base/align.h", "#include \"kinglet/session.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/include/kinglet/model.h", "#include \"kinglet/plan.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/text/bpe.cc", "#include \"session/session.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/ops/linear.cc", "#include \"converter/program.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/ops/linear.cc", "#include \"../plan/plan.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/tasks/beam.cc", "#include \"kinglet/c/beam.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/include/kinglet/session.h", "#include \"kinglet/kinglet.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/attic/old.cc", "\n"), 1u);
  EXPECT_EQ(complaints_about("converter/write.cc", "#include \"ports/host/files.h\"\n"), 1u);
  EXPECT_EQ(complaints_about("ports/host/main.cc", "#include \"../../converter/program.h\"\n"), 1u);
}

TEST(IncludesSelfTest, AForbiddenHeaderIsSeen) {
  EXPECT_EQ(complaints_about("runtime/model/model.cc", "#include <vector>\n#include <cmath>\n#include <cstdio>\n"), 3u);
  EXPECT_EQ(complaints_about("runtime/ops/linear.cc", "#include <immintrin.h>\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/include/kinglet/plan.h", "#include <string>\n"), 1u);
  EXPECT_EQ(complaints_about("runtime/include/kinglet/c/base.h", "#include <stdio.h>\n"), 1u);
}

TEST(IncludesSelfTest, WhatIsAllowedPasses) {
  EXPECT_EQ(complaints_about("runtime/ops/linear.cc", "#include <cstdint>\n#include \"kernels/kernels.h\"\n"), 0u);
  EXPECT_EQ(complaints_about("runtime/kernels/isa/avx2.cpp", "#include <immintrin.h>\n#include \"base/align.h\"\n"),
            0u);
  EXPECT_EQ(complaints_about("runtime/tasks/beam.cc", "#include \"kinglet/session.h\"\n"), 0u);
  EXPECT_EQ(complaints_about("runtime/include/kinglet/c/base.h", "#include <stdint.h>\n"), 0u);
  EXPECT_EQ(complaints_about("runtime/capi/session.cc", "#include \"kinglet/c/session.h\"\n"), 0u);
  EXPECT_EQ(complaints_about("converter/write.cc", "#include <vector>\n#include \"kernels/pack.h\"\n"), 0u);
}

}  // namespace
}  // namespace kinglet::house
