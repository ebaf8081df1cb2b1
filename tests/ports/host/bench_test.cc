// The commands that measure: what they say, not how fast it is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "machine_limits.h"
#include "tests/ports/host/program.h"

namespace kinglet {
namespace {

using nlohmann::json;
using testing::run;
using testing::show;

std::vector<std::string> all_files() {
  return {testing::decoder_file(), testing::translator_file(), testing::encoder_file()};
}

json measured(std::vector<std::string> arguments) {
  for (const char* more : {"-p", "8", "-n", "4", "-r", "2", "-t", "1", "--json"}) arguments.push_back(more);
  const auto ran = run(arguments);
  EXPECT_EQ(ran.status, 0) << show(ran);
  return json::parse(ran.out, nullptr, false);
}

TEST(Bench, MeasuresEveryKindOfModel) {
  for (const auto& file : all_files()) {
    const json made = measured({"bench", file});
    EXPECT_GT(made["machine"]["int8_peak"].get<double>(), 0);
    EXPECT_GT(made["machine"]["read_bytes_per_second"].get<double>(), 0);
    EXPECT_TRUE(made["machine"].contains("cache_read_bytes_per_second"));
    EXPECT_EQ(made["machine"]["wake_seconds"], 0);  // one thread
    EXPECT_GT(made["peak_resident_bytes"].get<double>(), 0);
    EXPECT_GT(made["first_token"]["seconds"].get<double>(), 0);
    EXPECT_GT(made["first_token"]["peak_resident_bytes"].get<double>(), 0);
    EXPECT_TRUE(made.contains("prompt") || made.contains("encode"));
    EXPECT_EQ(made.contains("generate"), file == testing::decoder_file());
    EXPECT_EQ(made.contains("translate"), file == testing::translator_file());
  }
}

TEST(Bench, TranslatesSeveralTextsAtOnce) {
  const json made = measured({"bench", testing::translator_file(), "--batch", "3", "--beam", "2"});
  for (const char* row : {"encode", "translate", "beam", "translate_beam"}) EXPECT_EQ(made[row]["texts"], 3) << row;
  EXPECT_EQ(made["translate"]["tokens"], 4);
  EXPECT_EQ(made["decode"]["texts"], 1);
  EXPECT_LT(made["encode"]["seconds"].get<double>(), made["translate"]["seconds"].get<double>());
}

TEST(Bench, BatchesNeedBothSides) {
  const auto ran = run({"bench", testing::encoder_file(), "--batch", "2"});
  EXPECT_TRUE(ran.complained(2)) << show(ran);
  EXPECT_NE(ran.err.find("--batch"), std::string::npos);
}

// The models of the tests take 96 positions, so that no length of the growth fits them.
TEST(Bench, GrowsAsFarAsTheModelGoes) {
  const json made = measured({"bench", testing::decoder_file(), "--grow"});
  EXPECT_TRUE(made["grow"].is_array());
  EXPECT_TRUE(made["grow"].empty());
}

TEST(Bench, FirstTokenTellsItsMemory) {
  for (const auto& file : all_files()) {
    const auto ran = run({"bench", file, "--first-token", "--json"});
    ASSERT_EQ(ran.status, 0) << show(ran);
    const json made = json::parse(ran.out);
    EXPECT_GT(made["arena_bytes"].get<double>(), 0);
    EXPECT_LE(made["ready_seconds"].get<double>(), made["first_seconds"].get<double>());
    EXPECT_NE(run({"bench", file, "--first-token"}).out.find("resident"), std::string::npos);
  }
}

TEST(Profile, EveryOperatorOfEveryPhase) {
  for (const auto& file : all_files()) {
    const json made = measured({"profile", file});
    const json program = json::parse(run({"inspect", file, "--json"}).out);
    EXPECT_EQ(made.contains("encode"), program["encode"].is_array());
    EXPECT_EQ(made.contains("step"), program["step"].is_array());
    EXPECT_EQ(made.contains("prompt"), file == testing::decoder_file());
    for (const char* name : {"encode", "prompt", "step"}) {
      if (!made.contains(name)) continue;
      const json& phase = made[name];
      const json& operators = program[std::string(name) == "encode" ? "encode" : "step"];
      ASSERT_EQ(phase["operators"].size(), operators.size()) << name;
      double share = 0;
      for (std::size_t i = 0; i < operators.size(); ++i) {
        EXPECT_EQ(phase["operators"][i]["name"], operators[i]["name"]);
        EXPECT_EQ(phase["operators"][i]["calls"], phase["calls"]);
        share += phase["operators"][i]["share"].get<double>();
      }
      EXPECT_LE(share, 1.0001);
      EXPECT_EQ(phase["calls"], std::string(name) == "step" ? 4 : 1);
    }
  }
}

TEST(Profile, GroupsHoldWhatTheirOperatorsHold) {
  const json made = measured({"profile", testing::decoder_file(), "--rows", "3"});
  const json& phase = made["prompt"];
  EXPECT_EQ(phase["calls"], 3);  // 8 tokens, 3 at a time
  double operations = 0, of_operators = 0, of_roles = 0;
  for (const auto& op : phase["operators"]) of_operators += op["int8_operations"].get<double>();
  for (const auto& kind : phase["kinds"]) {
    operations += kind["int8_operations"].get<double>();
    for (const auto& role : kind["roles"]) of_roles += role["int8_operations"].get<double>();
  }
  EXPECT_GT(operations, 0);
  EXPECT_EQ(operations, of_operators);
  EXPECT_EQ(operations, of_roles);
}

TEST(Profile, ShowsATableAndDrawsTheRoofline) {
  const std::string path = testing::temporary_folder() + "/roofline.svg";
  const auto ran = run({"profile", testing::translator_file(), "-p", "8", "-n", "4", "-r", "1", "--roofline", path});
  ASSERT_EQ(ran.status, 0) << show(ran);
  for (const char* part :
       {"encode: 8 tokens", "step: 4 tokens", "Linear", "Attention", "of peak", "GB/s", path.c_str()})
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << "\n" << show(ran);
  std::ifstream file(path);
  const std::string svg((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_NE(svg.find("int8 peak"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  const auto nowhere =
      run({"profile", testing::encoder_file(), "-p", "8", "-r", "1", "--roofline", path + "/missing/x.svg"});
  EXPECT_TRUE(nowhere.complained(1)) << show(nowhere);
}

TEST(MachineLimits, WhatFitsTheCacheIsReadAgainstIt) {
  host::MachineLimits limits;
  limits.read = 10, limits.cache = 40, limits.cache_bytes = 1000;
  EXPECT_EQ(limits.read_of(999), 40);
  EXPECT_EQ(limits.read_of(1000), 10);
  limits.cache = 0;  // its size is not known
  EXPECT_EQ(limits.read_of(999), 10);
}

}  // namespace
}  // namespace kinglet
