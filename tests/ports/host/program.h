// Runs the program `kinglet` as a user does, and makes model files for it.
#pragma once

#include <string>
#include <vector>

namespace kinglet::testing {

struct Ran {
  int status = -1;  // exit status; 128 + the number of a signal that ended it
  std::string out;
  std::string err;

  // No crash, one line on stderr, nothing half-said.
  bool complained(int expected_status) const;
};

std::string show(const Ran& ran);  // for messages of tests

Ran run(const std::vector<std::string>& arguments, const std::string& in = "");
Ran run_program(const std::string& program, const std::vector<std::string>& arguments, const std::string& in = "");

// Its stdout is a terminal; `out` is what reaches that.
Ran run_on_terminal(const std::vector<std::string>& arguments);

// Sends SIGINT as soon as the program has written so many bytes to stdout.
Ran run_interrupted(const std::vector<std::string>& arguments, std::size_t after_bytes);

// A folder that is removed when the tests end.
std::string temporary_folder();

// Files of tiny models with texts of letters (tests/runtime/tasks/text_model.h), made once.
const std::string& decoder_file();  // with a chat template; never stops by itself
const std::string& translator_file();
const std::string& encoder_file();     // pools; task embed
const std::string& classifier_file();  // pools; three of its labels have names
const std::string& silent_file();      // a decoder without a tokenizer

}  // namespace kinglet::testing
