#include "plan/layout.h"

#include "base/align.h"
#include "ops/ops.h"

namespace kinglet {

Result<std::uint64_t> Layout::place(std::uint64_t bytes, std::uint32_t last_use) {
  bytes = round_up(bytes, kAlignment);
  if (count_ == kMostAlive)
    return Status{Code::kUnsupported, "more values alive at once than a plan can hold", kMostAlive};
  std::uint32_t slot = 0;
  std::uint64_t begin = 0;
  while (slot < count_ && alive_[slot].begin - begin < bytes) begin = alive_[slot++].end;
  for (std::uint32_t i = count_; i > slot; --i) alive_[i] = alive_[i - 1];
  alive_[slot] = {begin, begin + bytes, last_use};
  ++count_;
  peak_ = larger(peak_, begin + bytes);
  return begin;
}

void Layout::release(std::uint32_t op) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (alive_[i].last_use > op) alive_[kept++] = alive_[i];
  }
  count_ = kept;
}

Result<std::uint64_t> Layout::make(const fb::Function& function, const Shapes& shapes, std::uint64_t* values,
                                   std::uint64_t* scratches) {
  Layout layout;
  for (std::uint32_t i = 0; i < function.operators()->size(); ++i) {
    const fb::Operator& op = *function.operators()->Get(i);
    const fb::Emit made = ops::results_of(op);
    for (const int value : {made.rows(), made.quantized()}) {
      if (value < 0) continue;
      const fb::Value& v = *function.values()->Get(static_cast<std::uint32_t>(value));
      auto offset = layout.place(value_bytes(v, shapes), v.last_use());
      if (!offset.ok()) return offset.status();
      if (values != nullptr) values[value] = *offset;
    }
    const std::uint64_t scratch = ops::visit(
        op, [&](const auto& table) { return ops::scratch_bytes(table, function, shapes); }, std::uint64_t{0});
    auto offset = layout.place(scratch, i);
    if (!offset.ok()) return offset.status();
    if (scratches != nullptr) scratches[i] = *offset;
    layout.release(i);
  }
  return layout.peak_;
}

}  // namespace kinglet
