#include "interrupt.h"

#include <csignal>

namespace kinglet::host {
namespace {

volatile std::sig_atomic_t came = 0;

}  // namespace

void catch_interrupts() {
  came = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { came = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // and no SA_RESTART: a read of stdin returns
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() { return came != 0; }

}  // namespace kinglet::host
