#include "converter/passes/fidelity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "converter/error.h"
#include "converter/passes/dataflow.h"
#include "converter/passes/int8_session.h"
#include "kinglet/session.h"

namespace kinglet::converter {
namespace {

// Sums over rows of what SNR and cosine need.
struct Sums {
  double signal = 0, other = 0, product = 0, noise = 0;

  void add(std::span<const float> expected, std::span<const float> found) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double e = static_cast<double>(expected[i]), f = static_cast<double>(found[i]);
      signal += e * e;
      other += f * f;
      product += e * f;
      noise += (e - f) * (e - f);
    }
  }

  double snr_db() const {
    if (noise == 0) return std::numeric_limits<double>::infinity();
    return signal == 0 ? -std::numeric_limits<double>::infinity() : 10.0 * std::log10(signal / noise);
  }

  double cosine() const {
    if (signal == 0 || other == 0) return signal == other ? 1 : 0;
    return product / std::sqrt(signal * other);
  }
};

// log of the softmax of a row.
std::vector<double> log_softmax(std::span<const float> row) {
  const double most = static_cast<double>(*std::max_element(row.begin(), row.end()));
  double sum = 0;
  for (const float x : row) sum += std::exp(static_cast<double>(x) - most);
  std::vector<double> logs;
  for (const float x : row) logs.push_back(static_cast<double>(x) - most - std::log(sum));
  return logs;
}

double divergence(std::span<const float> expected, std::span<const float> found) {
  const auto p = log_softmax(expected), q = log_softmax(found);
  double kl = 0;
  for (std::size_t i = 0; i < p.size(); ++i) kl += std::exp(p[i]) * (p[i] - q[i]);
  return std::max(kl, 0.0);
}

std::ptrdiff_t best(std::span<const float> row) { return std::max_element(row.begin(), row.end()) - row.begin(); }

// Over all inputs.
struct Totals {
  std::vector<Sums> encode, step;
  Sums output;
  std::size_t rows = 0;
  double cosine = 0, kl = 0, top1 = 0;  // sums over the rows
};

// What the session's observer fills in.
struct Watch {
  const Recording& recording;
  Totals& totals;

  static void after(void* context, const Observation& seen) {
    Watch& watch = *static_cast<Watch*>(context);
    if (seen.width == 0) return;
    const Matrix& expected = watch.recording.of(seen.encode)[seen.op];
    if (seen.first_row + seen.rows > expected.rows || expected.width != seen.width) return;
    std::vector<float> row(seen.width);
    Sums& sums = (seen.encode ? watch.totals.encode : watch.totals.step)[seen.op];
    for (std::uint32_t r = 0; r < seen.rows; ++r) {
      seen.read(r, row);
      sums.add(expected.row(seen.first_row + r), row);
    }
  }
};

void check_same_function(const fb::Function* file, const fb::FunctionT* ours) {
  const auto differ = [] {
    throw Error(
        "the file was not made from this checkpoint by this version: convert it again, or name the checkpoint it came "
        "from");
  };
  if ((file == nullptr) != (ours == nullptr)) differ();
  if (file == nullptr) return;
  if (file->operators()->size() != ours->operators.size()) differ();
  for (std::uint32_t i = 0; i < file->operators()->size(); ++i) {
    const auto* op = file->operators()->Get(i);
    const std::string name = op->name() == nullptr ? "" : op->name()->str();
    if (op->body_type() != ours->operators[i]->body.type || name != ours->operators[i]->name) differ();
  }
}

// Runs the model and leaves its output rows in the session.
void run(Int8Session& session, const Model& model, const ReferenceInput& input) {
  const bool both = model.has_encoder() && model.has_decoder();
  if (model.has_encoder())
    session.encode({.sequence = 0,
                    .tokens = input.tokens,
                    .types = input.types,
                    .want = Want::kAll,
                    .grid = {.bytes = {}, .features = input.features}});
  if (model.has_decoder()) {
    session.step(
        {.sequence = 0, .tokens = both ? input.decoder_tokens : input.tokens, .types = {}, .want = Want::kAll});
  }
}

