// Lookups in the generated tables, which are packed: whatever has few values over all code points is a row of runs, a byte or two each, in
// blocks of 16 bytes; the block is found by halves, the run by walking. Half of what decomposes are a character and a mark, the marks few.
#include "text/unicode.h"

#include <cstddef>
#include <span>

#include "text/parts.h"
#include "text/unicode_tables.h"

namespace kinglet::text {
namespace {

constexpr char32_t kLast = 0x10FFFF;
constexpr char32_t kHangulFirst = 0xAC00;  // syllables are computed (Unicode 3.12)
constexpr char32_t kLeadFirst = 0x1100;
constexpr char32_t kVowelFirst = 0x1161;
constexpr char32_t kTrailBefore = 0x11A7;
constexpr char32_t kLeads = 19;
constexpr char32_t kVowels = 21;
constexpr char32_t kTrails = 28;
constexpr char32_t kSyllables = kLeads * kVowels * kTrails;

constexpr std::size_t kBlock = 16;         // bytes
constexpr std::uint32_t kShort = 12;       // the longest length - 1 that the first byte of a run has room for
constexpr std::uint8_t kValueBehind = 15;  // of a run: its value is its last byte
constexpr std::uint32_t kWhole = 255;      // of kComposed: the rest comes behind
constexpr std::size_t kNearIdeographs = 0xFAD9 - 0xF900 + 1;

struct Run {
  char32_t first;
  std::uint32_t length;
  std::uint8_t value;
};

// One run after another. A block's runs cover all code points up to the next block's first.
class Runs {
 public:
  Runs(const std::uint8_t* bytes, char32_t first) : at_(bytes), next_(first) {}

  Run next() {
    const std::uint32_t head = *at_++;
    std::uint32_t length = head & 15;
    if (length > kShort) {
      const std::uint32_t bytes = length - kShort;
      length = 0;
      for (std::uint32_t i = 0; i < bytes; ++i) length |= std::uint32_t{*at_++} << (8 * i);
    }
    auto value = static_cast<std::uint8_t>(head >> 4);
    if (value == kValueBehind) value = static_cast<std::uint8_t>(kValueBehind + *at_++);
    const Run run{next_, length + 1, value};
    next_ += run.length;
    return run;
  }

 private:
  const std::uint8_t* at_;
  char32_t next_;
};

// The last of `firsts`, which begin with 0, that is not above `value`.
template <class Number>
std::size_t find_last(std::span<const Number> firsts, std::uint32_t value) {
  std::size_t low = 0;
  std::size_t high = firsts.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (firsts[middle] <= value ? low : high) = middle;
  }
  return low;
}

// The run that `code` is in, which is no more than kLast.
Run run_of(std::span<const std::uint32_t> firsts, const std::uint8_t* bytes, char32_t code) {
  const std::size_t block = find_last(firsts, code);
  Runs runs(bytes + block * kBlock, firsts[block]);
  Run run = runs.next();
  while (code - run.first >= run.length) run = runs.next();
  return run;
}

// How many code points before `code` decompose; whether it does.
struct Rank {
  std::uint32_t rank;
  bool decomposes;
};

Rank rank_of(char32_t code) {
  const std::size_t block = find_last<std::uint32_t>(kStepFirsts, code);
  Runs runs(kStepBytes + block * kBlock, kStepFirsts[block]);
  Run run = runs.next();
  std::uint32_t rank = kStepRanks[block];
  for (; code - run.first >= run.length; run = runs.next()) rank += run.value * run.length;
  return {rank + run.value * (code - run.first), run.value == 1};
}

// The code point of this rank among those that decompose.
char32_t code_of(std::uint32_t rank) {
  const std::size_t block = find_last<std::uint16_t>(kStepRanks, rank);
  Runs runs(kStepBytes + block * kBlock, kStepFirsts[block]);
  Run run = runs.next();
  std::uint32_t before = kStepRanks[block];
  for (; rank - before >= run.value * run.length; run = runs.next()) before += run.value * run.length;
  return run.first + (rank - before);
}

// What a compatibility ideograph decomposes to, or 0.
char32_t ideograph(char32_t code) {
  std::size_t index = code - 0xF900;
  if (code >= 0x2F800 && code <= 0x2FA1D) {
    index = kNearIdeographs + (code - 0x2F800);
  } else if (index >= kNearIdeographs) {
    return 0;
  }
  return kIdeographs[index] | (kFarIdeographs[index / 8] >> index % 8 & 1U) << 17;
}

// One step: the pair that `code` decomposes to, the second 0 where there is none. False: it does not.
bool find_step(char32_t code, char32_t (&pair)[2]) {
  pair[0] = ideograph(code);
  pair[1] = 0;
  if (pair[0] != 0) return true;
  const Rank found = rank_of(code);
  if (!found.decomposes) return false;
  const std::uint8_t second = kSecondParts[found.rank];
  pair[0] = (code & ~char32_t{0xFFFF}) | kFirstParts[found.rank];
  if (second != 0) pair[1] = kSeconds[second - 1];
  return true;
}

}  // namespace

bool has_unicode() { return true; }

CharClass class_of(char32_t code) {
  if (code < 2 * std::size(kNearClasses)) return static_cast<CharClass>(kNearClasses[code / 2] >> code % 2 * 4 & 15);
  if (code > kLast) return CharClass::kUnassigned;
  const Run run = run_of(kClassFirsts, kClassBytes, code);
  if (run.value != kAlternating) return static_cast<CharClass>(run.value);
  return (code - run.first) % 2 == 0 ? CharClass::kUpper : CharClass::kLower;
}

std::uint8_t combining_class(char32_t code) {
  if (code < 0x300 || code > kLast) return 0;
  const std::uint8_t value = run_of(kOrderFirsts, kOrderBytes, code).value;
  return value < kValueBehind ? kOrders[value] : static_cast<std::uint8_t>(value - kValueBehind);
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
  if (code > kLast) return 1;
  const Run run = run_of(kLowerFirsts, kLowerBytes, code);
  if (run.value == 1) {
    out[0] = code + ((code - run.first) % 2 == 0 ? 1 : 0);
  } else if (run.value != 0) {
    out[0] = static_cast<char32_t>(static_cast<std::int32_t>(code) + kLowerDeltas[run.value - 2]);
  }
  return 1;
}

std::uint32_t decompose(char32_t code, char32_t out[4]) {
  out[0] = code;
  if (code < 0xC0 || code > kLast) return 1;
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
  while (find_step(out[0], pair)) {
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
  if (second < kSeconds[0]) return 0;
  const std::size_t group = find_last<std::uint32_t>(kSeconds, second);
  if (kSeconds[group] != second) return 0;
  std::uint32_t next = 0;  // 1 + rank
  for (std::size_t i = kGroups[group]; i < kGroups[group + 1]; ++i) {
    next += kComposed[i];
    if (kComposed[i] == kWhole || kFirstParts[next - 1] != (first & 0xFFFF)) continue;
    if (const char32_t code = code_of(next - 1); code >> 16 == first >> 16) return code;
  }
  return 0;
}

}  // namespace kinglet::text
