#include "tests/ports/host/audio/wave.h"

#include <fstream>

#include "tests/ports/host/program.h"

namespace kinglet::testing {
namespace {

template <class T>
std::string little_endian(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> 8 * i);
  return bytes;
}

}  // namespace

std::string Wave::bytes() const {
  const std::uint32_t frame = channels * 2U, size = static_cast<std::uint32_t>(samples.size() * 2);
  std::string file = "RIFF" + little_endian(36 + size) + "WAVEfmt " + little_endian(std::uint32_t{16}) +
                     little_endian(std::uint16_t{1}) + little_endian(channels) + little_endian(rate) +
                     little_endian(rate * frame) + little_endian(static_cast<std::uint16_t>(frame)) +
                     little_endian(std::uint16_t{16}) + "data" + little_endian(size);
  for (const std::int16_t sample : samples) file += little_endian(static_cast<std::uint16_t>(sample));
  return file;
}

std::string Wave::write(const std::string& name) const { return write_temporary(name, bytes()); }

std::string write_temporary(const std::string& name, const std::string& bytes) {
  const std::string path = temporary_folder() + "/" + name;
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace kinglet::testing
