// The task layer over a file that was accepted: what the runtime's users call.
#pragma once

#include "kinglet/session.h"
#include "kinglet/tokenizer.h"
#include "tests/fuzz/inputs.h"

namespace kinglet::fuzz {

// Every task that fits the model, with texts, grids and options from `inputs`; none that asks for a workspace of more than `most` bytes.
void run_tasks(const Plan& plan, Session& session, Inputs& inputs, std::size_t most);

// A text to tokens and back, whole and token by token.
void run_tokenizer(const fb::Tokenizer& tables, std::string_view text, Special special, std::size_t most);

}  // namespace kinglet::fuzz
