#include "audio/container.h"

#include <optional>

#include "audio/mpeg.h"
#include "failure.h"
#include "file_bytes.h"

namespace kinglet::host {
namespace {

// Bytes that a file says it has, all together; nothing where it does not say. Who writes to a pipe does not know it and says 0 or the
// largest number.
std::optional<std::uint64_t> told_by_riff(Bytes file) {
  constexpr std::size_t kBefore = 8;
  const bool low_first = begins(file, "RIFF");
  if (!low_first && !begins(file, "FORM")) return std::nullopt;
  const std::uint64_t size = number(file, 4, 4, !low_first);
  if (file.size() < kBefore + 4 || size == 0 || size >= 0xffffff00U) return std::nullopt;
  return size + kBefore;
}

// RF64 (EBU Tech 3306): RIFF's size has 64 bits, in the chunk behind its head.
std::optional<std::uint64_t> told_by_rf64(Bytes file) {
  if (!begins(file, "RF64") || !begins(part(file, 12, 4), "ds64")) return std::nullopt;
  const std::uint64_t size = long_number(file, 20, 8, false);
  if (size == 0 || size > ~std::uint64_t{0} - 8) return std::nullopt;
  return size + 8;
}

// Sony's Wave64: names of 16 bytes, then a size that counts all.
std::optional<std::uint64_t> told_by_w64(Bytes file) {
  if (!begins(file, "riff\x2e\x91\xcf\x11")) return std::nullopt;
  const std::uint64_t size = long_number(file, 16, 8, false);
  if (size == 0) return std::nullopt;
  return size;
}

// Sun's: where the samples are, and how many bytes of them.
std::optional<std::uint64_t> told_by_au(Bytes file) {
  const bool high_first = begins(file, ".snd");
  if (!high_first && !begins(file, "dns.")) return std::nullopt;
  const std::uint64_t size = number(file, 8, 4, high_first);
  if (size == 0xffffffffU) return std::nullopt;
  return std::uint64_t{number(file, 4, 4, high_first)} + size;
}

// Apple's: chunks; one of samples whose size is -1 goes on to the end.
std::optional<std::uint64_t> told_by_caf(Bytes file) {
  if (!begins(file, "caff") || file.size() < 8) return std::nullopt;
  constexpr std::size_t kHead = 12;  // a name and a size
  for (std::size_t at = 8; file.size() - at >= kHead;) {
    const std::uint64_t size = long_number(file, at + 4, 8);
    at += kHead;
    if (size >> 63U != 0) break;
    if (size > file.size() - at) return at + size;
    at += static_cast<std::size_t>(size);
  }
  return std::nullopt;
}

}  // namespace

void check_sound_whole(const std::string& path, Bytes file) {
  for (const auto told : {told_by_riff, told_by_rf64, told_by_w64, told_by_au, told_by_caf}) {
    const auto bytes = told(file);
    const std::size_t forgotten = begins(file, "R") || begins(file, "F") ? 1 : 0;  // behind an odd number, by some
    if (bytes && *bytes > file.size() && *bytes - file.size() > forgotten)
      throw Failure(path + ": the file ends after " + std::to_string(file.size()) + " of " + std::to_string(*bytes) +
                    " bytes: copy it again");
  }
  const Mpeg mpeg = read_mpeg(file);
  if (mpeg.cut) throw Failure(path + ": the MP3 file ends in the middle of its last frame: copy it again");
  if (mpeg.frames < mpeg.told)
    throw Failure(path + ": the MP3 file has " + std::to_string(mpeg.frames) + " frames and says it has " +
                  std::to_string(mpeg.told) + ": copy it again");
}

}  // namespace kinglet::host
