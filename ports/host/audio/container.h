// What the file of a sound says of its length: libsndfile takes what is missing for the end.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace kinglet::host {

// Throws Failure where a WAV (RF64, W64), AIFF, AU, CAF or MP3 file ends before it says it does, an MP3 file also in the middle of one of its
// frames. One that says nothing of its length is whole.
void check_sound_whole(const std::string& path, std::span<const std::byte> file);

}  // namespace kinglet::host
