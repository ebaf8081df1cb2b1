// The program as a user meets it: commands, options, exit statuses, and what it says when something is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/ports/host/program.h"
#include "tests/runtime/tasks/text_model.h"

namespace kinglet {
namespace {

using nlohmann::json;
using testing::run;
using testing::show;

const std::vector<std::string> kCommands = {"generate", "chat",  "translate", "embed",   "classify",
                                            "logits",   "bench", "profile",   "inspect", "verify"};

TEST(Program, EveryCommandHelpsWithAnExampleAndKnowsItsVersion) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.status, 0) << show(help);
  EXPECT_EQ(run({"--version"}).status, 0);
  for (const auto& command : kCommands) {
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
    const auto own = run({command, "--help"});
    EXPECT_EQ(own.status, 0) << show(own);
    EXPECT_NE(own.out.find("Example: kinglet " + command), std::string::npos) << show(own);
    const auto version = run({command, "--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_EQ(version.out, run({"--version"}).out);
  }
}

TEST(Program, WrongUsageIsTwo) {
  const std::string file = testing::decoder_file();
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"sing"},
      {"--loud"},
      {"generate"},
      {"generate", file, "--nbest", "2", "a"},
      {"generate", file, "--beam", "0", "a"},
      {"generate", file, "--beam", "2", "--nbest", "3", "a"},
      {"generate", file, "--beam", "2", "--stop", "b", "a"},
      {"translate", file, "--beam", "2", "--temperature", "1", "a"},
      {"translate", file, "--length-penalty", "1", "a"},
      {"translate", file, "--beam", "2", "--length-penalty", "99", "a"},
      {"translate", file, "--attention", "a.html"},
      {"generate", file, "-t", "0"},
      {"generate", file, "-t", "many"},
      {"generate", file, "-t"},
      {"generate", file, "--isa", "mmx", "a"},
      {"generate", file, "--top-p", "2", "a"},
      {"logits", file},
      {"logits", file, "--tokens", "a"},
      {"logits", file, "--tokens", "-1"},
      {"logits", file, "--tokens", "1", "--decoder-tokens", "1"},
      {"bench", file, "-p", "0"},
      {"bench", file, "--batch", "2"},
      {"profile", file, "-n", "0"},
      {"profile"},
      {"inspect", file, "more"},
      {"verify"},
      {"classify", testing::classifier_file(), "--pair", "a"}};
  for (const auto& arguments : wrong) {
    const auto ran = run(arguments);
    EXPECT_TRUE(ran.complained(2)) << (arguments.empty() ? "" : arguments[0]) << "\n" << show(ran);
    EXPECT_TRUE(ran.out.empty());
  }
}

TEST(Program, WhatCannotBeDoneIsOne) {
  const std::string folder = testing::temporary_folder();
  std::ofstream(folder + "/empty.kgl");
  std::ofstream(folder + "/text.kgl") << "This is no model, though it has a few bytes, more than sixteen.";
  const std::string file = testing::decoder_file();
  const std::vector<std::vector<std::string>> failing = {
      {"generate", folder + "/missing.kgl", "a"},
      {"generate", folder, "a"},
      {"generate", folder + "/empty.kgl", "a"},
      {"verify", folder + "/text.kgl"},
      {"inspect", folder + "/text.kgl"},
      {"generate", testing::translator_file(), "a"},
      {"generate", testing::encoder_file(), "a"},
      {"generate", testing::silent_file(), "a"},
      {"chat", testing::translator_file()},
      {"chat", testing::silent_file()},
      {"translate", file, "a"},
      {"embed", file, "a"},
      {"classify", file, "a"},
      {"classify", testing::encoder_file(), "a"},
      {"generate", file, "--context", "97", "a"},
      {"generate", file, "-p", std::string(200, 'a')},
      {"generate", file, "-n", "500", "a"},
      {"translate", testing::translator_file(), std::string(60, 'a')},
      {"embed", testing::encoder_file(), std::string(60, 'a')},
      {"logits", file, "--tokens", "999"},
      {"logits", file, "--tokens", "1,2", "--output", folder + "/missing/x.npy"},
      {"generate", file, "--stop", "", "a"}};
  for (const auto& arguments : failing) {
    const auto ran = run(arguments);
    EXPECT_TRUE(ran.complained(1)) << arguments[0] << " " << arguments.back().substr(0, 20) << "\n" << show(ran);
  }
}

