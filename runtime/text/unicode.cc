// Lookups in the generated tables: every one a search in halves over sorted runs or entries.
#include "text/unicode.h"

#include <cstddef>
#include <span>

#include "text/parts.h"
#include "text/unicode_tables.h"

namespace kinglet::text {
namespace {

constexpr char32_t kHangulFirst = 0xAC00;  // syllables are computed (Unicode 3.12)
constexpr char32_t kLeadFirst = 0x1100;
constexpr char32_t kVowelFirst = 0x1161;
constexpr char32_t kTrailBefore = 0x11A7;
constexpr char32_t kLeads = 19;
constexpr char32_t kVowels = 21;
constexpr char32_t kTrails = 28;
constexpr char32_t kSyllables = kLeads * kVowels * kTrails;

// The value of the run that `code` is in.
std::uint32_t run_value(std::span<const std::uint32_t> runs, char32_t code) {
  std::size_t low = 0;
  std::size_t high = runs.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (runs[middle] >> 8 <= code ? low : high) = middle;
  }
  return runs[low] & 0xFF;
}

// One step: the pair that `code` decomposes to, or {0, 0}.
template <class Entry>
bool find_step(std::span<const Entry> entries, char32_t code, char32_t (&pair)[2]) {
  std::size_t low = 0;
  std::size_t high = entries.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Entry& entry = entries[middle];
    if (entry.code == code) {
      pair[0] = entry.first;
      pair[1] = entry.second;
      return true;
    }
    if (entry.code < code) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

template <class Entry>
char32_t find_pair(std::span<const Entry> entries, std::span<const std::uint16_t> order, char32_t first,
                   char32_t second) {
  std::size_t low = 0;
  std::size_t high = order.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Entry& entry = entries[order[middle]];
    if (entry.first == first && entry.second == second) return entry.code;
    if (entry.first < first || (entry.first == first && entry.second < second)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 0;
}

using Short = Decomposition<std::uint16_t>;
using Long = Decomposition<std::uint32_t>;

}  // namespace

bool has_unicode() { return true; }

CharClass class_of(char32_t code) { return static_cast<CharClass>(run_value(kClassRuns, code)); }

std::uint8_t combining_class(char32_t code) {
  return code < 0x300 ? std::uint8_t{0} : static_cast<std::uint8_t>(run_value(kOrderRuns, code));
}

std::uint32_t to_lower(char32_t code, char32_t out[2]) {
  out[0] = code;
  if (code < 0x80) {
    if (code >= 'A' && code <= 'Z') out[0] = code + 32;
    return 1;
  }
  if (code == 0x130) {
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  std::size_t low = 0;
  std::size_t high = std::size(kLowerRuns);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const LowerRun& run = kLowerRuns[middle];
    if (run.last < code) {
      low = middle + 1;
    } else if (run.first > code) {
      high = middle;
    } else {
      if ((code - run.first) % run.step == 0) {
        out[0] = static_cast<char32_t>(static_cast<std::int32_t>(code) + run.delta);
      }
      return 1;
    }
  }
  return 1;
}

std::uint32_t decompose(char32_t code, char32_t out[4]) {
  out[0] = code;
  if (code < 0xC0) return 1;
  if (code >= kHangulFirst && code < kHangulFirst + kSyllables) {
    const char32_t index = code - kHangulFirst;
    out[0] = kLeadFirst + index / (kVowels * kTrails);
    out[1] = kVowelFirst + index / kTrails % kVowels;
    out[2] = kTrailBefore + index % kTrails;
    return out[2] == kTrailBefore ? 2 : 3;
  }
  // Only the first part of a pair decomposes again, and never into more than four code points in all.
  std::uint32_t count = 1;
  char32_t pair[2];
  while (find_step(std::span<const Short>(kDecompositions), out[0], pair) ||
         find_step(std::span<const Long>(kLongDecompositions), out[0], pair)) {
    out[0] = pair[0];
    if (pair[1] == 0 || count == 4) continue;
    for (std::uint32_t i = count++; i > 1; --i) out[i] = out[i - 1];
    out[1] = pair[1];
  }
  return count;
}

char32_t compose(char32_t first, char32_t second) {
  if (first - kLeadFirst < kLeads && second - kVowelFirst < kVowels) {
    return kHangulFirst + ((first - kLeadFirst) * kVowels + (second - kVowelFirst)) * kTrails;
  }
  if (first - kHangulFirst < kSyllables && (first - kHangulFirst) % kTrails == 0 &&
      second - kTrailBefore - 1 < kTrails - 1) {
    return first + (second - kTrailBefore);
  }
  const char32_t code = find_pair(std::span<const Short>(kDecompositions), kCompositions, first, second);
  return code != 0 ? code : find_pair(std::span<const Long>(kLongDecompositions), kLongCompositions, first, second);
}

}  // namespace kinglet::text
