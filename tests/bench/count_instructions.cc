// A plugin of qemu-user (its interface of version 1, declared here for Debian packages no header): how many instructions ran.
//     qemu-aarch64 -plugin ./libcount_instructions.so -d plugin PROGRAM     writes "instructions N" to its log
#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" {

struct qemu_plugin_tb;
using Translated = void (*)(std::uint64_t id, qemu_plugin_tb* block);
using AtExit = void (*)(std::uint64_t id, void* context);

void qemu_plugin_register_vcpu_tb_trans_cb(std::uint64_t id, Translated callback);
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
void qemu_plugin_register_vcpu_tb_exec_inline(qemu_plugin_tb* block, int operation, void* counter,
                                              std::uint64_t amount);
void qemu_plugin_register_atexit_cb(std::uint64_t id, AtExit callback, void* context);
void qemu_plugin_outs(const char* text);

[[gnu::visibility("default")]] int qemu_plugin_version = 1;
[[gnu::visibility("default")]] int qemu_plugin_install(std::uint64_t id, const void* info, int count, char** values);

}  // extern "C"

namespace {

std::uint64_t instructions;

void translated(std::uint64_t, qemu_plugin_tb* block) {
  constexpr int kAdd = 0;
  qemu_plugin_register_vcpu_tb_exec_inline(block, kAdd, &instructions, qemu_plugin_tb_n_insns(block));
}

void at_exit(std::uint64_t, void*) {
  char text[64];
  std::snprintf(text, sizeof text, "instructions %llu\n", static_cast<unsigned long long>(instructions));
  qemu_plugin_outs(text);
}

}  // namespace

int qemu_plugin_install(std::uint64_t id, const void*, int, char**) {
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, at_exit, nullptr);
  return 0;
}
