#include "tasks/mel.h"

#include "tasks/logarithm.h"

namespace kinglet {
namespace {

// The mel scales: Slaney's is linear up to 1000 Hz, which are 15.
double mel_of(fb::MelScale scale, double hertz) {
  if (scale == fb::MelScale::Kaldi) return 1127 * logarithm(1 + hertz / 700);
  return hertz < 1000 ? 3 * hertz / 200 : 15 + logarithm(hertz / 1000) * 27 / logarithm(6.4);
}

double slaney_hertz_of(double mel) { return mel < 15 ? 200 * mel / 3 : 1000 * power(6.4, (mel - 15) / 27); }

// Where bands begin, have their middle and end: corners at equal distances in mels, of Slaney's in hertz.
struct Corners {
  fb::MelScale scale;
  double low, high;  // mels
  std::uint32_t bands;

  double at(std::uint32_t index) const {
    const double mel = low + (high - low) * static_cast<double>(index) / (static_cast<double>(bands) + 1);
    return scale == fb::MelScale::Slaney ? slaney_hertz_of(mel) : mel;
  }
};

}  // namespace

MelBands::MelBands(Workspace& workspace, std::uint32_t bands, std::uint32_t bins)
    : bins_(workspace.take<Bin>(bins)),
      energies_(workspace.take<double>(bands)) {}

void MelBands::prepare(fb::MelScale scale, std::uint32_t rate) {
  const bool slaney = scale == fb::MelScale::Slaney;
  const auto bands = static_cast<std::uint32_t>(energies_.size());
  const std::uint32_t whole_half = rate / 2;  // Slaney's, as transformers has it
  const double half = rate / 2.0;
  const Corners corners{scale, mel_of(scale, slaney ? 0 : 20), mel_of(scale, slaney ? 8000 : half), bands};
  const double width = (slaney ? static_cast<double>(whole_half) : half) / static_cast<double>(bins_.size() - 1);
  std::uint32_t band = 0;  // whose middle is the first corner above the bin
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const double hertz = width * static_cast<double>(i), place = slaney ? hertz : mel_of(scale, hertz);
    while (band <= bands && place >= corners.at(band + 1)) ++band;
    bins_[i] = {band, 0, 0};
    if (band > bands || place < corners.at(band)) continue;
    const double left = corners.at(band), right = corners.at(band + 1);
    bins_[i].rises = (place - left) / (right - left);
    bins_[i].falls = (right - place) / (right - left);
    if (!slaney) continue;
    if (band < bands) bins_[i].rises *= 2 / (corners.at(band + 2) - left);
    if (band > 0) bins_[i].falls *= 2 / (right - corners.at(band - 1));
  }
}

std::span<const double> MelBands::energies(std::span<const double> powers) {
  for (double& energy : energies_) energy = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const Bin& bin = bins_[i];
    if (bin.band < energies_.size()) energies_[bin.band] += bin.rises * powers[i];
    if (bin.band > 0 && bin.band <= energies_.size()) energies_[bin.band - 1] += bin.falls * powers[i];
  }
  return energies_;
}

}  // namespace kinglet
