// Bands of a mel scale over the bins of a Fourier transform: triangles, each from the middle of the one before it to that of the next, so
// that a bin is in two of them at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model_generated.h"
#include "tasks/workspace.h"

namespace kinglet {

class MelBands {
 public:
  MelBands() = default;
  // Its memory is the workspace's.
  MelBands(Workspace& workspace, std::uint32_t bands, std::uint32_t bins);
  // Fills its table, before the first use. Slaney's triangles are of hertz and have the area 1, Kaldi's of mels and the height 1.
  void prepare(fb::MelScale scale, std::uint32_t rate);

  // Of a transform's powers, [bins]: [bands], until the next call.
  std::span<const double> energies(std::span<const double> powers);

 private:
  struct Bin {
    std::uint32_t band;   // the one in which it lies below the middle; bands: none
    double rises, falls;  // its weight there, and in the band before
  };

  std::span<Bin> bins_;
  std::span<double> energies_;
};

}  // namespace kinglet
