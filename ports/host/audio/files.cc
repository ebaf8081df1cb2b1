#include <samplerate.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "audio/container.h"
#include "audio/sound.h"
#include "failure.h"
#include "file.h"

namespace kinglet::host {
namespace {

constexpr int kLeastRate = 1000, kMostRate = 768000, kMostChannels = 256;
constexpr std::size_t kMostSamples = std::size_t{1} << 29;  // 9 hours at 16,000 a second
constexpr const char* kFormats = "give a WAV, FLAC, Ogg, MP3, AIFF, AU or CAF file";

// What a file says of its length; of MP3, which often says nothing of it, libsndfile guesses.
void check_length(const std::string& path, const SF_INFO& info, sf_count_t read) {
  if ((info.format & SF_FORMAT_TYPEMASK) != SF_FORMAT_MPEG && read < info.frames)
    throw Failure(path + ": the file ends before its sound does: copy it again");
}

// Another rate by libsamplerate's best filter; samples come in blocks.
class Resampler {
 public:
  Resampler(int from, std::uint32_t to) : ratio_(static_cast<double>(to) / from) {
    int error = 0;
    if (static_cast<std::uint32_t>(from) == to) return;
    state_.reset(src_new(SRC_SINC_BEST_QUALITY, 1, &error));
    if (!state_) throw Failure(std::string("resampling: ") + src_strerror(error));
  }

  void add(std::span<const float> in, bool last, std::vector<float>& out) {
    if (!state_) {
      out.insert(out.end(), in.begin(), in.end());
      return;
    }
    std::vector<float> room(4096);
    for (bool more = true; more;) {
      SRC_DATA data{};
      data.data_in = in.data();
      data.input_frames = static_cast<long>(in.size());
      data.data_out = room.data();
      data.output_frames = static_cast<long>(room.size());
      data.src_ratio = ratio_;
      data.end_of_input = last ? 1 : 0;
      if (const int error = src_process(state_.get(), &data); error != 0)
        throw Failure(std::string("resampling: ") + src_strerror(error));
      out.insert(out.end(), room.begin(), room.begin() + data.output_frames_gen);
      in = in.subspan(static_cast<std::size_t>(data.input_frames_used));
      more = data.output_frames_gen > 0 || !in.empty();
    }
  }

 private:
  struct Delete {
    void operator()(SRC_STATE* state) const { src_delete(state); }
  };
  std::unique_ptr<SRC_STATE, Delete> state_;  // none: the rate stays
  double ratio_;
};

struct Close {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

// A file in memory, read as libsndfile reads: it takes a read that fails for the end of the sound, and here none can.
class Reading {
 public:
  explicit Reading(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::unique_ptr<SNDFILE, Close> open(SF_INFO& info) {
    SF_VIRTUAL_IO functions{size, seek, read, nullptr, tell};
    return std::unique_ptr<SNDFILE, Close>(sf_open_virtual(&functions, SFM_READ, &info, this));
  }

 private:
  static Reading& of(void* self) { return *static_cast<Reading*>(self); }
  static sf_count_t size(void* self) { return static_cast<sf_count_t>(of(self).bytes_.size()); }
  static sf_count_t tell(void* self) { return of(self).at_; }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? tell(self) : size(self);
    sf_count_t to = 0;
    if (__builtin_add_overflow(base, offset, &to) || to < 0) return -1;
    return of(self).at_ = to;
  }
  static sf_count_t read(void* into, sf_count_t wanted, void* self) {
    const sf_count_t left = std::max<sf_count_t>(size(self) - tell(self), 0);
    const sf_count_t count = std::clamp<sf_count_t>(wanted, 0, left);
    if (count > 0) std::memcpy(into, of(self).bytes_.data() + tell(self), static_cast<std::size_t>(count));
    of(self).at_ += count;
    return count;
  }

  std::span<const std::byte> bytes_;
  sf_count_t at_ = 0;
};

// Formats whose files say where they end. Others that libsndfile reads do not, or nobody has them.
bool is_known(int format) {
  constexpr int kKnown[] = {SF_FORMAT_WAV, SF_FORMAT_WAVEX, SF_FORMAT_RF64, SF_FORMAT_W64, SF_FORMAT_AIFF,
                            SF_FORMAT_AU,  SF_FORMAT_CAF,   SF_FORMAT_FLAC, SF_FORMAT_OGG, SF_FORMAT_MPEG};
  return std::ranges::find(kKnown, format & SF_FORMAT_TYPEMASK) != std::end(kKnown);
}

void check_info(const std::string& path, const SF_INFO& info) {
  if (!is_known(info.format)) throw Failure(path + ": is a sound of a format that is not read: " + kFormats);
  if (info.channels < 1 || info.channels > kMostChannels)
    throw Failure(path + ": " + std::to_string(info.channels) + " channels: from 1 to " +
                  std::to_string(kMostChannels) + " are read");
  if (info.samplerate < kLeastRate || info.samplerate > kMostRate)
    throw Failure(path + ": " + std::to_string(info.samplerate) +
                  " samples per second: from 1,000 to 768,000 are read");
}

}  // namespace

std::vector<float> read_sound(const std::string& path, std::uint32_t rate) {
  const MappedFile mapped(path);
  check_sound_whole(path, mapped.bytes());
  SF_INFO info{};
  Reading reading(mapped.bytes());
  const auto file = reading.open(info);
  if (!file) throw Failure(path + ": cannot be read as a sound (" + sf_strerror(nullptr) + "): " + kFormats);
  check_info(path, info);
  Resampler resampler(info.samplerate, rate);
  constexpr sf_count_t kBlock = 4096;
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<float> block(static_cast<std::size_t>(kBlock) * channels), mono, sound;
  sf_count_t all = 0;
  for (sf_count_t read = kBlock; read > 0; all += read) {
    read = std::max<sf_count_t>(sf_readf_float(file.get(), block.data(), kBlock), 0);
    if (sf_error(file.get()) != SF_ERR_NO_ERROR)  // the next call forgets it
      throw Failure(path + ": cannot be read to its end (" + sf_strerror(file.get()) + "): the file is damaged");
    mono.clear();
    for (std::size_t i = 0; i < static_cast<std::size_t>(read); ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += static_cast<double>(block[i * channels + c]);
      mono.push_back(static_cast<float>(sum / static_cast<double>(channels)));
      if (!std::isfinite(mono.back())) throw Failure(path + ": a sample is no number: the file is damaged");
    }
    resampler.add(mono, read == 0, sound);
    if (sound.size() > kMostSamples)
      throw Failure(path + ": the sound is longer than " + std::to_string(kMostSamples / rate) + " seconds: cut it");
  }
  check_length(path, info, all);
  if (sound.empty() && all > 0)
    throw Failure(path + ": the sound is too short: not one sample is left of it at " + std::to_string(rate) +
                  " a second");
  if (sound.empty()) throw Failure(path + ": there is no sound in it: " + kFormats);
  return sound;
}

}  // namespace kinglet::host
