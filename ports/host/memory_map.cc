// The arena as pictures (describe.h).
#include <algorithm>
#include <cstdio>

#include "describe.h"
#include "failure.h"
#include "ops/ops.h"
#include "plan/layout.h"
#include "plan/tables.h"
#include "text.h"

namespace kinglet::host {
namespace {

constexpr std::size_t kColumns = 72;
constexpr std::size_t kHead = 28, kTail = 12;  // lines shown of a long program

// One function's working memory at each of its operators.
class Map {
 public:
  Map(const fb::Function& function, const Shapes& shapes, std::uint64_t bytes)
      : function_(function),
        shapes_(shapes),
        bytes_(bytes),
        values_(function.values()->size()),
        scratches_(function.operators()->size()),
        made_(values_.size(), ~0U) {
    const auto laid = Layout::make(function, shapes, values_.data(), scratches_.data());
    require("plan", laid.status());
    for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
      const fb::Emit results = ops::visit(
          *function.operators()->Get(i), [](const auto& table) { return ops::results(table); }, fb::Emit{-1, -1});
      for (const int value : {results.rows(), results.quantized()}) {
        if (value >= 0) made_[static_cast<std::size_t>(value)] = i;
      }
    }
  }

  std::string line(std::uint32_t op) const {
    std::string text(kColumns, '.');
    const std::uint64_t scratch = ops::visit(
        *function_.operators()->Get(op),
        [this](const auto& table) { return ops::scratch_bytes(table, function_, shapes_); }, std::uint64_t{0});
    draw(text, scratches_[op], scratch, '~');
    for (std::uint32_t v = 0; v < values_.size(); ++v) {
      const fb::Value& value = *function_.values()->Get(v);
      if (made_[v] <= op && op <= value.last_use())
        draw(text, values_[v], value_bytes(value, shapes_), static_cast<char>('a' + v % 26));
    }
    return text;
  }

 private:
  void draw(std::string& text, std::uint64_t begin, std::uint64_t bytes, char letter) const {
    if (bytes == 0 || bytes_ == 0) return;
    const std::size_t first = static_cast<std::size_t>(begin * kColumns / bytes_);
    const std::size_t last = static_cast<std::size_t>((begin + bytes) * kColumns / bytes_);
    for (std::size_t i = first; i < std::max(last, first + 1) && i < kColumns; ++i) text[i] = letter;
  }

  const fb::Function& function_;
  Shapes shapes_;
  std::uint64_t bytes_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint64_t> scratches_;
  std::vector<std::uint32_t> made_;  // the operator that makes a value
};

}  // namespace

std::string memory_map(const Plan& plan, bool encode, bool all) {
  const fb::Model& root = plan.model.root();
  const fb::Function& function = encode ? *root.encode() : *root.step();
  const Map map(function, shapes_of(plan.model.root(), plan.limits, encode), plan.working_bytes);
  const std::uint32_t count = function.operators()->size();
  const bool cut = !all && count > kHead + kTail + 1;
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (cut && i == kHead) {
      text += "         ... " + std::to_string(count - kHead - kTail) + " operators more: see --all\n";
      i = static_cast<std::uint32_t>(count - kTail);
    }
    char head[64];
    std::snprintf(head, sizeof(head), "  %5u  ", i);
    text += head + map.line(i) + "  " + fb::EnumNameBody(function.operators()->Get(i)->body_type()) + "\n";
  }
  return text;
}

std::string arena_map(const Plan& plan) {
  struct Part {
    const char* name;
    std::uint64_t bytes;
    char letter;
  };
  const Part parts[] = {
      {"tables", plan.tables_bytes, 'T'}, {"states", plan.states_bytes, 'S'}, {"working", plan.working_bytes, 'W'}};
  std::string bar, lines;
  for (const Part& part : parts) {
    const std::size_t size =
        static_cast<std::size_t>(part.bytes * kColumns / std::max<std::size_t>(plan.arena_bytes, 1));
    bar += std::string(part.bytes == 0 ? 0 : std::max<std::size_t>(size, 1), part.letter);
    char line[128];
    std::snprintf(line, sizeof(line), "  %c %-8s %14llu bytes\n", part.letter, part.name,
                  static_cast<unsigned long long>(part.bytes));
    lines += line;
  }
  return "  [" + bar + "]\n" + lines;
}

}  // namespace kinglet::host
