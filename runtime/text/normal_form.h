// Canonical normal forms NFC and NFD of a whole text (Unicode Standard Annex 15).
#pragma once

#include "text/stage.h"

namespace kinglet::text {

// Each returns false where the memory is full.
bool normal_form(Stage& stage, bool composed);
bool strip_accents(Stage& stage);  // NFD without nonspacing marks

}  // namespace kinglet::text
