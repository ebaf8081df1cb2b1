// read_grid by the host port's readers.
#include "converter/error.h"
#include "converter/files/grids.h"
#include "ports/host/audio/sound.h"
#include "ports/host/failure.h"
#include "ports/host/pictures/picture.h"

namespace kinglet::converter {
namespace {

std::vector<float> features_of(const std::string& path, const fb::Input& input) {
  host::Listener listener(path, &input);
  return listener.features(host::read_sound(path, listener.rate()));
}

// Each byte times its channel's gain, plus its shift.
std::vector<float> pixels_of(const std::string& path, const fb::Input& input, const Program& program) {
  const host::Pixels pixels = host::input_picture(path, input);
  const auto floats = [&](int weight) { return program.sources[static_cast<std::size_t>(weight)].floats(); };
  const std::vector<float> gain = floats(input.gain()), shift = floats(input.shift());
  std::vector<float> grid(pixels.bytes.size());
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const std::size_t c = i % gain.size();
    grid[i] = gain[c] * static_cast<float>(pixels.bytes[i]) + shift[c];
  }
  return grid;
}

}  // namespace

std::vector<float> read_grid(const std::string& path, const Program& program) {
  if (!program.model.input) throw Error(path + ": the checkpoint's model reads texts, no pictures or sounds");
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Input::Pack(builder, program.model.input.get()));
  const auto& input = *flatbuffers::GetRoot<fb::Input>(builder.GetBufferPointer());
  try {
    if (input.sound() != nullptr) return features_of(path, input);
    if (input.gain() >= 0) return pixels_of(path, input, program);
  } catch (const host::Failure& failure) {
    throw Error(failure.what());
  }
  throw Error(path + ": the checkpoint's model reads numbers that are made of no file");
}

}  // namespace kinglet::converter
