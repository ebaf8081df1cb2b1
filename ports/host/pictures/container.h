// What a picture's file holds around its pixels, where stb does not look: damage, which side is up, what is transparent.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "pictures/picture.h"

namespace kinglet::host {

// Throws Failure where stb would write or read what is not there, or give other pixels than the file's. Before it sees the file.
void check_container(const std::string& path, std::span<const std::byte> file);

// Throws Failure where a checksum of a PNG's pixels is wrong: stb does not compute any.
void check_png(const std::string& path, std::span<const std::byte> file);

// The GIF with its first frame opaque: Pillow shows the colours that are transparent, stb black. Throws Failure where that frame is a part of
// the picture only, or its data end before it does: stb then leaves the rest empty. Nothing: it is no GIF.
std::vector<std::byte> opaque_gif(const std::string& path, std::span<const std::byte> file);

// How a camera was held, as Exif counts in a JPEG or PNG, 1 … 8; 1: upright, also where nothing is said.
int orientation_of(std::span<const std::byte> file);

// The picture upright.
Pixels turned(const Pixels& from, int orientation);

}  // namespace kinglet::host