TEST(Program, ListsKernelSets) {
  for (const auto& command : {"generate", "logits", "bench", "profile"}) {
    const auto ran = run({command, "--isa", "list"});
    EXPECT_EQ(ran.status, 0) << show(ran);
    EXPECT_NE(ran.out.find("portable"), std::string::npos);
    EXPECT_NE(ran.out.find("(default)"), std::string::npos);
    EXPECT_EQ(ran.out, run({"--isa", "list"}).out);
  }
  EXPECT_EQ(run({"--isa", "portable"}).status, 2);
}

TEST(Program, RefusesUnknownKernelSets) {
  const auto file_of = [](const std::string& command) {
    if (command == "translate") return testing::translator_file();
    if (command == "embed") return testing::encoder_file();
    return command == "classify" ? testing::classifier_file() : testing::decoder_file();
  };
  for (const auto& command : kCommands) {
    const auto ran = run({command, file_of(command), "--isa", "mmx"});
    EXPECT_TRUE(ran.complained(2)) << command << "\n" << show(ran);
    EXPECT_NE(ran.err.find("mmx"), std::string::npos) << show(ran);
  }
  EXPECT_EQ(run({"inspect", testing::decoder_file(), "--isa", "portable"}).status, 0);
}

TEST(Program, DamagedFilesNeverCrashIt) {
  const std::string good = testing::decoder_file();
  std::ifstream in(good, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string path = testing::temporary_folder() + "/damaged.kgl";
  for (std::size_t i = 0; i < 40; ++i) {
    std::string damaged = bytes;
    damaged[(i * 7919) % std::min<std::size_t>(bytes.size(), 4096)] ^= static_cast<char>(1 + i % 255);
    if (i % 4 == 0) damaged.resize(bytes.size() * i / 41);
    std::ofstream(path, std::ios::binary) << damaged;
    for (const auto& command : {"verify", "inspect"}) {
      const auto ran = run({command, path});
      EXPECT_TRUE(ran.status == 0 || ran.complained(1)) << i << "\n" << show(ran);
    }
  }
}

TEST(Generate, PrintsThePromptAndWhatFollows) {
  const auto ran = run({"generate", testing::decoder_file(), "-p", "hello", "-n", "10"});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_TRUE(ran.out.starts_with("hello"));
  EXPECT_EQ(ran.out.back(), '\n');
  EXPECT_EQ(run({"generate", testing::decoder_file(), "hello", "-n", "10"}).out, ran.out);
  EXPECT_EQ(run({"generate", testing::decoder_file(), "-n", "10"}, "hello\n").out, ran.out);
  EXPECT_EQ(run({"generate", testing::decoder_file(), "-", "-n", "10"}, "hello").out, ran.out);
  EXPECT_EQ("hello" + run({"generate", testing::decoder_file(), "hello", "-n", "10", "--no-display-prompt"}).out,
            ran.out);
  for (const auto& extra : {"portable"})
    EXPECT_EQ(run({"generate", testing::decoder_file(), "hello", "-n", "10", "--isa", extra, "-t", "1"}).out, ran.out);
}

TEST(Generate, SpeaksJson) {
  const auto ran = run({"generate", testing::decoder_file(), "hello", "-n", "10", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const json made = json::parse(ran.out);
  EXPECT_EQ(made["prompt"], "hello");
  EXPECT_EQ(made["tokens"], 10);
  EXPECT_EQ(made["finish"], "length");
}

TEST(Generate, EndsWithTheContextUnlessItRolls) {
  const auto full = run({"generate", testing::decoder_file(), "hello", "--json"});
  ASSERT_EQ(full.status, 0) << show(full);
  EXPECT_EQ(json::parse(full.out)["finish"], "context");
  const auto rolling = run({"generate", testing::decoder_file(), "hello", "--rolling", "-n", "300", "--json"});
  ASSERT_EQ(rolling.status, 0) << show(rolling);
  EXPECT_EQ(json::parse(rolling.out)["tokens"], 300);
}

// Only the end of a prompt that is too long counts, as if it had come by parts.
TEST(Generate, APromptLongerThanTheContextRolls) {
  const auto continued = [](const std::string& prompt) {
    const auto ran = run({"generate", testing::decoder_file(), prompt, "--rolling", "-n", "5", "--json"});
    EXPECT_EQ(ran.status, 0) << show(ran);
    if (ran.status != 0) return std::string();
    EXPECT_EQ(json::parse(ran.out)["tokens"], 5);
    return json::parse(ran.out)["text"].get<std::string>();
  };
  std::string end;
  for (int i = 0; i < 200; ++i) end += static_cast<char>('a' + i * i % 23);
  const std::string text = continued(std::string(204, 'a') + end);
  EXPECT_EQ(text, continued(std::string(204, 'b') + end));
  EXPECT_NE(text, continued(end + std::string(204, 'a')));
  EXPECT_TRUE(run({"generate", testing::decoder_file(), end, "-n", "5"}).complained(1));
}

TEST(Generate, ASeedDecides) {
  const auto text = [](const char* seed) {
    return run({"generate", testing::decoder_file(), "hello", "-n", "20", "--temperature", "1.5", "--seed", seed}).out;
  };
  EXPECT_EQ(text("1"), text("1"));
  EXPECT_NE(text("1"), text("2"));
}

TEST(Generate, StopStringsEndTheText) {
  const std::string whole = run({"generate", testing::decoder_file(), "hello", "-n", "40", "--no-display-prompt"}).out;
  const std::string stop = whole.substr(10, 3);
  const auto ran = run({"generate", testing::decoder_file(), "hello", "-n", "40", "--no-display-prompt", "--stop",
                        "never seen 0", "--stop", stop});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(ran.out, whole.substr(0, whole.find(stop)) + "\n");
}

TEST(Generate, ControlCEndsItCleanly) {
  const auto ran = testing::run_interrupted({"generate", testing::decoder_file(), "hello", "--rolling"}, 100);
  EXPECT_EQ(ran.status, 130) << ran.err;
  EXPECT_EQ(ran.out.back(), '\n');
  EXPECT_TRUE(ran.err.empty()) << ran.err;
}

TEST(Generate, AReaderThatLeavesIsFine) {
  const std::string command = KINGLET_PROGRAM " generate " + testing::decoder_file() + " hello --rolling | head -c 20";
  const auto ran = testing::run_program("/bin/sh", {"-c", command});
  EXPECT_EQ(ran.out.size(), 20u);
  EXPECT_TRUE(ran.err.empty()) << ran.err;
}

TEST(Generate, AFullDiskIsAFailure) {
  for (const auto& rest : {" generate " + testing::decoder_file() + " hello -n 5 > /dev/full",
                           " inspect " + testing::decoder_file() + " > /dev/full"}) {
    const auto ran = testing::run_program("/bin/sh", {"-c", KINGLET_PROGRAM + rest});
    EXPECT_TRUE(ran.complained(1)) << show(ran);
  }
}

TEST(Chat, AnswersEachLine) {
  const auto ran = run({"chat", testing::decoder_file(), "-n", "5", "--json"}, "hello\nmore\n\n/clear\nhello\n");
  ASSERT_EQ(ran.status, 0) << show(ran);
  std::istringstream lines(ran.out);
  std::vector<json> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(json::parse(line));
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0], answers[2]);
  EXPECT_EQ(answers[0]["finish"], "length");
}

TEST(Translate, OneLineForEachText) {
  const auto alone = [](const std::string& text) {
    return run({"translate", testing::translator_file(), text, "-n", "9"}).out;
  };
  const std::string expected = alone("one") + alone("two three") + alone("z");
  const auto ran = run({"translate", testing::translator_file(), "one", "two three", "z", "-n", "9"});
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(ran.out, expected);
  EXPECT_EQ(run({"translate", testing::translator_file(), "-n", "9"}, "one\ntwo three\r\nz").out, expected);
  EXPECT_EQ(run({"translate", testing::translator_file(), "-", "-n", "9", "--batch", "2"}, "one\ntwo three\nz\n").out,
            expected);
  EXPECT_EQ(run({"translate", testing::translator_file(), "-n", "9"}, "").out, "");
  const json made = json::parse(run({"translate", testing::translator_file(), "one", "-n", "9", "--json"}).out);
  EXPECT_EQ(made["source"], "one");
  EXPECT_EQ(made["text"].get<std::string>() + "\n", alone("one"));
}

TEST(Translate, BeamsGiveTheBestWithTheirScores) {
  const auto translate = [](std::vector<std::string> more) {
    std::vector<std::string> all = {"translate", testing::translator_file(), "-n", "9"};
    all.insert(all.end(), more.begin(), more.end());
    const auto ran = run(all);
    EXPECT_EQ(ran.status, 0) << show(ran);
    return ran.out;
  };
  const std::vector<std::string> texts = {"one", "two three", "z"};
  EXPECT_EQ(translate({"--beam", "1", texts[0], texts[1], texts[2]}), translate(texts));
  std::string alone;
  for (const auto& text : texts)
    alone += translate({"--beam", "4", "--nbest", "3", "--length-penalty", "0.6", "--gnmt", text});
  EXPECT_EQ(translate({"--beam", "4", "--nbest", "3", "--length-penalty", "0.6", "--gnmt", "--batch", "2", texts[0],
                       texts[1], texts[2]}),
            alone);
  std::istringstream lines(alone);
  double last = 0;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const double score = std::stod(line);
    if (count % 3 != 0) {
      EXPECT_LE(score, last);
    }
    EXPECT_NE(line.find('\t'), std::string::npos);
    last = score;
  }
  EXPECT_EQ(count, 9u);
  const json made = json::parse(translate({"--beam", "4", "--nbest", "2", "--early-stopping", "--json", "one"}));
  ASSERT_EQ(made["hypotheses"].size(), 2u);
  EXPECT_EQ(made["hypotheses"][0]["text"], made["text"]);
  EXPECT_EQ(made["hypotheses"][0]["score"], made["score"]);
  EXPECT_GE(made["score"], made["hypotheses"][1]["score"]);
  EXPECT_LE(made["log_prob"], 0);
  EXPECT_FALSE(json::parse(translate({"--json", "one"})).contains("score"));
}

