// What both demonstrations need: the model in flash, memory, and a plain way to say how it went.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "board.h"
#include "kinglet/plan.h"
#include "kinglet/session.h"

namespace kinglet::demo {

// The file that model.S holds.
std::span<const std::byte> model_file();

// All of the memory there is for session, workspace and texts, aligned to 64 bytes; taken from its beginning, never given back. An empty span:
// so much is not left.
std::span<std::byte> take(std::size_t bytes);
std::size_t taken();

void say(std::string_view text, std::uint64_t number, std::string_view unit);
[[noreturn]] void fail(Status status);

// A session of the model with these limits, in exactly the memory that its plan names.
Session& open_session(const Limits& limits);
void say_memory();

}  // namespace kinglet::demo
