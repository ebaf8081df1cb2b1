#include "converter/passes/dataflow.h"

namespace kinglet::converter {
namespace {

using Visit = std::function<void(int& value, Use use)>;

void visit_index(int& value, const Visit& visit) { visit(value, Use::kRead); }

void visit_slice(fb::Slice& slice, const Visit& visit) {
  int value = slice.value();
  visit(value, Use::kRead);
  slice = fb::Slice(value, slice.first());
}

void visit_emit(fb::Emit& emit, const Visit& visit) {
  int rows = emit.rows();
  int quantized = emit.quantized();
  visit(rows, Use::kMake);
  visit(quantized, Use::kMakeQuantized);
  emit = fb::Emit(rows, quantized);
}

void visit_attention(fb::AttentionT& op, const Visit& visit) {
  visit_slice(*op.query, visit);
  visit_slice(*op.key, visit);
  visit_slice(*op.value, visit);
  visit_index(op.angles, visit);
  visit_emit(*op.output, visit);
}

}  // namespace

void visit_values(fb::OperatorT& op, const Visit& visit) {
  switch (op.body.type) {
    case fb::Body::Embed: return visit_emit(*op.body.AsEmbed()->output, visit);
    case fb::Body::RotaryAngles: return visit(op.body.AsRotaryAngles()->output, Use::kMake);
    case fb::Body::Norm: {
      fb::NormT& norm = *op.body.AsNorm();
      visit_slice(*norm.input, visit);
      visit_index(norm.residual, visit);
      return visit_emit(*norm.output, visit);
    }
    case fb::Body::Linear: {
      fb::LinearT& linear = *op.body.AsLinear();
      visit_index(linear.input, visit);
      visit_index(linear.residual, visit);
      return visit_emit(*linear.output, visit);
    }
    case fb::Body::Attention: return visit_attention(*op.body.AsAttention(), visit);
    case fb::Body::CacheKeyValue: {
      visit_slice(*op.body.AsCacheKeyValue()->key, visit);
      return visit_slice(*op.body.AsCacheKeyValue()->value, visit);
    }
    case fb::Body::Gate: {
      visit_slice(*op.body.AsGate()->gate, visit);
      visit_slice(*op.body.AsGate()->up, visit);
      return visit_emit(*op.body.AsGate()->output, visit);
    }
    case fb::Body::Activate: {
      visit_slice(*op.body.AsActivate()->input, visit);
      return visit_emit(*op.body.AsActivate()->output, visit);
    }
    case fb::Body::Add: {
      visit_index(op.body.AsAdd()->left, visit);
      visit_index(op.body.AsAdd()->right, visit);
      return visit_emit(*op.body.AsAdd()->output, visit);
    }
    case fb::Body::Select: {
      visit_index(op.body.AsSelect()->input, visit);
      return visit_emit(*op.body.AsSelect()->output, visit);
    }
    case fb::Body::PoolRows: {
      visit_index(op.body.AsPoolRows()->input, visit);
      return visit_emit(*op.body.AsPoolRows()->output, visit);
    }
    case fb::Body::Recurrent: {
      visit_slice(*op.body.AsRecurrent()->input, visit);
      return visit_emit(*op.body.AsRecurrent()->output, visit);
    }
    case fb::Body::Recall: return visit_emit(*op.body.AsRecall()->output, visit);
    case fb::Body::Keep: return visit_slice(*op.body.AsKeep()->input, visit);
    case fb::Body::Concat: {
      for (fb::Part& part : op.body.AsConcat()->parts) {
        int value = part.value();
        visit(value, Use::kRead);
        part = fb::Part(value, part.first(), part.width());
      }
      return visit_emit(*op.body.AsConcat()->output, visit);
    }
    case fb::Body::Align: {
      visit_slice(*op.body.AsAlign()->query, visit);
      visit_index(op.body.AsAlign()->centre, visit);
      return visit_emit(*op.body.AsAlign()->output, visit);
    }
    case fb::Body::Conv2d: {
      visit_index(op.body.AsConv2d()->input, visit);
      visit_index(op.body.AsConv2d()->residual, visit);
      return visit_emit(*op.body.AsConv2d()->output, visit);
    }
    case fb::Body::DepthwiseConv2d: {
      visit_index(op.body.AsDepthwiseConv2d()->input, visit);
      return visit_emit(*op.body.AsDepthwiseConv2d()->output, visit);
    }
    case fb::Body::Pool2d: {
      visit_index(op.body.AsPool2d()->input, visit);
      return visit_emit(*op.body.AsPool2d()->output, visit);
    }
    case fb::Body::Regions: {
      visit_index(op.body.AsRegions()->input, visit);
      return visit_emit(*op.body.AsRegions()->output, visit);
    }
    case fb::Body::NONE: return;
  }
}

void visit_weights(fb::OperatorT& op, const std::function<void(int& weight)>& visit) {
  switch (op.body.type) {
    case fb::Body::Embed:
      visit(op.body.AsEmbed()->tokens);
      visit(op.body.AsEmbed()->positions);
      return visit(op.body.AsEmbed()->types);
    case fb::Body::RotaryAngles: return visit(op.body.AsRotaryAngles()->frequencies);
    case fb::Body::Norm: visit(op.body.AsNorm()->gain); return visit(op.body.AsNorm()->bias);
    case fb::Body::Linear:
      visit(op.body.AsLinear()->weight);
      visit(op.body.AsLinear()->bias);
      visit(op.body.AsLinear()->up);
      return visit(op.body.AsLinear()->up_bias);
    case fb::Body::Attention: return visit(op.body.AsAttention()->bias);
    case fb::Body::Recurrent:
      visit(op.body.AsRecurrent()->weight);
      visit(op.body.AsRecurrent()->bias);
      visit(op.body.AsRecurrent()->candidate);
      return visit(op.body.AsRecurrent()->candidate_bias);
    case fb::Body::Align: return visit(op.body.AsAlign()->v);
    case fb::Body::Conv2d: visit(op.body.AsConv2d()->weight); return visit(op.body.AsConv2d()->bias);
    case fb::Body::DepthwiseConv2d:
      visit(op.body.AsDepthwiseConv2d()->weight);
      return visit(op.body.AsDepthwiseConv2d()->bias);
    case fb::Body::Regions: visit(op.body.AsRegions()->before); return visit(op.body.AsRegions()->positions);
    case fb::Body::CacheKeyValue:
    case fb::Body::Gate:
    case fb::Body::Activate:
    case fb::Body::Add:
    case fb::Body::Select:
    case fb::Body::PoolRows:
    case fb::Body::Pool2d:
    case fb::Body::Recall:
    case fb::Body::Keep:
    case fb::Body::Concat:
    case fb::Body::NONE: return;
  }
}

void visit_states(fb::OperatorT& op, const std::function<void(int& state)>& visit) {
  if (fb::AttentionT* attention = op.body.AsAttention()) visit(attention->state);
  else if (fb::CacheKeyValueT* cache = op.body.AsCacheKeyValue()) visit(cache->state);
  else if (fb::KeepT* keep = op.body.AsKeep()) visit(keep->state);
  else if (fb::AlignT* align = op.body.AsAlign()) visit(align->state);
  else if (fb::RecurrentT* recurrent = op.body.AsRecurrent()) {
    visit(recurrent->state);
    visit(recurrent->initial);
  } else if (fb::RecallT* recall = op.body.AsRecall()) {
    visit(recall->state);
    visit(recall->initial);
  }
}

std::vector<Columns> columns_read(const fb::OperatorT& op, const fb::FunctionT& function, const fb::ModelT& model) {
  std::vector<Columns> read;
  const auto slice = [&](const fb::Slice& s, std::uint32_t width) { read.push_back({s.value(), s.first(), width}); };
  const auto whole = [&](int value) {
    if (value >= 0) read.push_back({value, 0, function.values[static_cast<std::size_t>(value)]->width});
  };
  if (const fb::NormT* norm = op.body.AsNorm()) {
    slice(*norm->input, norm->width);
    whole(norm->residual);
  } else if (const fb::AttentionT* attention = op.body.AsAttention()) {
    slice(*attention->query, attention->heads * attention->head_dim);
    slice(*attention->key, attention->kv_heads * attention->head_dim);
    slice(*attention->value, attention->kv_heads * attention->head_dim);
    whole(attention->angles);
  } else if (const fb::GateT* gate = op.body.AsGate()) {
    slice(*gate->gate, gate->width);
    slice(*gate->up, gate->width);
  } else if (const fb::ActivateT* activate = op.body.AsActivate()) {
    slice(*activate->input, activate->width);
  } else if (const fb::CacheKeyValueT* cache = op.body.AsCacheKeyValue()) {
    const fb::StateT& state = *model.states[static_cast<std::size_t>(cache->state)];
    slice(*cache->key, state.heads * state.head_dim);
    slice(*cache->value, state.heads * (state.value_dim != 0 ? state.value_dim : state.head_dim));
  } else if (const fb::RecurrentT* recurrent = op.body.AsRecurrent()) {
    const fb::StateT& state = *model.states[static_cast<std::size_t>(recurrent->state)];
    slice(*recurrent->input, (recurrent->cell == fb::Cell::Lstm ? 4 : 3) * state.head_dim);
  } else if (const fb::KeepT* keep = op.body.AsKeep()) {
    const fb::StateT& state = *model.states[static_cast<std::size_t>(keep->state)];
    slice(*keep->input, state.heads * state.head_dim);
  } else if (const fb::ConcatT* concat = op.body.AsConcat()) {
    for (const fb::Part& part : concat->parts) read.push_back({part.value(), part.first(), part.width()});
  } else if (const fb::AlignT* align = op.body.AsAlign()) {
    slice(*align->query, model.states[static_cast<std::size_t>(align->state)]->head_dim);
    whole(align->centre);
  } else {  // all others read whole values
    fb::OperatorT copy = op;
    visit_values(copy, [&](int& value, Use use) {
      if (use == Use::kRead) whole(value);
    });
  }
  std::erase_if(read, [](const Columns& c) { return c.value < 0; });
  return read;
}

std::vector<int> weights_read(const fb::OperatorT& op) {
  std::vector<int> read;
  fb::OperatorT copy = op;
  visit_weights(copy, [&](int& weight) {
    if (weight >= 0) read.push_back(weight);
  });
  return read;
}

int value_made(const fb::OperatorT& op) {
  int made = -1;
  fb::OperatorT copy = op;
  visit_values(copy, [&](int& value, Use use) {
    if (use == Use::kMake) made = value;
  });
  return made;
}

std::vector<std::size_t> makers(const fb::FunctionT& function) {
  std::vector<std::size_t> made(function.values.size());
  for (std::size_t i = 0; i < function.operators.size(); ++i) {
    if (const int value = value_made(*function.operators[i]); value >= 0) made[static_cast<std::size_t>(value)] = i;
  }
  return made;
}

fb::Emit* emit_of(fb::OperatorT& op) {
  switch (op.body.type) {
    case fb::Body::Embed: return op.body.AsEmbed()->output.get();
    case fb::Body::Norm: return op.body.AsNorm()->output.get();
    case fb::Body::Linear: return op.body.AsLinear()->output.get();
    case fb::Body::Attention: return op.body.AsAttention()->output.get();
    case fb::Body::Gate: return op.body.AsGate()->output.get();
    case fb::Body::Activate: return op.body.AsActivate()->output.get();
    case fb::Body::Add: return op.body.AsAdd()->output.get();
    case fb::Body::Select: return op.body.AsSelect()->output.get();
    case fb::Body::PoolRows: return op.body.AsPoolRows()->output.get();
    case fb::Body::Recurrent: return op.body.AsRecurrent()->output.get();
    case fb::Body::Recall: return op.body.AsRecall()->output.get();
    case fb::Body::Concat: return op.body.AsConcat()->output.get();
    case fb::Body::Align: return op.body.AsAlign()->output.get();
    case fb::Body::Conv2d: return op.body.AsConv2d()->output.get();
    case fb::Body::DepthwiseConv2d: return op.body.AsDepthwiseConv2d()->output.get();
    case fb::Body::Pool2d: return op.body.AsPool2d()->output.get();
    case fb::Body::Regions: return op.body.AsRegions()->output.get();
    case fb::Body::RotaryAngles:
    case fb::Body::CacheKeyValue:
    case fb::Body::Keep:
    case fb::Body::NONE: return nullptr;
  }
  return nullptr;
}

int state_filled(const fb::OperatorT& op) {
  if (const fb::CacheKeyValueT* cache = op.body.AsCacheKeyValue()) return cache->state;
  if (const fb::RecurrentT* recurrent = op.body.AsRecurrent()) return recurrent->state;
  if (const fb::KeepT* keep = op.body.AsKeep()) return keep->state;
  const fb::AttentionT* attention = op.body.AsAttention();
  return attention != nullptr && attention->key->value() >= 0 ? attention->state : -1;
}

std::string_view kind_of(const fb::OperatorT& op) { return fb::EnumNameBody(op.body.type); }

std::vector<fb::FunctionT*> functions(fb::ModelT& model) {
  std::vector<fb::FunctionT*> all;
  if (model.encode) all.push_back(model.encode.get());
  if (model.step) all.push_back(model.step.get());
  return all;
}

std::vector<const fb::FunctionT*> functions(const fb::ModelT& model) {
  std::vector<const fb::FunctionT*> all;
  if (model.encode) all.push_back(model.encode.get());
  if (model.step) all.push_back(model.step.get());
  return all;
}

}  // namespace kinglet::converter
