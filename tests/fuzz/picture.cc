// Any bytes as a picture, prepared as a model's input asks for, shown to people and packed again: [how][picture].
#include "pictures/picture.h"

#include "failure.h"
#include "tests/fuzz/files.h"
#include "tests/fuzz/fuzz.h"

using namespace kinglet;

// A chunk that says it is a gigabyte long gets no memory, as it would on most machines; with a sanitizer that memory would take seconds.
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=256:allocator_may_return_null=1"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 18;  // larger ones are read by the same code, only slower
  static const fuzz::Scratch scratch;
  if (size < 2) return 0;
  const unsigned how = data[0];
  const auto file = scratch.write(fuzz::text_of(data + 1, size - 1));
  fb::InputT input;
  input.grid = std::make_unique<fb::Size>(5U, 7U);
  input.channels = how == 255 ? 2 : how % 2 == 0 ? 3 : 1;
  input.gain = input.shift = 0;
  input.picture = std::make_unique<fb::PictureT>();
  input.picture->filter = static_cast<fb::Filter>(how / 2 % 6);
  if (how / 16 % 2 == 0) input.picture->resize = std::make_unique<fb::Size>(9U, how / 32 % 2 == 0 ? 0U : 8U);
  input.picture->crop = std::make_unique<fb::Size>(5U, 7U);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::Input::Pack(builder, &input));
  try {
    const auto& wanted = *flatbuffers::GetRoot<fb::Input>(builder.GetBufferPointer());
    const host::Pixels read = host::read_picture(file, wanted.channels(), kMostPixels);
    (void)host::prepare(file, read, wanted);
    (void)host::png_of(host::seen_part(file, read, wanted, 8));
    if (how / 64 % 2 != 0) (void)host::input_picture(file, wanted);  // from the file alone: the same once more
  } catch (const host::Failure&) {
    return 0;
  }
  return 0;
}
