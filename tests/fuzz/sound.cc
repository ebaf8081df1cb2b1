// Any bytes as a sound, read at a rate and cut where it is quiet: [rate][sound]. What features a model makes of samples is run_tasks.cc's.
#include "audio/sound.h"

#include "failure.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

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
    (void)host::cut_sound(samples, rate - rate / 4, rate);
  } catch (const host::Failure&) {
    return 0;
  }
  return 0;
}
