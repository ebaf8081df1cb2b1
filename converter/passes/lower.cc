#include "converter/passes/lower.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "converter/builder.h"
#include "converter/passes/dataflow.h"
#include "converter/passes/sampling.h"
#include "converter/reference/ops.h"
#include "converter/reference/parallel.h"

namespace kinglet::converter {
namespace {

// x_q - x of one row in 8 bits, as kernels.h defines it.
std::vector<float> rounding_error(std::span<const float> row) {
  float amax = 0;
  for (const float x : row) amax = std::max(amax, std::fabs(x));
  std::vector<float> error(row.size());
  const bool zero = amax < 0x1p-100F;
  const float scale = amax / 127.0F, inverse = zero ? 0.0F : 127.0F / amax;
  for (std::size_t i = 0; i < row.size(); ++i)
    error[i] = zero ? -row[i] : std::nearbyint(row[i] * inverse) * scale - row[i];
  return error;
}

// Mean over rows of noise power / signal power, in dB, on a sample of rows and output channels that bounds the cost.
// `outputs`: of its rows the first so many; 0: all.
double q8_signal_to_noise(const Matrix& input, const WeightSource& weight, std::uint32_t outputs = 0) {
  const auto rows = spread(input.rows, 16);
  const auto channels = spread(outputs == 0 ? weight.rows : outputs, 256);
  std::vector<std::vector<float>> errors;
  for (const std::uint32_t r : rows) errors.push_back(rounding_error(input.row(r)));
  std::vector<double> signal(rows.size()), noise(rows.size());
  const std::vector<float> all = weight.load_rows ? std::vector<float>{} : weight.floats();
  std::vector<float> w(weight.columns);
  for (const std::uint32_t c : channels) {
    if (weight.load_rows) {
      weight.read(c, w);
    } else {
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(std::size_t{c} * weight.columns), weight.columns,
                  w.begin());
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double y = dot(w, input.row(rows[i])), e = dot(w, errors[i]);
      signal[i] += y * y;
      noise[i] += e * e;
    }
  }
  double ratio = 0;
  std::size_t counted = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(signal[i] > 0)) continue;  // a row that the weight maps to nothing
    ratio += noise[i] / signal[i];
    ++counted;
  }
  if (counted == 0 || ratio == 0) return std::numeric_limits<double>::infinity();
  return -10.0 * std::log10(ratio / static_cast<double>(counted));
}

// The rows that a convolution's weight is multiplied with, of its first group, of every input.
Matrix windows_of(const fb::Conv2dT& op, const fb::FunctionT& function, const Program& program,
                  const Recording& recording, const std::vector<std::size_t>& made) {
  const int result = op.output->rows() >= 0 ? op.output->rows() : op.output->quantized();
  ops::Window window{
      {}, *function.values[static_cast<std::size_t>(result)]->grid, *op.kernel, *op.stride, *op.padding, *op.dilation};
  const bool first = op.input < 0;
  window.input = first ? *program.model.input->grid : *function.values[static_cast<std::size_t>(op.input)]->grid;
  const std::uint32_t places = window.input.height() * window.input.width();
  Matrix all;
  for (std::size_t i = 0; i < recording.inputs.size(); ++i) {
    ops::View x;
    if (first) {
      const std::uint32_t channels = program.model.input->channels;
      x = {recording.inputs[i].features.data(), places, channels, channels};
    } else {
      x = ops::view(recording.encode[made[static_cast<std::size_t>(op.input)]]);
      x = {x.data + i * places * x.stride, places, x.width, x.stride};
    }
    const Matrix windows = ops::windows(x, window, 0, x.width / op.groups);
    all.width = windows.width;
    all.rows += windows.rows;
    all.data.insert(all.data.end(), windows.data.begin(), windows.data.end());
  }
  return all;
}

std::vector<LinearNoise> measure(const Program& program, const Recording& recording, unsigned threads) {
  std::vector<LinearNoise> all;
  for (const fb::FunctionT* function : functions(program.model)) {
    const bool encode = function == program.model.encode.get();
    const auto made = makers(*function);
    const std::size_t begin = all.size();
    bool pooled = false;
    for (std::size_t i = 0; i < function->operators.size(); ++i) {
      const fb::OperatorT& op = *function->operators[i];
      pooled = pooled || op.body.AsPoolRows() != nullptr;
      if (const fb::LinearT* linear = op.body.AsLinear()) {
        const bool single = function->values[static_cast<std::size_t>(linear->input)]->extent == fb::Extent::Sequences;
        all.push_back({.encode = encode, .op = i, .name = op.name, .pooled = pooled || single});
      } else if (op.body.AsRecurrent() != nullptr || op.body.AsConv2d() != nullptr) {
        all.push_back({.encode = encode, .op = i, .name = op.name});
      }
    }
    parallel_for(threads, all.size() - begin, [&](std::size_t i) {
      LinearNoise& linear = all[begin + i];
      const fb::BodyUnion& body = function->operators[linear.op]->body;
      if (const fb::RecurrentT* recurrent = body.AsRecurrent()) {  // each h but the last enters the next step's product
        const Matrix& rows = recording.of(encode)[linear.op];
        for (const int weight : {recurrent->weight, recurrent->candidate}) {
          if (weight < 0) continue;
          const double db = q8_signal_to_noise(rows, program.sources[static_cast<std::size_t>(weight)]);
          linear.q8_db = weight == recurrent->weight ? db : std::min(linear.q8_db, db);
        }
        return;
      }
      if (const fb::Conv2dT* conv = body.AsConv2d()) {
        linear.q8_db = q8_signal_to_noise(windows_of(*conv, *function, program, recording, made),
                                          program.sources[static_cast<std::size_t>(conv->weight)],
                                          program.sources[static_cast<std::size_t>(conv->weight)].rows / conv->groups);
        return;
      }
      const fb::LinearT& op = *body.AsLinear();
      const Matrix& input = recording.of(encode)[made[static_cast<std::size_t>(op.input)]];
      linear.q8_db = q8_signal_to_noise(input, program.sources[static_cast<std::size_t>(op.weight)]);
      if (op.up >= 0)
        linear.q8_db =
            std::min(linear.q8_db, q8_signal_to_noise(input, program.sources[static_cast<std::size_t>(op.up)]));
    });
  }
  return all;
}

