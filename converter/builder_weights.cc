// The half of Builder that turns tensors into weight sources.
#include <algorithm>
#include <utility>

#include "converter/builder.h"
#include "runtime/model/rules.h"

namespace kinglet::converter {
namespace {

using Shape = std::vector<std::uint64_t>;

// Shapes are compared without ones: a bias stored as [1, n] is a vector of n.
Shape squeezed(const Shape& shape) {
  Shape kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept), [](std::uint64_t n) { return n != 1; });
  return kept;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

// Rows [first, first + rows) of a [*, columns] tensor.
struct Part {
  Tensor tensor;
  std::uint32_t first = 0;
  std::uint32_t rows = 0;
};

// Several parts under each other, read in place.
WeightSource rows_of(std::vector<Part> parts, std::uint32_t columns, std::shared_ptr<const void> keep) {
  WeightSource source;
  source.name = parts.front().tensor.name;
  source.columns = columns;
  for (const Part& part : parts) source.rows += part.rows;
  auto read = [parts = std::move(parts), columns, keep = std::move(keep)](std::uint32_t first, std::span<float> out) {
    for (const Part& part : parts) {
      if (out.empty()) return;
      if (first >= part.rows) {
        first -= part.rows;
        continue;
      }
      const std::size_t count = std::min(out.size(), std::size_t{part.rows - first} * columns);
      part.tensor.read((std::uint64_t{part.first} + first) * columns, out.first(count));
      out = out.subspan(count);
      first = 0;
    }
  };
  source.load = [read](std::span<float> out) { read(0, out); };
  source.load_rows = read;
  return source;
}

// A tensor stored [columns, rows].
WeightSource transposed_rows(const Tensor& tensor, std::uint32_t rows, std::uint32_t columns,
                             std::shared_ptr<const void> keep) {
  WeightSource source;
  source.name = tensor.name;
  source.rows = rows;
  source.columns = columns;
  auto read = [tensor, rows, columns, keep = std::move(keep)](std::uint32_t first, std::span<float> out) {
    const std::size_t count = out.size() / columns;
    std::vector<float> stored(count);
    for (std::size_t c = 0; c < columns; ++c) {
      tensor.read(c * rows + first, stored);
      for (std::size_t r = 0; r < count; ++r) out[r * columns + c] = stored[r];
    }
  };
  source.load = [read](std::span<float> out) { read(0, out); };
  source.load_rows = read;
  return source;
}

}  // namespace

// Also what is there in a type that nobody reads: asking for it then says so.
bool Builder::has(std::string_view name) const {
  return checkpoint_.find(name) != nullptr || checkpoint_.unread.contains(name);
}

WeightRef Builder::known(const std::string& key) const {
  const auto it = known_.find(key);
  return {it == known_.end() ? -1 : it->second};
}

WeightRef Builder::add_weight(const std::string& key, fb::WeightType type, WeightSource source) {
  const std::uint32_t most_columns = type == fb::WeightType::Int8 ? rules::kInner : rules::kWidth;
  if (source.rows == 0 || source.columns == 0) problem(source.name, "is empty");
  if (source.rows > rules::kWidth || source.columns > most_columns)
    problem(source.name, "is larger than the format allows");
  auto weight = std::make_unique<fb::WeightT>();
  weight->name = source.name;
  weight->type = type;
  weight->layout = type == fb::WeightType::Int8 ? fb::Layout::Tile16x4 : fb::Layout::Plain;
  weight->rows = source.rows;
  weight->columns = source.columns;
  program_.model.weights.push_back(std::move(weight));
  program_.sources.push_back(std::move(source));
  const int index = static_cast<int>(program_.sources.size()) - 1;
  if (!key.empty()) known_.emplace(key, index);
  return {index};
}

const Tensor* Builder::tensor(const std::string& name, const Shape& shape) {
  used_.insert(name);
  const Tensor* found = checkpoint_.find(name);
  if (found == nullptr) {
    const auto other = checkpoint_.unread.find(name);
    problem(name, other == checkpoint_.unread.end() ? "missing"
                                                    : "has type " + other->second + ", expected F32, F16 or BF16");
    return nullptr;
  }
  if (squeezed(found->shape) == squeezed(shape)) return found;
  problem(name, "has shape " + to_string(found->shape) + ", expected " + to_string(shape));
  return nullptr;
}

