// Any bytes as a sound, read at a rate, cut where it is quiet and heard as a model does: [rate][sound]. What a model's file may say of sounds is
// run_tasks.cc's.
#include "audio/sound.h"

#include "failure.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"
#include "tests/input_table.h"

using namespace kinglet;

// As for pictures: what says that it needs a gigabyte gets none.
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=256:allocator_may_return_null=1"; }

// libsndfile forgets what libvorbis made of the first header where it refuses the file: 6 KB of a program that reads one sound.
extern "C" const char* __lsan_default_suppressions() { return "leak:vorbis_info_init\n"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  if (size < 2) return 0;
  constexpr std::uint32_t kRates[] = {8000, 16000, 22050, 48000};
  const std::uint32_t rate = kRates[data[0] % 4];
  const auto file = scratch.write(fuzz::text_of(data + 1, size - 1));
  try {
    const std::vector<float> samples = host::read_sound(file, rate);
    (void)host::cut_sound(samples, data[0] / 8 % 2 == 0 ? rate - rate / 4 : rate + rate / 2, rate);
    const bool whisper = data[0] / 4 % 2 == 0;
    fb::InputT heard = testing::sound_input(whisper ? fb::MelScale::Slaney : fb::MelScale::Kaldi, rate, 64, 32,
                                            fb::Size(whisper ? 1 : 8, 6), whisper ? 8 : 1);
    if (data[0] == 254) heard.sound.reset();
    const testing::InputTable input(heard);
    (void)host::Listener("a model", data[0] == 255 ? nullptr : &input.get()).features(samples);
  } catch (const host::Failure&) {
    return 0;
  }
  return 0;
}
