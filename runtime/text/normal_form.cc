// One run at a time: a character and the marks behind it are decomposed, put in order and composed by themselves,
// because nothing composes across the beginning of a run.
#include "text/normal_form.h"

#include <cstdint>
#include <cstring>

#include "text/unicode.h"

namespace kinglet::text {
namespace {

enum class Form { kDecomposed, kComposed, kStripped };

struct Run {
  char32_t* codes;
  std::size_t size;
  std::size_t room;
};

// Whether a character can join or pass those before it. All such characters are marks, or vowels and trails of Hangul.
bool joins(char32_t code) {
  if (code < 0x300) return false;
  if (code >= 0x1160 && code <= 0x11FF) return true;
  const CharClass kind = class_of(code);
  return kind == CharClass::kNonspacing || kind == CharClass::kMark;
}

bool append(char32_t code, Run& run) {
  char32_t parts[4];
  const std::uint32_t count = decompose(code, parts);
  if (run.room - run.size < count) return false;
  for (std::uint32_t i = 0; i < count; ++i) run.codes[run.size++] = parts[i];
  return true;
}

// Stable sort of [first, last) by combining class: merges of doubling width, so a long row of marks costs n log n.
void sort_marks(char32_t* first, std::size_t size, char32_t* spare) {
  for (std::size_t width = 1; width < size; width *= 2) {
    for (std::size_t begin = 0; begin < size; begin += 2 * width) {
      const std::size_t middle = begin + width < size ? begin + width : size;
      const std::size_t end = middle + width < size ? middle + width : size;
      std::size_t a = begin;
      std::size_t b = middle;
      for (std::size_t i = begin; i < end; ++i) {
        const bool left = b == end || (a < middle && combining_class(first[a]) <= combining_class(first[b]));
        spare[i] = first[left ? a++ : b++];
      }
    }
    std::memcpy(first, spare, size * sizeof(char32_t));
  }
}

// Puts each row of marks between starters in order.
void order(const Run& run, char32_t* spare) {
  std::size_t begin = 0;
  bool sorted = true;
  for (std::size_t i = 0; i <= run.size; ++i) {
    const std::uint8_t rank = i < run.size ? combining_class(run.codes[i]) : std::uint8_t{0};
    if (rank == 0) {
      if (!sorted) sort_marks(run.codes + begin, i - begin, spare);
      begin = i + 1;
      sorted = true;
    } else if (i > begin && combining_class(run.codes[i - 1]) > rank) {
      sorted = false;
    }
  }
}

// Composes in place (annex 15, D117): a character joins the last starter unless one of its class or higher is between.
void compose_run(Run& run) {
  std::size_t size = 0;
  std::size_t starter = run.size;  // none yet
  std::uint8_t before = 0;         // class of the last character kept behind the starter
  for (std::size_t i = 0; i < run.size; ++i) {
    const char32_t code = run.codes[i];
    const std::uint8_t rank = combining_class(code);
    const bool adjacent = starter < run.size && starter + 1 == size;
    if (starter < run.size && (adjacent || before < rank)) {
      if (const char32_t joined = compose(run.codes[starter], code); joined != 0) {
        run.codes[starter] = joined;
        continue;
      }
    }
    if (rank == 0) starter = size;
    before = rank;
    run.codes[size++] = code;
  }
  run.size = size;
}

bool emit(Run& run, Form form, Stage& stage, const char32_t* codes) {
  for (std::size_t i = 0; i < run.size; ++i) {
    if (form == Form::kStripped && class_of(codes[i]) == CharClass::kNonspacing) continue;
    if (!stage.put(codes[i])) return false;
  }
  return true;
}

// One run of text from `at` on, normalized into the stage; moves `at` to its end.
bool pass_run(std::string_view text, std::size_t& at, Form form, Stage& stage) {
  CodePoint point = code_point(text, at);
  at += point.bytes;
  if (at == text.size() || static_cast<std::uint8_t>(text[at]) < 0x80) {
    if (point.code < 0xC0) return stage.put(point.code);
  }
  // The lists lie where the output goes. It is written from `spare`, behind `codes`: UTF-8 is at most as long as the
  // code points in `codes` are, so it never reaches what is still to be read.
  const Scratch free = stage.rest();
  Scratch lists = free;
  const std::size_t half = free.left() / sizeof(char32_t) / 2;
  if (half < 2) return false;
  char32_t* codes = lists.take<char32_t>(half - 1);
  char32_t* spare = lists.take<char32_t>(half - 1);
  if (codes == nullptr || spare == nullptr) return false;
  Run run{codes, 0, half - 1};
  if (!append(point.code, run)) return false;
  while (at < text.size()) {
    point = code_point(text, at);
    if (!joins(point.code)) break;
    at += point.bytes;
    if (!append(point.code, run)) return false;
  }
  order(run, spare);
  if (form == Form::kComposed) compose_run(run);
  std::memmove(spare, codes, run.size * sizeof(char32_t));
  return emit(run, form, stage, spare);
}

bool pass(Stage& stage, Form form) {
  const std::string_view text = stage.text();
  for (std::size_t at = 0; at < text.size();) {
    if (!pass_run(text, at, form, stage)) return false;
  }
  stage.turn();
  return true;
}

}  // namespace

bool normal_form(Stage& stage, bool composed) {
  // All characters below U+0300, whose first byte is 0xCC, are composed already.
  bool plain = composed;
  for (const char byte : stage.text()) plain = plain && static_cast<std::uint8_t>(byte) < 0xCC;
  if (plain) return true;
  return pass(stage, composed ? Form::kComposed : Form::kDecomposed);
}

bool strip_accents(Stage& stage) { return pass(stage, Form::kStripped); }

}  // namespace kinglet::text
