#include "tests/fuzz/run_file.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kinglet/session.h"
#include "model_generated.h"
#include "tests/aligned.h"
#include "tests/fuzz/inputs.h"
#include "tests/fuzz/run_tasks.h"

namespace kinglet::fuzz {
namespace {

using kinglet::testing::AlignedBytes;

constexpr std::uint32_t kSequences = 2, kRows = 6;

// Reads all that the session shows, so that a sanitizer sees where it lies.
void look_at(const Session& session) {
  float sum = 0;
  for (std::uint32_t i = 0; i < session.outputs(); ++i) {
    for (const float x : session.output(i)) sum += x;
    if (const auto token = session.picked(i); token.ok()) sum += static_cast<float>(*token);
  }
  volatile float kept = sum;
  (void)kept;
}

class Run {
 public:
  Run(const Plan& plan, Session& session, Inputs& inputs)
      : plan_(plan),
        root_(plan.model.root()),
        session_(session),
        inputs_(inputs) {}

  // Whether a call succeeded.
  bool all() {
    capture();
    for (const bool extremes : {false, true}) {  // what the whole range of inputs makes, then its ends
      inputs_.extremes_only(extremes);
      bytes_.clear();
      if (plan_.model.has_encoder()) encode();
      if (plan_.model.has_decoder()) decode();
    }
    (void)session_.capture({});
    for (std::uint32_t sequence = 0; sequence < kSequences; ++sequence) (void)session_.forget(sequence);
    return succeeded_;
  }

 private:
  void capture() {
    const std::uint32_t count = attention_count(plan_.model);
    if (count == 0 || inputs_.one_in(2)) return;
    const std::uint32_t index = inputs_.below(count);
    const std::uint32_t side = std::max(plan_.limits.context, plan_.limits.source);
    const std::size_t floats = std::size_t{attention_info(plan_.model, index).heads} * side * side;
    if (floats > (1U << 20)) return;
    captured_.resize(floats);
    captures_ = {{.attention = index, .sequence = 0, .rows = side, .columns = side, .weights = captured_}};
    (void)session_.capture(captures_);
  }

  void encode() {
    std::vector<Chunk> chunks;
    std::vector<std::int32_t> tokens[kSequences];
    std::vector<std::uint8_t> types[kSequences];
    const std::uint32_t most = std::min(plan_.limits.source, plan_.limits.source_rows / kSequences);
    for (std::uint32_t sequence = 0; sequence < kSequences; ++sequence) {
      Chunk chunk{.sequence = sequence, .want = inputs_.one_in(2) ? Want::kAll : Want::kLast};
      if (root_.input() != nullptr) {
        chunk.grid = grid();
      } else {
        tokens[sequence] = inputs_.tokens(1 + inputs_.below(std::max(most, 1U)), root_.source_vocabulary());
        types[sequence] = inputs_.bytes(inputs_.one_in(2) ? tokens[sequence].size() : 0);
        for (std::uint8_t& type : types[sequence]) type = static_cast<std::uint8_t>(type % root_.types());
        chunk.tokens = tokens[sequence];
        chunk.types = types[sequence];
      }
      chunks.push_back(chunk);
    }
    Status encoded = session_.encode(chunks);
    // Of a grid that is refused (a NaN, floats too large to be added) others: bytes, and what is as mild as can be.
    const std::vector<float> mild(floats_.size(), 0.25F);
    for (const Grid& other : {Grid{.bytes = bytes_, .features = {}}, Grid{.bytes = {}, .features = mild}}) {
      if (encoded.ok() || root_.input() == nullptr) break;
      for (Chunk& chunk : chunks) chunk.grid = other;
      encoded = session_.encode(chunks);
    }
    succeeded_ |= encoded.ok();
    look_at(session_);
  }

  Grid grid() {
    const fb::Size& size = *root_.input()->grid();
    const std::size_t numbers = std::size_t{size.height()} * size.width() * root_.input()->channels();
    if (bytes_.empty()) {
      bytes_ = inputs_.bytes(numbers);
      floats_ = inputs_.floats(numbers);
    }
    return inputs_.one_in(2) ? Grid{.bytes = bytes_, .features = {}} : Grid{.bytes = {}, .features = floats_};
  }

