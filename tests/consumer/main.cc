// Somebody else's program that uses Kinglet: opens the model given as argument and prints what a session of it needs, or, without one,
// prints why no bytes are no model.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <span>

#include "kinglet/model.h"
#include "kinglet/plan.h"

namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

int fail(kinglet::Status status) {
  std::cout << status.message() << " (" << status.subject() << ")\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<void, Free> memory;
  std::span<const std::byte> bytes;
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::size_t>(file.tellg());
    memory.reset(std::aligned_alloc(64, (size + 63) / 64 * 64));
    file.seekg(0);
    file.read(static_cast<char*>(memory.get()), static_cast<std::streamsize>(size));
    bytes = {static_cast<const std::byte*>(memory.get()), size};
  }

  const auto model = kinglet::Model::open(bytes);
  if (!model.ok()) return fail(model.status());
  const auto plan = kinglet::Plan::make(*model);
  if (!plan.ok()) return fail(plan.status());
  std::cout << "a session needs " << plan->arena_bytes << " bytes\n";
  return 0;
}