std::string Builder::weight_name(WeightRef weight) const {
  if (weight.index < 0) return scope_;
  std::string name = program_.sources[static_cast<std::size_t>(weight.index)].name;
  constexpr std::string_view kSuffix = ".weight";
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

WeightRef Builder::matrix(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
  return stacked({name}, {rows}, columns);
}

WeightRef Builder::transposed(const std::string& name, std::uint32_t rows, std::uint32_t columns) {
  const std::string key = "transposed " + name + to_string({rows, columns});
  if (const WeightRef found = known(key); found.index >= 0) return found;
  const Tensor* found = tensor(name, {columns, rows});
  WeightSource source{.name = name, .rows = rows, .columns = columns};
  if (found != nullptr) source = transposed_rows(*found, rows, columns, mappings_);
  return add_weight(key, fb::WeightType::Int8, std::move(source));
}

WeightRef Builder::stacked(const std::vector<std::string>& names, const std::vector<std::uint32_t>& rows,
                           std::uint32_t columns) {
  std::string key = "matrix";
  std::vector<Part> parts;
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    key += " " + names[i] + to_string({rows[i], columns});
    total += rows[i];
  }
  if (const WeightRef found = known(key); found.index >= 0) return found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const Tensor* found = tensor(names[i], {rows[i], columns})) parts.push_back({*found, 0, rows[i]});
  }
  WeightSource source{.name = names.front(), .rows = total, .columns = columns};
  if (parts.size() == names.size()) source = rows_of(std::move(parts), columns, mappings_);
  return add_weight(key, fb::WeightType::Int8, std::move(source));
}

WeightRef Builder::matrix_rows(const std::string& name, std::uint32_t total, std::uint32_t first, std::uint32_t rows,
                               std::uint32_t columns) {
  const std::string key = "rows " + name + to_string({total, first, rows, columns});
  if (const WeightRef found = known(key); found.index >= 0) return found;
  if (first > total || rows > total - first) problem(name, "has fewer rows than asked for");
  const Tensor* found = tensor(name, {total, columns});
  WeightSource source{.name = name, .rows = rows, .columns = columns};
  if (found != nullptr) source = rows_of({{*found, first, rows}}, columns, mappings_);
  return add_weight(key, fb::WeightType::Int8, std::move(source));
}

WeightRef Builder::vector(const std::string& name, std::uint32_t width) { return stacked_vector({name}, {width}); }

WeightRef Builder::stacked_vector(const std::vector<std::string>& names, const std::vector<std::uint32_t>& widths) {
  std::string key = "vector";
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    key += " " + names[i] + to_string({widths[i]});
    total += widths[i];
  }
  if (const WeightRef found = known(key); found.index >= 0) return found;
  // Under each other as rows of one column, then taken as one row.
  std::vector<Part> parts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const Tensor* found = tensor(names[i], {widths[i]})) parts.push_back({*found, 0, widths[i]});
  }
  WeightSource source{.name = names.front(), .rows = 1, .columns = total};
  if (parts.size() == names.size()) {
    source.load = rows_of(std::move(parts), 1, mappings_).load;
  }
  return add_weight(key, fb::WeightType::Float32, std::move(source));
}

WeightRef Builder::vector_part(const std::string& name, std::uint32_t total, std::uint32_t first, std::uint32_t width) {
  const std::string key = "part " + name + to_string({total, first, width});
  if (const WeightRef found = known(key); found.index >= 0) return found;
  if (first > total || width > total - first) problem(name, "is shorter than asked for");
  const Tensor* found = tensor(name, {total});
  WeightSource source{.name = name, .rows = 1, .columns = width};
  if (found != nullptr) source.load = rows_of({{*found, first, width}}, 1, mappings_).load;
  return add_weight(key, fb::WeightType::Float32, std::move(source));
}

WeightSource Builder::stored(const std::string& name, const Shape& shape) {
  std::uint64_t columns = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) columns *= shape[i];
  WeightSource source{
      .name = name, .rows = static_cast<std::uint32_t>(shape.front()), .columns = static_cast<std::uint32_t>(columns)};
  if (const Tensor* found = tensor(name, shape))
    source = rows_of({{*found, 0, source.rows}}, source.columns, mappings_);
  return source;
}

WeightRef Builder::source(WeightSource source, fb::WeightType type) {
  used_.insert(source.name);
  return add_weight("", type, std::move(source));
}

WeightRef Builder::constant(const std::string& name, std::uint32_t rows, std::uint32_t columns,
                            std::vector<float> values, fb::WeightType type) {
  if (values.size() != std::size_t{rows} * columns) problem(name, "has the wrong number of values");
  WeightSource source{.name = name, .rows = rows, .columns = columns};
  source.load = [values = std::move(values)](std::span<float> out) {
    std::copy_n(values.begin(), std::min(values.size(), out.size()), out.begin());
  };
  return add_weight("", type, std::move(source));
}

NormSpec Builder::rms(const std::string& gain, std::uint32_t width, float epsilon) {
  return {.kind = fb::NormKind::Rms, .gain = vector(gain, width), .epsilon = epsilon};
}

NormSpec Builder::layer_norm(const std::string& prefix, std::uint32_t width, float epsilon) {
  NormSpec spec{.kind = fb::NormKind::Layer, .gain = vector(prefix + ".weight", width), .epsilon = epsilon};
  if (has(prefix + ".bias")) spec.bias = vector(prefix + ".bias", width);
  return spec;
}

}  // namespace kinglet::converter
