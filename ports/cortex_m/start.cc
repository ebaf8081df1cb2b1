// From reset to main, on every Cortex-M: floating-point unit on and IEEE 754, unaligned access and division by zero are faults, memory as
// the linker laid it out, the stack painted so that its use can be measured.
#include "board.h"

extern "C" {
extern std::uint32_t data_begin[], data_end[], data_in_flash[], bss_begin[], bss_end[], stack_begin[], stack_end[];
int main();
[[noreturn]] void reset();
void fault();
[[noreturn, gnu::used]] void report_fault(const std::uint32_t* frame);
}

namespace {

constexpr std::uint32_t kPaint = 0xc0ffee55;

using Handler = void (*)();
struct Vectors {
  const std::uint32_t* stack;
  Handler reset;
  Handler faults[14];  // every other exception of the core: none is expected
};
[[gnu::section(".vectors"), gnu::used]] constexpr Vectors kVectors = {
    stack_end,
    reset,
    {fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};

volatile std::uint32_t& control(std::uintptr_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }

void set_up_core() {
  control(0xe000ed14) |=
      1u << 3 | 1u << 4;  // CCR: trap unaligned access and division by zero (ARMv6-M always does the former)
  control(0xe000ed88) |= 0xfu << 20;              // CPACR: the floating-point unit and Helium, where the core has them
  control(0xe000ef3c) &= ~(1u << 24 | 1u << 25);  // FPDSCR: denormals are numbers, a NaN keeps its bits
  asm volatile("dsb\n isb" ::: "memory");
#ifdef __ARM_FP
  std::uint32_t fpscr;  // a boot loader may have left another
  asm volatile("vmrs %0, fpscr" : "=r"(fpscr));
  fpscr &= ~(15u << 22);  // rounding to nearest, no flushing to zero, no default NaN; Helium's loop size stays
  asm volatile("vmsr fpscr, %0" ::"r"(fpscr));
#endif
}

}  // namespace

extern "C" {

void reset() {
  set_up_core();
  for (std::uint32_t *to = data_begin, *from = data_in_flash; to < data_end;) *to++ = *from++;
  for (std::uint32_t* to = bss_begin; to < bss_end;) *to++ = 0;
  kinglet::cortex_m::paint_stack();
  kinglet::cortex_m::leave(main());
}

// Where it happened lies in the frame that the core has pushed: r0 to r3, r12, lr, pc.
[[gnu::naked]] void fault() {
  asm volatile(
      "mrs r0, msp\n"
      "bl report_fault\n");  // which does not return; a plain branch does not reach far on every core
}

void report_fault(const std::uint32_t* frame) {
  char text[] = "fault at 00000000, called from 00000000\n";
  for (std::size_t i = 0; i < 8; ++i) {
    text[9 + i] = "0123456789abcdef"[frame[6] >> (28 - 4 * i) & 15];
    text[31 + i] = "0123456789abcdef"[frame[5] >> (28 - 4 * i) & 15];
  }
  kinglet::cortex_m::write({text, sizeof text - 1});
  kinglet::cortex_m::leave(3);
}

}  // extern "C"

namespace kinglet::cortex_m {

std::size_t stack_bytes() { return static_cast<std::size_t>(stack_end - stack_begin) * sizeof(std::uint32_t); }

std::size_t stack_used() {
  const std::uint32_t* clean = stack_begin;
  while (clean < stack_end && *clean == kPaint) ++clean;
  return static_cast<std::size_t>(stack_end - clean) * sizeof(std::uint32_t);
}

std::size_t stack_now() {
  std::uint32_t* here;
  asm volatile("mov %0, sp" : "=r"(here));
  return static_cast<std::size_t>(stack_end - here) * sizeof(std::uint32_t);
}

void paint_stack() {
  const std::uint32_t* here = stack_end - stack_now() / sizeof(std::uint32_t);
  for (volatile std::uint32_t* p = stack_begin; p < here; ++p) *p = kPaint;
}

}  // namespace kinglet::cortex_m