TEST(Generate, BeamsGiveTheBestWithTheirScores) {
  const auto generate = [](std::vector<std::string> more) {
    std::vector<std::string> all = {"generate", testing::decoder_file(), "-n", "9", "-p", "abc"};
    all.insert(all.end(), more.begin(), more.end());
    const auto ran = run(all);
    EXPECT_EQ(ran.status, 0) << show(ran);
    return ran.out;
  };
  EXPECT_EQ(generate({"--beam", "1"}), generate({}));
  const json made = json::parse(generate({"--beam", "3", "--nbest", "3", "--no-early-stopping", "--json"}));
  ASSERT_EQ(made["hypotheses"].size(), 3u);
  EXPECT_EQ(made["hypotheses"][0]["text"], made["text"]);
  EXPECT_EQ("abc" + made["text"].get<std::string>() + "\n", generate({"--beam", "3", "--no-early-stopping"}));
  EXPECT_GE(made["score"], made["hypotheses"][2]["score"]);
  const std::string list = generate({"--beam", "3", "--nbest", "3"});
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 3);
}

TEST(Embed, OneVectorForEachText) {
  const auto ran = run({"embed", testing::encoder_file(), "one", "two"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  std::istringstream lines(ran.out);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream numbers(line);
    double sum = 0, x = 0;
    std::size_t width = 0;
    for (; numbers >> x; ++width) sum += x * x;
    EXPECT_EQ(width, 24u);
    EXPECT_NEAR(sum, 1, 1e-4);  // the model ends in an L2 norm
  }
  EXPECT_EQ(count, 2u);
  const json made = json::parse(run({"embed", testing::encoder_file(), "one", "--json"}).out);
  EXPECT_EQ(made["text"], "one");
  EXPECT_EQ(made["vector"].size(), 24u);
  EXPECT_EQ(run({"embed", testing::encoder_file(), std::string(60, 'a'), "--truncate"}).status, 0);
}

TEST(Classify, LabelsBestFirst) {
  const auto ran = run({"classify", testing::classifier_file(), "one", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  const json made = json::parse(ran.out);
  ASSERT_EQ(made["labels"].size(), 24u);
  double sum = 0, last = 1;
  for (const auto& label : made["labels"]) {
    EXPECT_LE(label["probability"].get<double>(), last);
    sum += last = label["probability"].get<double>();
  }
  EXPECT_NEAR(sum, 1, 1e-4);
  const auto best = run({"classify", testing::classifier_file(), "one", "--top", "1"});
  EXPECT_TRUE(best.out.starts_with(made["labels"][0]["label"].get<std::string>() + "\t")) << show(best);
  const auto pair = run({"classify", testing::classifier_file(), "one", "two", "--pair", "--top", "2"});
  EXPECT_EQ(pair.status, 0);
  EXPECT_EQ(pair.out.find("one"), std::string::npos) << show(pair);
}

// Each answer says which text it belongs to, as soon as there may be several.
TEST(Classify, NamesTheTextAmongSeveral) {
  const auto labels = [](const std::string& text) {
    return run({"classify", testing::classifier_file(), text, "--top", "1"}).out;
  };
  const std::string both = "one\t" + labels("one") + "two\t" + labels("two");
  EXPECT_EQ(run({"classify", testing::classifier_file(), "one", "two", "--top", "1"}).out, both);
  EXPECT_EQ(run({"classify", testing::classifier_file(), "--top", "1"}, "one\ntwo\n").out, both);
  EXPECT_EQ(run({"classify", testing::classifier_file(), "--top", "1"}, "one\n").out, "one\t" + labels("one"));
  const auto pairs = run({"classify", testing::classifier_file(), "a", "b", "c", "d", "--pair", "--top", "1"});
  EXPECT_TRUE(pairs.out.starts_with("a\tb\t")) << show(pairs);
  EXPECT_NE(pairs.out.find("\nc\td\t"), std::string::npos) << show(pairs);
}

TEST(Logits, TheSameBitsHoweverTheTokensAreFed) {
  const std::string tokens = "2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18";
  const std::string digest = run({"logits", testing::decoder_file(), "--tokens", tokens, "--digest"}).out;
  EXPECT_EQ(digest.size(), 65u);
  const std::vector<std::vector<std::string>> ways = {{"--chunk", "1"}, {"--chunk", "5"},      {"-t", "1"},
                                                      {"-t", "3"},      {"--isa", "portable"}, {"--context", "96"}};
  for (const auto& way : ways) {
    std::vector<std::string> arguments = {"logits", testing::decoder_file(), "--tokens", tokens, "--digest"};
    arguments.insert(arguments.end(), way.begin(), way.end());
    EXPECT_EQ(run(arguments).out, digest) << way[0];
  }
  EXPECT_NE(run({"logits", testing::decoder_file(), "--tokens", "2,3,4", "--digest"}).out, digest);
}

TEST(Logits, WritesNpy) {
  const std::string path = testing::temporary_folder() + "/logits.npy";
  const auto ran = run({"logits", testing::translator_file(), "--tokens", "2,3", "--decoder-tokens", "0,4,5",
                        "--output", path, "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  EXPECT_EQ(json::parse(ran.out)["positions"], 3);
  EXPECT_EQ(json::parse(ran.out)["width"], 37);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_TRUE(bytes.starts_with("\x93NUMPY\x01"));
  EXPECT_NE(bytes.find("'shape': (3, 37)"), std::string::npos);
  EXPECT_EQ(bytes.size() % 64, (3 * 37 * 4) % 64u);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
}

TEST(Inspect, ShowsTheProgramAndTheArena) {
  const auto ran = run({"inspect", testing::translator_file(), "-t", "1"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  for (const auto& part : {"encode:", "step:", "Attention", "CacheKeyValue", "weights", "arena:", "working memory"})
    EXPECT_NE(ran.out.find(part), std::string::npos) << part;
  const json made = json::parse(
      run({"inspect", testing::translator_file(), "--json", "-t", "1", "--context", "16", "--sequences", "3"}).out);
  EXPECT_EQ(made["limits"]["context"], 16);
  EXPECT_EQ(made["limits"]["sequences"], 3);
  EXPECT_EQ(
      made["arena"]["bytes"].get<long>(),
      made["arena"]["tables"].get<long>() + made["arena"]["states"].get<long>() + made["arena"]["working"].get<long>());
  EXPECT_EQ(made["encode"].size(), 5u);
}

TEST(Verify, FindsADamagedWeight) {
  EXPECT_EQ(run({"verify", testing::encoder_file()}).status, 0);
  EXPECT_EQ(json::parse(run({"verify", testing::encoder_file(), "--json"}).out)["ok"], true);
  std::ifstream in(testing::encoder_file(), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  bytes[bytes.size() - 64 * 8] ^= 1;
  const std::string path = testing::temporary_folder() + "/damaged_weight.kgl";
  std::ofstream(path, std::ios::binary) << bytes;
  const auto ran = run({"verify", path});
  EXPECT_TRUE(ran.complained(1)) << show(ran);
  EXPECT_NE(ran.err.find("checksum"), std::string::npos);
}

// A file of a later version is told apart from a damaged one, by every command that reads it.
TEST(Program, NamesTheFormatOfANewerFile) {
  const std::string path = testing::temporary_folder() + "/newer.kgl";
  const auto file = testing::text_decoder([](fb::ModelT& model) { model.version += 1; });
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  for (const char* command : {"inspect", "verify", "generate", "logits", "bench"}) {
    std::vector<std::string> arguments = {command, path};
    if (std::string(command) == "generate") arguments.emplace_back("a");
    if (std::string(command) == "logits") arguments.insert(arguments.end(), {"--tokens", "1"});
    const auto ran = run(arguments);
    EXPECT_TRUE(ran.complained(1)) << show(ran);
    EXPECT_EQ(ran.err, "kinglet: " + path +
                           ": written by a newer Kinglet, in format version 5; this one reads up to 4: update " +
                           "Kinglet, or convert the model with this one\n");
  }
}

}  // namespace
}  // namespace kinglet
