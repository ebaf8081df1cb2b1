#include "capi/arguments.h"

namespace kinglet::capi {
namespace {

std::uintptr_t begin_of(const Memory& memory) { return reinterpret_cast<std::uintptr_t>(memory.data); }
std::uintptr_t end_of(const Memory& memory) { return begin_of(memory) + memory.count * memory.size; }

Status check_one(const Memory& memory, std::size_t index) {
  if (memory.count == 0) return {};
  if (memory.data == nullptr) return bad("memory of an argument is null", index);
  if (begin_of(memory) % memory.align != 0) return bad("memory of an argument is not aligned for its elements", index);
  if (memory.limited && memory.count > kMostRead) return bad("a text or a list is longer than any", index);
  if (memory.count > SIZE_MAX / 2 / memory.size || memory.count * memory.size > UINTPTR_MAX - begin_of(memory))
    return bad("memory of an argument runs off the end of all memory", index);
  return {};
}

bool overlap(const Memory& a, const Memory& b) {
  return a.count != 0 && b.count != 0 && begin_of(a) < end_of(b) && begin_of(b) < end_of(a);
}

}  // namespace

kinglet_status tell(const Status& status) {
  static_assert(static_cast<int>(Code::kOk) == KINGLET_OK && static_cast<int>(Code::kBadFile) == KINGLET_BAD_FILE &&
                static_cast<int>(Code::kBadArgument) == KINGLET_BAD_ARGUMENT &&
                static_cast<int>(Code::kOutOfMemory) == KINGLET_OUT_OF_MEMORY &&
                static_cast<int>(Code::kContextFull) == KINGLET_CONTEXT_FULL &&
                static_cast<int>(Code::kNotFinite) == KINGLET_NOT_FINITE &&
                static_cast<int>(Code::kUnsupported) == KINGLET_UNSUPPORTED &&
                static_cast<int>(Code::kStopped) == KINGLET_STOPPED);
  return {status.subject(), status.message(), static_cast<kinglet_code>(status.code())};
}

Status not_open() { return bad("a handle is not open, or at work: it was never opened, is a copy, or calls itself"); }

Status check_memory(std::span<const Memory> memory) {
  for (std::size_t i = 0; i < memory.size(); ++i) {
    if (auto s = check_one(memory[i], i); !s.ok()) return s;
    for (std::size_t j = 0; j < i; ++j) {
      if ((memory[i].written || memory[j].written) && overlap(memory[i], memory[j]))
        return bad("memory of two arguments overlaps", i);
    }
  }
  return {};
}

Status read_options(const void* options, void* into, std::size_t size) {
  if (options == nullptr) return {};
  std::size_t theirs = 0;
  std::memcpy(&theirs, options, sizeof theirs);
  if (theirs < sizeof theirs || theirs > kMostOptions || theirs % sizeof(std::uint32_t) != 0)
    return bad("options do not begin with their size: start from the header's initializer", theirs);
  const auto* bytes = static_cast<const unsigned char*>(options);
  for (std::size_t i = size; i < theirs; ++i) {
    if (bytes[i] != 0) return {Code::kUnsupported, "options that this version does not know are set", i};
  }
  std::memcpy(into, options, theirs < size ? theirs : size);
  return {};
}

Status write_info(void* info, const void* from, std::size_t size) {
  std::size_t theirs = 0;
  std::memcpy(&theirs, info, sizeof theirs);
  if (theirs < sizeof theirs || theirs > kMostOptions)
    return bad("the answer does not begin with its size: start from the header's initializer", theirs);
  const std::size_t known = theirs < size ? theirs : size;
  std::memcpy(static_cast<unsigned char*>(info) + sizeof theirs,
              static_cast<const unsigned char*>(from) + sizeof theirs, known - sizeof theirs);
  std::memset(static_cast<unsigned char*>(info) + known, 0, theirs - known);
  return {};
}

}  // namespace kinglet::capi

extern "C" {

uint32_t kinglet_api_version(void) { return KINGLET_API_VERSION; }

kinglet_text kinglet_text_of(const char* text) {
  std::size_t bytes = 0;  // bounded, as every text is, and so no strlen that a compiler would see in it
  while (text != nullptr && bytes < kinglet::capi::kMostRead && text[bytes] != '\0') ++bytes;
  return {text, bytes};
}
}