void add_output(const Session& session, const Recording& recording, bool distribution, Totals& totals) {
  const std::size_t rows = std::min<std::size_t>(session.outputs(), recording.output.rows);
  totals.rows += rows;
  for (std::uint32_t r = 0; r < rows; ++r) {
    const auto expected = recording.output.row(r);
    const auto found = session.output(r);
    Sums one;
    one.add(expected, found);
    totals.output.add(expected, found);
    totals.cosine += one.cosine();
    if (!distribution) continue;
    totals.kl += divergence(expected, found);
    totals.top1 += best(expected) == best(found) ? 1.0 : 0.0;
  }
}

void list_operators(const fb::Function* function, bool encode, const std::vector<Sums>& sums,
                    std::vector<OperatorFidelity>& list) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].signal == 0 && sums[i].other == 0) continue;  // it only fills a state, or gives zeros as it should
    const fb::Operator& op = *function->operators()->Get(static_cast<std::uint32_t>(i));
    OperatorFidelity one{.encode = encode, .op = i, .name = op.name()->str(), .kind = fb::EnumNameBody(op.body_type())};
    if (const fb::Linear* linear = op.body_as_Linear()) {
      one.q16 = function->values()->Get(static_cast<std::uint32_t>(linear->input()))->kind() == fb::Kind::Q16;
    }
    if (const fb::Recurrent* recurrent = op.body_as_Recurrent()) one.q16 = recurrent->wide();
    if (const fb::Conv2d* conv = op.body_as_Conv2d()) one.q16 = conv->wide();
    one.snr_db = sums[i].snr_db();
    one.cosine = sums[i].cosine();
    list.push_back(std::move(one));
  }
}

// Runs the model on the one input of the recording.
void add_run(const Model& model, const Recording& recording, bool distribution, unsigned threads, Totals& totals) {
  const fb::Model& root = model.root();
  const ReferenceInput& input = recording.inputs.front();
  const auto source = root.input() != nullptr ? root.source() : static_cast<std::uint32_t>(input.tokens.size());
  const auto rows = static_cast<std::uint32_t>(model.has_encoder() ? input.decoder_tokens.size() : source);
  const std::uint32_t outputs = model.has_decoder() ? rows : source;
  const Limits limits{
      .context = rows, .source = source, .rows = rows, .source_rows = source, .outputs = outputs, .threads = threads};
  Watch watch{recording, totals};
  Int8Session session(model, limits, {&Watch::after, &watch});
  run(session, model, input);
  add_output(*session, recording, distribution, totals);
}

}  // namespace

const OperatorFidelity* Fidelity::worst() const {
  const auto it = std::min_element(operators.begin(), operators.end(),
                                   [](const auto& a, const auto& b) { return a.snr_db < b.snr_db; });
  return it == operators.end() ? nullptr : &*it;
}

void check_same_program(const Model& model, const Program& program) {
  check_same_function(model.root().encode(), program.model.encode.get());
  check_same_function(model.root().step(), program.model.step.get());
}

Fidelity measure_fidelity(const Model& model, const Program& program, const std::vector<ReferenceInput>& inputs,
                          const Recording& recording, unsigned threads) {
  check_same_program(model, program);
  Totals totals{.encode = std::vector<Sums>(recording.encode.size()),
                .step = std::vector<Sums>(recording.step.size()),
                .output = {}};
  const bool distribution = model.root().task() != fb::Task::Embed;
  for (const ReferenceInput& input : inputs) {
    if (inputs.size() == 1) add_run(model, recording, distribution, threads, totals);
    else add_run(model, record(program, {input}, threads), distribution, threads, totals);
  }
  const double rows = static_cast<double>(std::max<std::size_t>(totals.rows, 1));
  Fidelity fidelity{.operators = {},
                    .rows = totals.rows,
                    .snr_db = totals.output.snr_db(),
                    .cosine = totals.cosine / rows,
                    .distribution = distribution,
                    .kl = totals.kl / rows,
                    .top1 = totals.top1 / rows};
  list_operators(model.root().encode(), true, totals.encode, fidelity.operators);
  list_operators(model.root().step(), false, totals.step, fidelity.operators);
  return fidelity;
}

}  // namespace kinglet::converter
