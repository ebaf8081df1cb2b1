#include "kinglet/attention.h"
#include "session/runner.h"

namespace kinglet {
namespace {

AttentionInfo info(const fb::Operator& op, bool encode) {
  AttentionInfo made;
  if (op.name() != nullptr) made.name = op.name()->c_str();
  if (const fb::Attention* attention = op.body_as_Attention()) {
    const bool cross = attention->key()->value() < 0;
    made.kind = encode ? AttentionKind::kEncoder : cross ? AttentionKind::kCross : AttentionKind::kSelf;
    made.heads = attention->heads();
  } else {
    made.kind = AttentionKind::kAlign;
    made.heads = 1;
  }
  return made;
}

}  // namespace

std::uint32_t attentions(const fb::Function& function) {
  std::uint32_t count = 0;
  for (const fb::Operator* op : *function.operators()) count += has_weights(*op) ? 1 : 0;
  return count;
}

std::uint32_t attention_count(const Model& model) {
  std::uint32_t count = 0;
  for (const fb::Function* function : {model.root().encode(), model.root().step()})
    count += function == nullptr ? 0 : attentions(*function);
  return count;
}

AttentionInfo attention_info(const Model& model, std::uint32_t index) {
  for (const bool encode : {true, false}) {
    const fb::Function* function = encode ? model.root().encode() : model.root().step();
    if (function == nullptr) continue;
    for (const fb::Operator* op : *function->operators()) {
      if (!has_weights(*op)) continue;
      if (index == 0) return info(*op, encode);
      --index;
    }
  }
  return {};
}

}  // namespace kinglet