  void decode() {
    for (int call = 0; call < 4; ++call) {
      disturb();
      std::vector<Chunk> chunks;
      std::vector<std::int32_t> tokens[kSequences];
      for (std::uint32_t sequence = 0; sequence < kSequences; ++sequence) {
        tokens[sequence] = inputs_.tokens(1 + inputs_.below(kRows / kSequences), root_.vocabulary());
        chunks.push_back(
            {.sequence = sequence, .tokens = tokens[sequence], .want = inputs_.one_in(2) ? Want::kAll : Want::kLast});
      }
      succeeded_ |= session_.step(chunks).ok();
      look_at(session_);
    }
    session_.stop_picking();
    (void)session_.restrict({});
  }

  // Whatever else can be asked of a session between two steps.
  void disturb() {
    const std::uint32_t parents[kSequences] = {inputs_.below(kSequences), inputs_.below(kSequences)};
    switch (inputs_.below(7)) {
      case 0: (void)session_.reorder(parents); break;
      case 1: (void)session_.truncate(parents[0], inputs_.below(session_.length(parents[0]) + 1)); break;
      case 2: (void)session_.forget(parents[0]); break;
      case 3: (void)session_.pick({}); break;
      case 4:
        (void)session_.restrict({});  // the list is the session's until then
        allowed_ = inputs_.tokens(3, root_.vocabulary());
        std::sort(allowed_.begin(), allowed_.end());
        (void)session_.restrict(allowed_);
        break;
      default: break;
    }
  }

  const Plan& plan_;
  const fb::Model& root_;
  Session& session_;
  Inputs& inputs_;
  std::vector<float> captured_, floats_;
  std::vector<AttentionCapture> captures_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::int32_t> allowed_;
  bool succeeded_ = false;
};

Limits small_limits(const fb::Model& root, bool tasks) {
  constexpr std::uint32_t kContext = 20, kSource = 12;
  Limits limits{.sequences = kSequences};
  if (root.step() != nullptr) limits.context = std::min(root.context(), kContext);
  if (root.encode() != nullptr)
    limits.source = root.input() != nullptr ? root.source() : std::min(root.source(), kSource);
  limits.rows = kRows;
  limits.source_rows = limits.source * kSequences;
  limits.outputs = tasks ? 0 : kRows + limits.source_rows;
  return limits;
}

// Any limits: refused, or a plan whose parts are no larger than their sum.
void plan_anyhow(const Model& model, Inputs inputs) {
  const auto any = [&inputs] { return inputs.one_in(8) ? 1U << inputs.below(32) : inputs.below(40); };
  for (int round = 0; round < 2; ++round) {
    Limits limits;
    for (std::uint32_t* limit :
         {&limits.context, &limits.source, &limits.rows, &limits.source_rows, &limits.outputs, &limits.sources}) {
      if (inputs.one_in(2)) *limit = any();
    }
    if (!inputs.one_in(4)) limits.sequences = any();
    if (inputs.one_in(4)) limits.threads = any();
    const auto plan = Plan::make(model, limits);
    if (plan.ok() && plan->arena_bytes < plan->tables_bytes + plan->states_bytes + plan->working_bytes) std::abort();
  }
}

}  // namespace

Outcome run_file(std::span<const std::byte> bytes, std::uint32_t seed, const Budget& budget) {
  const AlignedBytes file(bytes);
  const auto model = Model::open(file.span());
  if (!model.ok()) return Outcome::kRefused;
  (void)model->verify_checksums();
  Inputs inputs(seed);
  const fb::Model& root = model->root();
  if (root.input() != nullptr &&
      1.0 * root.input()->grid()->height() * root.input()->grid()->width() * root.input()->channels() >
          budget.operations)
    return Outcome::kTooLarge;
  plan_anyhow(*model, Inputs(seed));
  const bool tasks = seed % 2 == 0;
  const auto plan = Plan::make(*model, small_limits(root, tasks));
  if (!plan.ok() || plan->arena_bytes > budget.bytes || operations_of(*plan) > budget.operations)
    return Outcome::kTooLarge;
  AlignedBytes arena(plan->arena_bytes);
  std::memset(arena.span().data(), 0xff, arena.span().size());  // NaN wherever somebody reads what nobody wrote
  const auto session = Session::create(*plan, arena.span());
  if (!session.ok()) std::abort();  // a plan is what a session needs
  if (!tasks) return Run(*plan, **session, inputs).all() ? Outcome::kRan : Outcome::kRanInVain;
  run_tasks(*plan, **session, inputs, budget.bytes);
  return Outcome::kRan;
}

}  // namespace kinglet::fuzz
