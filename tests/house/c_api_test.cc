// The C API: its headers compile as C99 and C++20 by every compiler at hand and for bare machines; what they declare is what the library
// exports; and whatever the C++ API can do has its counterpart, reviewed in the one list below.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "api.h"

namespace kinglet::house {
namespace {

// Each public function of C++, by its class, and how C says it.
const std::map<std::string, Names> kCounterparts = {
    {"Message::text", {}},  // kinglet_status says it
    {"Model::open", {"kinglet_model_open"}},
    {"open_signed", {"kinglet_model_open_signed"}},
    {"Model::verify_checksums", {"kinglet_model_verify_checksums"}},
    {"Model::root",
     {"kinglet_model_get_info", "kinglet_model_label", "kinglet_model_language", "kinglet_model_property",
      "kinglet_model_property_key", "kinglet_model_tokens", "kinglet_model_operator_name",
      "kinglet_model_operator_type"}},
    {"Model::data", {}},  // weights as the kernels read them: of no use without the schema
    {"Model::bytes", {"kinglet_model_get_info"}},
    {"Model::has_encoder", {"kinglet_model_get_info"}},
    {"Model::has_decoder", {"kinglet_model_get_info"}},
    {"isas", {"kinglet_isa_count", "kinglet_isa_get"}},
    {"IsaList::begin", {"kinglet_isa_get"}},
    {"IsaList::end", {"kinglet_isa_get"}},
    {"IsaList::size", {"kinglet_isa_count"}},
    {"Plan::make", {"kinglet_plan_make", "kinglet_plan_get_info", "kinglet_plan_get_limits"}},
    {"Observation::read", {"kinglet_observation_read"}},
    {"Provided::layer", {}},  // a provider is C++, and a port's
    {"Provided::weights", {}},
    {"Provided::copy_input", {}},
    {"Provided::most_grids", {}},
    {"Provided::grids", {}},
    {"Provided::input", {}},
    {"Provided::addend", {}},
    {"Provided::quantized_input", {}},
    {"Provided::input_scales", {}},
    {"Provided::output", {}},
    {"Provided::finish", {}},
    {"Session::create", {"kinglet_session_create"}},
    {"Session::encode", {"kinglet_session_encode"}},
    {"Session::step", {"kinglet_session_step"}},
    {"Session::outputs", {"kinglet_session_outputs"}},
    {"Session::output", {"kinglet_session_output"}},
    {"Session::length", {"kinglet_session_length"}},
    {"Session::source_length", {"kinglet_session_source_length"}},
    {"Session::truncate", {"kinglet_session_truncate"}},
    {"Session::forget", {"kinglet_session_forget"}},
    {"Session::reorder", {"kinglet_session_reorder"}},
    {"Session::restrict", {"kinglet_session_restrict"}},
    {"Session::pick", {"kinglet_session_pick"}},
    {"Session::stop_picking", {"kinglet_session_stop_picking"}},
    {"Session::picked", {"kinglet_session_picked"}},
    {"Session::capture", {"kinglet_session_capture", "kinglet_capture_make"}},
    {"Session::captures", {"kinglet_session_captures"}},
    {"Session::plan", {"kinglet_session_get_plan", "kinglet_session_get_limits"}},
    {"Session::isa", {"kinglet_session_isa"}},
    {"Session::kernels", {"kinglet_sampler_create", "kinglet_beam_search_create"}},  // which take the session
    {"attention_count", {"kinglet_model_get_info"}},
    {"attention_info", {"kinglet_model_get_attention"}},
    {"verify_tokenizer", {"kinglet_model_open"}},
    {"Tokenizer::open", {"kinglet_tokenizer_open"}},
    {"Tokenizer::scratch_bytes", {"kinglet_tokenizer_scratch_bytes"}},
    {"Tokenizer::encode", {"kinglet_tokenizer_encode"}},
    {"Tokenizer::encode_pair", {"kinglet_tokenizer_encode_pair"}},
    {"Tokenizer::decode", {"kinglet_tokenizer_decode", "kinglet_tokenizer_decode_next"}},
    {"Tokenizer::finish", {"kinglet_tokenizer_finish"}},
    {"Tokenizer::decode_bytes", {"kinglet_tokenizer_decode_bytes"}},
    {"Tokenizer::count", {"kinglet_tokenizer_count"}},
    {"Tokenizer::find", {"kinglet_tokenizer_find"}},
    {"Tokenizer::piece", {"kinglet_tokenizer_piece"}},
    {"Tokenizer::is_special", {"kinglet_tokenizer_is_special"}},
    {"Sampler::workspace_bytes", {"kinglet_sampler_workspace_bytes"}},
    {"Sampler::create", {"kinglet_sampler_create"}},
    {"Sampler::next", {"kinglet_sampler_next"}},
    {"Sampler::greedy", {"kinglet_sampler_is_greedy"}},
    {"TokenMarks::workspace_bytes", {"kinglet_token_marks_workspace_bytes", "kinglet_token_marks_create"}},
    {"TokenMarks::stop", {"kinglet_token_marks_stop"}},
    {"TokenMarks::suppress", {"kinglet_token_marks_suppress"}},
    {"TokenMarks::suppress_first", {"kinglet_token_marks_suppress_first"}},
    {"TokenMarks::stops", {"kinglet_token_marks_stops"}},
    {"TokenMarks::any_stops", {"kinglet_token_marks_stops"}},
    {"TokenMarks::suppressed", {"kinglet_token_marks_suppressed"}},
    {"TokenMarks::vocabulary", {"kinglet_token_marks_create"}},  // the caller's own argument
    {"BeamSearch::workspace_bytes", {"kinglet_beam_search_workspace_bytes"}},
    {"BeamSearch::create", {"kinglet_beam_search_create"}},
    {"BeamSearch::running", {"kinglet_beam_search_running"}},
    {"BeamSearch::made", {"kinglet_beam_search_made"}},
    {"BeamSearch::done", {"kinglet_beam_search_running"}},
    {"BeamSearch::consider", {"kinglet_beam_search_consider"}},
    {"BeamSearch::considered_all", {"kinglet_beam_search_considered_all"}},
    {"BeamSearch::advance", {"kinglet_beam_search_advance"}},
    {"BeamSearch::parent", {"kinglet_beam_search_next"}},
    {"BeamSearch::token", {"kinglet_beam_search_next"}},
    {"BeamSearch::results", {"kinglet_beam_search_results"}},
    {"BeamSearch::result", {"kinglet_beam_search_result"}},
    {"BeamSearch::write", {"kinglet_beam_search_result"}},
    {"Generator::workspace_bytes", {"kinglet_generator_workspace_bytes"}},
    {"Generator::create", {"kinglet_generator_create"}},
    {"Generator::clear", {"kinglet_generator_clear"}},
    {"Generator::add", {"kinglet_generator_add_text", "kinglet_generator_add_tokens"}},
    {"Generator::truncate", {"kinglet_generator_truncate"}},
    {"Generator::names_special", {"kinglet_generator_names_special"}},
    {"Generator::generate", {"kinglet_generator_generate"}},
    {"Generator::results", {"kinglet_generator_results"}},
    {"Generator::result", {"kinglet_generator_result"}},
    {"Generator::text", {"kinglet_generator_result_text"}},
    {"Generator::tokens", {"kinglet_generator_tokens"}},
    {"Chat::has_template", {"kinglet_model_get_info"}},
    {"Chat::rendered_bytes", {"kinglet_chat_rendered_bytes"}},
    {"Chat::create", {"kinglet_chat_create"}},
    {"Chat::say", {"kinglet_chat_say"}},
    {"Chat::clear", {"kinglet_chat_clear"}},
    {"Translator::workspace_bytes", {"kinglet_translator_workspace_bytes"}},
    {"Translator::create", {"kinglet_translator_create"}},
    {"Translator::translate", {"kinglet_translator_translate", "kinglet_translator_translate_grids"}},
    {"Translator::source_tokens", {"kinglet_translator_source_tokens"}},
    {"Translator::tokens", {"kinglet_translator_tokens"}},
    {"Embedder::workspace_bytes", {"kinglet_embedder_workspace_bytes"}},
    {"Embedder::create", {"kinglet_embedder_create"}},
    {"Embedder::embed", {"kinglet_embedder_embed"}},
    {"Embedder::count", {"kinglet_embedder_count"}},
    {"Embedder::rows", {"kinglet_embedder_rows"}},
    {"Embedder::vector", {"kinglet_embedder_vector"}},
    {"Embedder::tokens", {"kinglet_embedder_tokens"}},
    {"Embedder::pools", {"kinglet_embedder_pools"}},
    {"Embedder::session", {"kinglet_embedder_create"}},  // the caller's own argument
    {"Embedder::tokenizer", {"kinglet_tokenizer_open"}},
    {"Classifier::workspace_bytes", {"kinglet_classifier_workspace_bytes"}},
    {"Classifier::create", {"kinglet_classifier_create"}},
    {"Classifier::classify", {"kinglet_classifier_classify"}},
    {"Classifier::probabilities", {"kinglet_classifier_probabilities"}},
    {"Classifier::best", {"kinglet_classifier_best"}},
    {"Classifier::rows", {"kinglet_classifier_rows"}},
    {"Classifier::tokens", {"kinglet_classifier_tokens"}},
    {"Classifier::labels_tokens", {"kinglet_classifier_labels_tokens"}},
    {"Classifier::labels", {"kinglet_classifier_labels"}},
    {"Classifier::label", {"kinglet_classifier_label"}},
    {"Classifier::embedder", {"kinglet_classifier_logits"}},
    {"SoundInput::workspace_bytes", {"kinglet_sound_input_workspace_bytes"}},
    {"SoundInput::create", {"kinglet_sound_input_create"}},
    {"SoundInput::rate", {"kinglet_sound_input_rate"}},
    {"SoundInput::samples", {"kinglet_sound_input_samples"}},
    {"SoundInput::size", {"kinglet_sound_input_size"}},
    {"SoundInput::features", {"kinglet_sound_input_features", "kinglet_sound_input_features_of_16_bits"}},
    {"PictureInput::workspace_bytes", {"kinglet_picture_input_workspace_bytes"}},
    {"PictureInput::create", {"kinglet_picture_input_create"}},
    {"PictureInput::size", {"kinglet_picture_input_size"}},
    {"PictureInput::prepare", {"kinglet_picture_input_prepare"}},
};

// What C alone has.
const Names kOnlyInC = {"kinglet_api_version", "kinglet_text_of"};

Names declared_in_c() {
  static const std::regex function(R"(\b(kinglet_\w+)\()");
  Names names;
  for (const auto& source : sources_of_project()) {
    if (!is_c(source)) continue;
    for (const std::string& line : code_of(source)) {
      std::smatch match;
      if (std::regex_search(line, match, function) && line.find("sizeof") == std::string::npos) names.insert(match[1]);
    }
  }
  return names;
}

TEST(CApi, WhateverCppCanDoHasACounterpart) {
  const auto all = functions_of_cpp();
  const Names functions(all.begin(), all.end());
  for (const auto& name : functions) EXPECT_TRUE(kCounterparts.contains(name)) << name << " has no counterpart in C";
  for (const auto& [name, in_c] : kCounterparts)
    EXPECT_TRUE(functions.contains(name)) << name << " is no function any more";
}

TEST(CApi, EveryFunctionIsOneOfTheCounterparts) {
  Names reviewed = kOnlyInC;
  for (const auto& [name, in_c] : kCounterparts) reviewed.insert(in_c.begin(), in_c.end());
  EXPECT_EQ(declared_in_c(), reviewed);
}

// The structs that callers fill or read, in C++ and in C.
const std::map<std::string, std::string> kStructs = {
    {"CpuFeatures", "kinglet_cpu_features"},
    {"Limits", "kinglet_limits"},
    {"SessionOptions", "kinglet_session_options"},
    {"Chunk", "kinglet_chunk"},
    {"Grid", "kinglet_grid"},
    {"AttentionInfo", "kinglet_attention_info"},
    {"DecodeState", "kinglet_decode_state"},
    {"SamplerOptions", "kinglet_sampler_options"},
    {"Draw", "kinglet_draw"},
    {"BeamOptions", "kinglet_beam_options"},
    {"Hypothesis", "kinglet_hypothesis"},
    {"GenerateOptions", "kinglet_generate_options"},
    {"Generated", "kinglet_generated"},
    {"GeneratorOptions", "kinglet_generator_options"},
    {"TranslateOptions", "kinglet_translate_options"},
    {"TranslatorOptions", "kinglet_translator_options"},
    {"Translation", "kinglet_translation"},
    {"Passage", "kinglet_passage"},
    {"EmbedOptions", "kinglet_embed_options"},
    {"PixelBuffer", "kinglet_pixel_buffer"},
};

// The code of a struct, whichever header has it.
std::string body_of(const std::string& name) {
  const std::string cpp = "struct " + name + " {", c = "typedef struct " + name + " {";
  for (const auto& source : sources_of_project()) {
    if (!is_public(source)) continue;
    const auto code = code_of(source);
    for (std::size_t i = 0; i < code.size(); ++i) {
      if (code[i] != cpp && code[i] != c) continue;
      std::string body;
      for (++i; !code[i].starts_with("}"); ++i) body += code[i] + "\n";
      return body;
    }
  }
  return "";
}

// What only C++ has: a provider is C++ itself, and a port's.
const Names kOnlyInCpp = {"SessionOptions::provider"};

TEST(CApi, EveryFieldHasACounterpart) {
  static const std::regex field(R"((\w+)(?:\[\d+\])?(?:\s*=[^;]*)?;)");
  for (const auto& [cpp, c] : kStructs) {
    const std::string ours = body_of(cpp), theirs = body_of(c);
    ASSERT_FALSE(ours.empty()) << cpp;
    for (std::sregex_iterator at(ours.begin(), ours.end(), field), end; at != end; ++at) {
      const std::string name = (*at)[1];
      if (kOnlyInCpp.contains(cpp + "::" + name)) continue;
      EXPECT_TRUE(std::regex_search(theirs, std::regex("\\b" + name))) << cpp << "::" << name << " is not in " << c;
    }
  }
}

// Of all that the library defines, C names are the API's and no other.
TEST(CApi, TheLibraryExportsWhatTheHeadersDeclare) {
  Names exported;
  std::istringstream lines(
      output_of(std::string("nm --portability --defined-only --extern-only ") + KINGLET_RUNTIME_ARCHIVE));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, type;
    if (words >> name >> type && type.size() == 1 && !name.starts_with("_Z")) exported.insert(name);
  }
  EXPECT_EQ(exported, declared_in_c());
}

// What tests/runtime/capi/refusals_test.cc does not try.
const Names kNotTried = {"kinglet_text_of",            // takes a terminated string
                         "kinglet_observation_read"};  // of what a callback is given

TEST(CApi, EveryFunctionIsTriedWithEveryArgument) {
  // One name is a string and a function; encode_pair has arguments of its own.
  static const std::regex tried(R"rx(attack\("(kinglet_\w+)", (\w+)\);)rx");
  Names names = kNotTried;
  for (const auto& source : sources_of_project()) {
    if (source.path != "tests/runtime/capi/refusals_test.cc") continue;
    for (const std::string& line : source.lines) {
      std::smatch match;
      if (!std::regex_search(line, match, tried)) continue;
      EXPECT_TRUE(match[1] == match[2] || match[2] == "encode_pair") << line;
      EXPECT_TRUE(names.insert(match[1]).second) << line;
    }
  }
  EXPECT_EQ(names, declared_in_c());
}

bool runs(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

// A program that names every initializer.
std::string program() {
  std::string text = "#include \"kinglet/kinglet.h\"\n";
  static const std::regex initializer(R"(#define (KINGLET_[A-Z_]+) \\$)");
  for (const auto& source : sources_of_project()) {
    if (!is_c(source)) continue;
    for (const std::string& line : source.lines) {
      std::smatch match;
      if (!std::regex_search(line, match, initializer)) continue;
      std::string type = match[1];
      if (type == "KINGLET_CLOSED") type = "KINGLET_MODEL";  // of any handle
      for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      text += "extern " + type + " v_" + type + ";\n" + type + " v_" + type + " = " + match[1].str() + ";\n";
    }
  }
  return text + "kinglet_session handle;\n";
}

TEST(CApi, TheHeaderCompilesEverywhere) {
  const std::string folder = KINGLET_HEADERS_FOLDER;
  std::ofstream(folder + "/c_api.c") << program();
  ASSERT_NE(program().find("kinglet_limits"), std::string::npos);
  const std::string includes =
      " -I" KINGLET_SOURCE_DIR "/runtime/include -c " + folder + "/c_api.c -o " + folder + "/c_api.o";
  const std::string strict = " -Wall -Wextra -pedantic -Werror";
  const std::pair<const char*, const char*> compilers[] = {
      {"gcc", "g++"}, {"clang", "clang++"}, {"arm-none-eabi-gcc", "arm-none-eabi-g++"}};
  int compiled = 0;
  for (const auto& [c, cpp] : compilers) {
    if (!runs(std::string(c) + " --version")) continue;
    for (const char* standard : {"c99", "c11", "c17"})
      EXPECT_TRUE(runs(c + std::string(" -x c -ffreestanding -std=") + standard + strict + includes))
          << c << " " << standard;
    if (!runs(std::string(cpp) + " --version")) continue;
    EXPECT_TRUE(runs(cpp + std::string(" -x c++ -ffreestanding -std=c++20 -Wconversion") + strict + includes)) << cpp;
    ++compiled;
  }
  EXPECT_GT(compiled, 0);
}

// The C example of README.md, as it stands there.
TEST(CApi, TheReadmesExampleCompiles) {
  std::ifstream readme(KINGLET_SOURCE_DIR "/README.md");
  std::string example;
  bool inside = false;
  for (std::string line; std::getline(readme, line);) {
    if (line == "```") inside = false;
    if (inside) example += line + "\n";
    if (line == "```c") inside = true;
  }
  ASSERT_FALSE(example.empty());
  const std::string folder = KINGLET_HEADERS_FOLDER;
  std::ofstream(folder + "/readme.c") << example;
  int compilers = 0;
  for (const char* compiler : {"gcc", "clang"}) {
    if (!runs(std::string(compiler) + " --version")) continue;
    ++compilers;
    EXPECT_TRUE(runs(std::string(compiler) +
                     " -std=c99 -Wall -Wextra -pedantic -Werror -I" KINGLET_SOURCE_DIR "/runtime/include -c " + folder +
                     "/readme.c -o " + folder + "/readme.o"))
        << compiler << "\n"
        << example;
  }
  EXPECT_GT(compilers, 0);
}

}  // namespace
}  // namespace kinglet::house
