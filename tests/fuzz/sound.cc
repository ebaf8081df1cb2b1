// Any bytes as a sound, prepared as a model's input asks for: [how][sound].
#include "audio/sound.h"

#include "failure.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

using namespace kinglet;

// As for pictures: what says that it needs a gigabyte gets none.
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=256:allocator_may_return_null=1"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  if (size < 2) return 0;
  const unsigned how = data[0];
  const auto file = scratch.write(fuzz::text_of(data + 1, size - 1));
  fb::InputT input;
  const bool kaldi = how % 2 != 0;
  input.grid = std::make_unique<fb::Size>(kaldi ? 8U : 1U, 6U);
  input.channels = kaldi ? 1 : 8;
  input.sound = std::make_unique<fb::SoundT>();
  input.sound->scale = kaldi ? fb::MelScale::Kaldi : fb::MelScale::Slaney;
  input.sound->rate = how / 2 % 2 == 0 ? 16000 : 8000;
  input.sound->window = 200;
  input.sound->hop = 80;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Input::Pack(builder, &input));
  const auto& wanted = *flatbuffers::GetRoot<fb::Input>(builder.GetBufferPointer());
  try {
    const fb::Sound& sound = host::sound_of("model", &wanted);
    const std::vector<float> samples = host::read_sound(file, sound.rate());
    (void)host::cut_sound(samples, host::samples_of(wanted), sound.rate());
    (void)host::mel_features(samples, wanted);
  } catch (const host::Failure&) {
    return 0;
  }
  return 0;
}
