// The part of Builder that knows grids: pictures, and frames of sound.
#include <string>
#include <utility>

#include "converter/builder.h"
#include "converter/builder_operator.h"
#include "runtime/model/rules.h"

namespace kinglet::converter {
namespace {

std::string to_string(fb::Size size) { return std::to_string(size.height()) + " x " + std::to_string(size.width()); }

template <class Body>
void set_window(Body& body, const WindowSpec& window) {
  body.kernel = std::make_unique<fb::Size>(window.kernel);
  body.stride = std::make_unique<fb::Size>(window.stride);
  body.padding = std::make_unique<fb::Size>(window.padding);
}

// What the two kinds of convolution have in common.
template <class Body>
Body convolution_body(int input, WeightRef weight, const ConvSpec& spec) {
  Body body;
  body.input = input;
  body.output = std::make_unique<fb::Emit>();
  body.weight = weight.index;
  body.bias = spec.bias.index;
  body.activation = spec.activation;
  set_window(body, spec.window);
  body.dilation = std::make_unique<fb::Size>(spec.window.dilation);
  return body;
}

// Places of one side of the output; 0 where not one window fits.
std::uint32_t side_of(std::uint32_t in, std::uint32_t kernel, std::uint32_t stride, std::uint32_t padding,
                      std::uint32_t dilation) {
  const std::uint64_t reach = std::uint64_t{dilation} * (kernel - 1) + 1, room = std::uint64_t{in} + 2 * padding;
  return room < reach ? 0 : static_cast<std::uint32_t>((room - reach) / stride + 1);
}

}  // namespace

void Builder::input(fb::Size grid, std::uint32_t channels, WeightRef gain, WeightRef shift) {
  require(std::uint64_t{grid.height()} * grid.width() <= rules::kGrid && grid.height() != 0 && grid.width() != 0,
          "an input of " + to_string(grid) + " is empty or too large");
  auto input = std::make_unique<fb::InputT>();
  input->grid = std::make_unique<fb::Size>(grid);
  input->channels = channels;
  input->gain = gain.index;
  input->shift = shift.index;
  program_.model.input = std::move(input);
}

fb::Size Builder::grid_of(Rows rows) const {
  if (rows.empty()) return program_.model.input ? *program_.model.input->grid : fb::Size();
  const auto& grid = function_->values[static_cast<std::size_t>(rows.value)]->grid;
  return grid ? *grid : fb::Size();
}

fb::Size Builder::output_of(const WindowSpec& w, fb::Size input, const std::string& name) {
  for (const std::uint32_t side : {w.kernel.height(), w.kernel.width(), w.stride.height(), w.stride.width(),
                                   w.dilation.height(), w.dilation.width()})
    require(side != 0 && side <= rules::kWindow, name + ": a window's side is 0 or too large");
  if (w.stride.height() == 0 || w.stride.width() == 0 || w.kernel.height() == 0 || w.kernel.width() == 0) return {1, 1};
  if (w.output.height() != 0) return w.output;
  const fb::Size size(
      side_of(input.height(), w.kernel.height(), w.stride.height(), w.padding.height(), w.dilation.height()),
      side_of(input.width(), w.kernel.width(), w.stride.width(), w.padding.width(), w.dilation.width()));
  const bool fits = size.height() != 0 && size.width() != 0;
  require(fits, name + ": a window of " + to_string(w.kernel) + " does not fit a grid of " + to_string(input));
  return fits ? size : fb::Size(1, 1);
}

Rows Builder::conv2d(Rows x, WeightRef weight, const ConvSpec& spec) {
  const std::string name = weight_name(weight);
  const std::uint32_t channels = x.empty() && program_.model.input ? program_.model.input->channels : x.width;
  auto body = convolution_body<fb::Conv2dT>(whole(x), weight, spec);
  body.residual = whole(spec.residual);
  body.inner = edit(weight).columns;
  body.groups = spec.groups;
  const std::uint64_t taps = std::uint64_t{spec.window.kernel.height()} * spec.window.kernel.width();
  require(spec.groups != 0 && taps * channels == std::uint64_t{body.inner} * spec.groups,
          name + " does not fit the " + std::to_string(channels) + " channels of its input");
  const fb::Size grid = output_of(spec.window, grid_of(x), name);
  return emit(make_operator(std::move(body)), name, edit(weight).rows, fb::Extent::Grid, grid);
}

Rows Builder::depthwise_conv2d(Rows x, WeightRef weight, const ConvSpec& spec) {
  const std::string name = weight_name(weight);
  auto body = convolution_body<fb::DepthwiseConv2dT>(whole(x), weight, spec);
  require(edit(weight).rows == x.width, name + " has not as many rows as its input has columns");
  const fb::Size grid = output_of(spec.window, grid_of(x), name);
  return emit(make_operator(std::move(body)), name, x.width, fb::Extent::Grid, grid);
}

Rows Builder::pool2d(Rows x, fb::PoolKind kind, const WindowSpec& window) {
  const std::string name = scope_.empty() ? "pool" : scope_ + ".pool";
  fb::Pool2dT body;
  body.input = whole(x);
  body.output = std::make_unique<fb::Emit>();
  body.kind = kind;
  set_window(body, window);
  require(window.padding.height() < window.kernel.height() && window.padding.width() < window.kernel.width(),
          "a pooling's padding is not smaller than its window");
  const fb::Size grid = output_of(window, grid_of(x), name);
  return emit(make_operator(std::move(body)), name, x.width, fb::Extent::Grid, grid);
}

Rows Builder::adaptive_pool2d(Rows x, fb::PoolKind kind, fb::Size output) {
  fb::Pool2dT body;
  body.input = whole(x);
  body.output = std::make_unique<fb::Emit>();
  body.kind = kind;
  body.adaptive = true;
  return emit(make_operator(std::move(body)), scope_.empty() ? "pool" : scope_ + ".pool", x.width, fb::Extent::Grid,
              output);
}

Rows Builder::regions(Rows x, WeightRef before, WeightRef positions) {
  fb::RegionsT body;
  body.input = whole(x);
  body.output = std::make_unique<fb::Emit>();
  body.before = before.index;
  body.positions = positions.index;
  const fb::Size grid = grid_of(x);
  std::uint32_t rows = grid.height() * grid.width();
  if (before.index >= 0) rows += edit(before).rows;
  require(positions.index < 0 || edit(positions).rows >= rows, "there are fewer positions than regions");
  require(rows <= rules::kPositions, "there are more regions than the " + std::to_string(rules::kPositions) +
                                         " rows that a source may have: " + std::to_string(rows));
  model().source = rows;
  return emit(make_operator(std::move(body)), scope_.empty() ? "regions" : scope_ + ".regions", x.width,
              fb::Extent::Rows);
}

}  // namespace kinglet::converter
