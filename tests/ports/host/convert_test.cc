// kinglet-convert as people run it, and what its files do in kinglet.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/ports/host/program.h"

namespace kinglet {
namespace {

namespace fs = std::filesystem;
using testing::run;
using testing::show;

const fs::path kGoldens = fs::path(KINGLET_SOURCE_DIR) / "tests" / "goldens";

testing::Ran convert(const std::vector<std::string>& arguments, const std::string& in = "") {
  return testing::run_program(KINGLET_CONVERT, arguments, in);
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string golden(const std::string& name) { return (kGoldens / name).string(); }

// What is written is never what is read, by whichever name, and two results are two files.
TEST(ConvertProgram, DoesNotWriteOverWhatItReads) {
  const fs::path folder = fs::path(testing::temporary_folder()) / "own";
  fs::remove_all(folder);
  fs::copy(golden("rnn-gru-dot-tied"), folder);
  const std::string model = (folder / "model.kgl").string();
  ASSERT_EQ(convert({folder.string(), "-o", model}).status, 0);
  ASSERT_EQ(convert({folder.string(), "-o", model}).status, 0);  // its own result may be made again
  fs::create_symlink(model, folder / "link.html");
  const auto before = bytes_of(model), weights = bytes_of(folder / "model.safetensors");
  const auto refused = [](const testing::Ran& ran, const std::string& what) {
    EXPECT_EQ(ran.status, 1) << show(ran);
    EXPECT_NE(ran.err.find(what), std::string::npos) << show(ran);
  };
  const std::string source = folder.string(), config = (folder / "config.json").string(),
                    link = (folder / "link.html").string();
  refused(convert({source, "-o", (folder / "model.safetensors").string()}), "is read here");
  refused(convert({source, "-o", source + "/../own/config.json"}), "is read here");
  refused(convert({source, "-o", model, "--report", model}), "cannot be the report, too");
  refused(convert({source, "-o", model, "--report", link}), "cannot be the report, too");
  refused(convert({"compare", source, model, "--report", link}), "is read here");
  refused(convert({"eval", source, "--tokens", "1", "--output", config}), "is read here");
  refused(run({"logits", model, "--tokens", "1", "--decoder-tokens", "1", "--output", model}), "is read here");
  refused(run({"translate", model, "a", "--attention", link}), "is read here");
  refused(run({"profile", model, "--roofline", link}), "is read here");
  EXPECT_EQ(bytes_of(model), before);
  EXPECT_EQ(bytes_of(folder / "model.safetensors"), weights);
}

TEST(ConvertProgram, EvalPrintsTheBestTokens) {
  const auto ran = convert({"eval", golden("llama"), "--tokens", "1,5,9", "--json"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  EXPECT_NE(ran.out.find("\"rows\":3,\"width\":112"), std::string::npos) << ran.out;
  EXPECT_EQ(convert({"eval", golden("llama"), "--tokens", "-", "--json"}, "1 5 9\n").out, ran.out);
  const auto npy = convert({"eval", golden("llama"), "--tokens", "1,5,9", "--output", "-"});
  EXPECT_NE(npy.out.find("'shape': (3, 112)"), std::string::npos);
}

TEST(ConvertProgram, EvalTakesSeveralSequences) {
  const auto one = convert({"eval", golden("marian"), "--tokens", "5,9,0", "--decoder-tokens", "103,7", "--json"});
  const auto other = convert({"eval", golden("marian"), "--tokens", "8,0", "--decoder-tokens", "103,1,2", "--json"});
  const std::vector<std::string> both = {
      "eval",  golden("marian"),   "--tokens", "5,9,0", "--tokens", "8,0", "--decoder-tokens",
      "103,7", "--decoder-tokens", "103,1,2"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), both.begin(), both.end());
    return convert(more);
  };
  EXPECT_EQ(with({"--json"}).out, one.out + other.out);
  const auto npz = with({"--output", "-"});
  ASSERT_EQ(npz.status, 0) << show(npz);
  EXPECT_TRUE(npz.out.starts_with("PK"));
  EXPECT_NE(npz.out.find("'shape': (2, 104)"), std::string::npos);
  EXPECT_NE(npz.out.find("'shape': (3, 104)"), std::string::npos);
  const auto uneven = with({"--tokens", "4"});
  EXPECT_EQ(uneven.status, 2);
  EXPECT_NE(uneven.err.find("--decoder-tokens is given 2 times and --tokens 3 times"), std::string::npos)
      << show(uneven);
}

TEST(ConvertProgram, EvalKnowsItsTokenTypes) {
  const auto with = [](const std::string& model, const std::string& types) {
    return convert({"eval", golden(model), "--tokens", "5,9", "--types", types});
  };
  EXPECT_EQ(with("bert", "0,1").status, 0);
  EXPECT_NE(with("bert", "0,1").out, with("bert", "0,0").out);
  const auto high = with("bert", "0,2");
  EXPECT_EQ(high.status, 1);
  EXPECT_NE(high.err.find("--types: 2 for"), std::string::npos) << show(high);
  EXPECT_NE(high.err.find("knows token types 0 to 1"), std::string::npos) << show(high);
  const auto byte = with("bert", "0,256");
  EXPECT_EQ(byte.status, 2);
  EXPECT_NE(byte.err.find("--types: 256 is not in 0 to 255"), std::string::npos) << show(byte);
  EXPECT_EQ(with("llama", "0,1").status, 1);
  EXPECT_EQ(with("llama", "0,0").status, 0);
  EXPECT_NE(with("bert", "0").err.find("--types: 1 for 2 tokens"), std::string::npos);
  EXPECT_EQ(convert({"eval", golden("bert"), "--tokens", "99999999999"}).status, 2);
}

TEST(ConvertProgram, CompareNamesTheWorstLayer) {
  const std::string file = testing::temporary_folder() + "/compared.kgl";
  ASSERT_EQ(convert({golden("gpt2"), "-o", file}).status, 0);
  const auto ran = convert({"compare", golden("gpt2"), file});
  ASSERT_EQ(ran.status, 0) << show(ran);
  EXPECT_NE(ran.out.find("worst"), std::string::npos);
  const auto other = convert({"compare", golden("llama"), file});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.err.find("not made from this checkpoint"), std::string::npos) << show(other);
}

TEST(ConvertProgram, CompareLetsTheModelsWrite) {
  const std::string file = testing::temporary_folder() + "/writing.kgl";
  ASSERT_EQ(convert({golden("llama"), "-o", file}).status, 0);
  const auto ran = convert({"compare", golden("llama"), file, "--sample", "40", "--seed", "3"});
  ASSERT_EQ(ran.status, 0) << show(ran);
  EXPECT_NE(ran.out.find("on 40 tokens of texts by the float model: float "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("on 40 tokens of texts by the int8 model: float "), std::string::npos) << ran.out;
  const auto json =
      nlohmann::json::parse(convert({"compare", golden("llama"), file, "--sample", "40", "--seed", "3", "--json"}).out);
  ASSERT_EQ(json.at("perplexities").size(), 2U);
  EXPECT_GT(json["perplexities"][0].at("float").get<double>(), 1);
  EXPECT_EQ(convert({"compare", golden("llama"), file, "--sample", "0"}).status, 2);
  ASSERT_EQ(convert({golden("bert"), "-o", file}).status, 0);
  const auto bert = convert({"compare", golden("bert"), file, "--sample", "40"});
  EXPECT_EQ(bert.status, 1);
  EXPECT_NE(bert.err.find("decoder-only"), std::string::npos) << show(bert);
}

TEST(ConvertProgram, BadUsageAndBadInputHaveTheirStatus) {
  EXPECT_EQ(convert({}).status, 2);
  EXPECT_EQ(convert({golden("llama")}).status, 2);
  EXPECT_EQ(convert({"eval", golden("llama")}).status, 2);
  EXPECT_EQ(convert({"eval", golden("llama"), "--tokens", "1,x"}).status, 2);
  EXPECT_EQ(convert({"eval", golden("llama"), "--tokens", "100000"}).status, 1);
  EXPECT_EQ(convert({"/nowhere", "-o", testing::temporary_folder() + "/never.kgl"}).status, 1);
  EXPECT_FALSE(fs::exists(testing::temporary_folder() + "/never.kgl"));
  for (const auto& command : {std::vector<std::string>{"--version"}, {"eval", "--version"}, {"compare", "--version"}})
    EXPECT_EQ(convert(command).status, 0);
}

// A name is whatever somebody typed, and models come from anywhere.
TEST(ConvertProgram, NamesDoNotReachTheTerminalAsCommands) {
  const std::string file = testing::temporary_folder() + "/named.kgl";
  const auto made = convert({golden("llama"), "-o", file, "--name", "a\x1b[2Jb\nc\xc2\x9b"});
  ASSERT_EQ(made.status, 0) << show(made);
  EXPECT_TRUE(made.out.starts_with("a\\x1b[2Jb\\x0ac\\xc2\\x9b (llama) -> ")) << made.out;
  const auto compared = convert({"compare", golden("llama"), file});
  EXPECT_TRUE(compared.out.starts_with("a\\x1b[2Jb\\x0ac\\xc2\\x9b (llama), ")) << compared.out;
  EXPECT_TRUE(run({"inspect", file}).out.starts_with("a\\x1b[2Jb\\x0ac\\xc2\\x9b: llama, "));
  const auto bench = run({"bench", file, "-p", "2", "-n", "2", "-r", "1"});
  EXPECT_EQ(bench.out.find('\x1b'), std::string::npos);
  // JSON has the name as it is; a terminal does not get it.
  EXPECT_EQ(nlohmann::json::parse(run({"inspect", file, "--json"}).out).at("name"), "a\x1b[2Jb\nc\xc2\x9b");
  const auto shown = testing::run_on_terminal({"inspect", file, "--json"});
  ASSERT_EQ(shown.status, 0) << show(shown);
  EXPECT_NE(shown.out.find("c\\xc2\\x9b"), std::string::npos);
  EXPECT_EQ(shown.out.find("\xc2\x9b"), std::string::npos);
  const auto error = convert({"/nowhere\x1b[2J", "-o", file});
  EXPECT_EQ(error.status, 1);
  EXPECT_NE(error.err.find("/nowhere\\x1b[2J"), std::string::npos) << show(error);
}

TEST(ConvertProgram, AModelOnStdoutIsTheModel) {
  const std::string file = testing::temporary_folder() + "/piped.kgl";
  ASSERT_EQ(convert({golden("llama"), "-o", file}).status, 0);
  const auto piped = convert({golden("llama"), "-o", "-"});
  EXPECT_EQ(piped.status, 0);
  EXPECT_TRUE(piped.out == bytes_of(file));
}

// Byte-level BPE without merges over printable ASCII: as many tokens as a tiny model has.
std::string ascii_tokenizer() {
  nlohmann::json vocabulary = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}, {"\u0120", 3}, {"\u010a", 4}};
  for (char c = '!'; c <= '~'; ++c) vocabulary[std::string(1, c)] = vocabulary.size();
  return nlohmann::json{{"added_tokens", nlohmann::json::array()},
                        {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
                        {"decoder", {{"type", "ByteLevel"}}},
                        {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", nlohmann::json::array()}}}}
      .dump();
}

// A checkpoint with a chat template becomes a file that chats.
TEST(ConvertProgram, KeepsTheChatTemplate) {
  const std::string folder = testing::temporary_folder() + "/chatting";
  fs::create_directories(folder);
  fs::copy(kGoldens / "llama", folder, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  std::ofstream(folder + "/tokenizer.json") << ascii_tokenizer();
  fs::copy(kGoldens / "chat" / "llama-3" / "tokenizer_config.json", folder, fs::copy_options::overwrite_existing);
  const std::string file = folder + "/chat.kgl";
  const auto made = convert({folder, "-o", file});
  ASSERT_EQ(made.status, 0) << show(made);
  EXPECT_NE(run({"inspect", file}).out.find("chat       template"), std::string::npos);
  const auto ran = run({"chat", file, "-n", "4"}, "hi\n");
  EXPECT_EQ(ran.status, 0) << show(ran);
  EXPECT_FALSE(ran.out.empty());
}

// --output follows links and leaves devices and pipes what they are.
TEST(LogitsOutput, LeavesOtherThingsThanFilesAsTheyAre) {
  const std::string folder = testing::temporary_folder();
  const std::string pipe = folder + "/pipe", link = folder + "/link.npy", target = folder + "/target.npy";
  const auto logits = [](const std::string& out) {
    return run({"logits", testing::decoder_file(), "--tokens", "2,3", "--output", out});
  };
  std::ofstream(target) << "old";
  fs::remove(link);
  fs::create_symlink(target, link);
  ASSERT_EQ(logits(link).status, 0);
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(bytes_of(target).substr(1, 5), "NUMPY");
  EXPECT_EQ(logits("/dev/null").status, 0);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_TRUE(logits("/dev/full").complained(1));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  EXPECT_TRUE(logits("-").out.find("NUMPY") == 1);
  fs::remove(pipe);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(run({"inspect", pipe}).complained(1));  // and does not wait for a writer
}

}  // namespace
}  // namespace kinglet