// Gives each value of a function its new form: which F32 values stay, which get a quantized one, in the order of the operators.
class FunctionLowering {
 public:
  FunctionLowering(fb::FunctionT& function, const std::vector<bool>& q16) : function_(function), q16_(q16) {
    multiplied_.resize(function.values.size());
    kept_.resize(function.values.size());
    for (const auto& op : function.operators) {
      const bool linear = op->body.AsLinear() != nullptr;
      visit_values(*op, [&](int& value, Use use) {
        if (use == Use::kRead && value >= 0 && !(linear && &value == &op->body.AsLinear()->input))
          kept_[static_cast<std::size_t>(value)] = true;
      });
      if (linear) multiplied_[static_cast<std::size_t>(op->body.AsLinear()->input)] = true;
    }
    if (function.output >= 0) kept_[static_cast<std::size_t>(function.output)] = true;
  }

  void run() {
    std::vector<std::unique_ptr<fb::ValueT>> values;
    std::vector<int> rows(function_.values.size(), -1), quantized(function_.values.size(), -1);
    const auto add = [&](const fb::ValueT& old, fb::Kind kind) {
      values.push_back(std::make_unique<fb::ValueT>(old));
      values.back()->kind = kind;
      return static_cast<int>(values.size()) - 1;
    };
    for (const auto& op : function_.operators) {
      const int made = value_made(*op);
      if (made >= 0) {
        const auto v = static_cast<std::size_t>(made);
        const fb::ValueT& old = *function_.values[v];
        // A value that nobody reads stays: its operator must leave its rows somewhere.
        if (kept_[v] || !multiplied_[v]) rows[v] = add(old, fb::Kind::F32);
        if (multiplied_[v]) quantized[v] = add(old, q16_[v] ? fb::Kind::Q16 : fb::Kind::Q8);
      }
      rename(*op, made, rows, quantized);
    }
    if (function_.output >= 0) function_.output = rows[static_cast<std::size_t>(function_.output)];
    function_.values = std::move(values);
  }

 private:
  static void rename(fb::OperatorT& op, int made, const std::vector<int>& rows, const std::vector<int>& quantized) {
    const int* input = op.body.AsLinear() != nullptr ? &op.body.AsLinear()->input : nullptr;
    visit_values(op, [&](int& value, Use use) {
      if (use == Use::kMakeQuantized) {
        value = quantized[static_cast<std::size_t>(made)];
      } else if (value >= 0) {
        value = (&value == input ? quantized : rows)[static_cast<std::size_t>(value)];
      }
    });
  }

  fb::FunctionT& function_;
  const std::vector<bool>& q16_;
  std::vector<bool> multiplied_;  // read by a Linear as its input
  std::vector<bool> kept_;        // read as f32
};

}  // namespace

std::vector<LinearNoise> lower(Program& program, const Recording& recording, Q16 choice, unsigned threads) {
  std::vector<LinearNoise> all = measure(program, recording, threads);
  for (fb::FunctionT* function : functions(program.model)) {
    const bool encode = function == program.model.encode.get();
    std::vector<bool> q16(function->values.size());
    const auto body_of = [&](const LinearNoise& linear) -> fb::BodyUnion& {
      return function->operators[linear.op]->body;
    };
    for (LinearNoise& linear : all) {
      if (linear.encode != encode) continue;
      const bool needed = linear.pooled || linear.q8_db < kLeastQ8;
      linear.q16 = choice == Q16::kAll || (choice == Q16::kAuto && needed);
      if (fb::RecurrentT* recurrent = body_of(linear).AsRecurrent()) recurrent->wide = linear.q16;
      else if (fb::Conv2dT* conv = body_of(linear).AsConv2d()) conv->wide = linear.q16;
      else if (linear.q16) q16[static_cast<std::size_t>(body_of(linear).AsLinear()->input)] = true;
    }
    for (LinearNoise& linear : all) {  // what one of its readers needs, all take
      if (linear.encode != encode) continue;
      if (const fb::LinearT* op = body_of(linear).AsLinear()) linear.q16 = q16[static_cast<std::size_t>(op->input)];
    }
    FunctionLowering(*function, q16).run();
  }
  compute_last_use(program.model);
  return all;
}

}  // namespace kinglet::converter
