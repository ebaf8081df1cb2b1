// What a board gives to a firmware. Another board: its own memory map (boards/NAME.ld), console.cc and clock.cc; start.cc is for every core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kinglet::cortex_m {

// console.cc
void write(std::string_view text);
std::string_view argument(std::span<char> memory);  // a line of text from outside, in `memory`
[[noreturn]] void leave(int status);

// clock.cc: ticks since `start_clock`, at most 2^24 of them.
void start_clock();
std::uint32_t ticks();

// start.cc: how much of the stack there is, is used now, and was ever used since `paint_stack`, which forgets what lay below its caller.
std::size_t stack_bytes();
std::size_t stack_now();
std::size_t stack_used();
void paint_stack();

}  // namespace kinglet::cortex_m
