#include "converter/passes/write.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "converter/error.h"
#include "converter/output_file.h"
#include "converter/passes/quantize.h"
#include "converter/readers/mapping.h"
#include "converter/reference/parallel.h"
#include "kinglet/model.h"
#include "runtime/base/align.h"
#include "runtime/model/checksum.h"

namespace kinglet::converter {
namespace {

constexpr std::uint64_t kPlaceholder = ~std::uint64_t{0};

// Gives every region its place and returns the segment's size.
std::uint64_t place_weights(fb::ModelT& model) {
  std::uint64_t end = 0;
  const auto place = [&end](std::uint64_t bytes) {
    auto region = std::make_unique<fb::Region>(end, round_up(bytes, kAlignment));
    end += region->bytes();
    return region;
  };
  for (const auto& weight : model.weights) {
    const std::uint64_t rows = weight->rows;
    const std::uint64_t columns = weight->columns;
    if (weight->type == fb::WeightType::Float32) {
      weight->layout = fb::Layout::Plain;
      weight->data = place(rows * columns * sizeof(float));
      weight->scales = nullptr;
    } else {
      weight->layout = fb::Layout::Tile16x4;
      weight->data = place(round_up(rows, kTileRows) / kTileRows * tile_bytes(weight->columns));
      weight->scales = place(round_up(rows, kTileRows) * sizeof(float));
    }
    weight->checksum = kPlaceholder;
  }
  model.segment_bytes = end;
  return end;
}

std::vector<std::byte> serialize(const fb::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder;
  builder.ForceDefaults(true);  // so that the size does not depend on values
  fb::FinishSizePrefixedModelBuffer(builder, fb::Model::Pack(builder, &model));
  const auto* bytes = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {bytes, bytes + builder.GetSize()};
}

// Writes one weight after the other into the segment.
class SegmentWriter {
 public:
  SegmentWriter(const Program& program, OutputFile& file, const WriteOptions& options)
      : program_(program),
        file_(file),
        options_(options) {}

  void write() {
    for (std::size_t i = 0; i < program_.sources.size(); ++i) {
      if (program_.model.weights[i]->type == fb::WeightType::Float32) {
        write_floats(i);
      } else {
        write_tiles(i);
      }
    }
  }

 private:
  [[noreturn]] void not_finite(std::size_t index) const {
    throw Error("a NaN or an infinity in " + program_.sources[index].name +
                ": the checkpoint is damaged, or its training failed");
  }

  void put(const fb::Region& region, std::uint64_t offset, std::span<const std::byte> bytes) {
    file_.write_at(program_.model.segment + region.offset() + offset, bytes);
    done_ += bytes.size();
    if (options_.progress) options_.progress(done_, program_.model.segment_bytes);
  }

  void write_floats(std::size_t index) {
    const fb::Region& region = *program_.model.weights[index]->data;
    std::vector<float> floats = program_.sources[index].floats();
    if (!std::all_of(floats.begin(), floats.end(), [](float x) { return std::isfinite(x); })) not_finite(index);
    floats.resize(static_cast<std::size_t>(region.bytes()) / sizeof(float));
    put(region, 0, std::as_bytes(std::span(floats)));
  }

  void write_tiles(std::size_t index) {
    const fb::WeightT& weight = *program_.model.weights[index];
    const WeightSource& source = program_.sources[index];
    const std::uint32_t columns = source.columns;
    const std::size_t bytes = tile_bytes(columns);
    // About 64 MiB of floats at a time, where the source can give a stretch of rows.
    const std::size_t stretch =
        std::clamp<std::size_t>((std::size_t{16} << 20U) / (std::size_t{columns} * kTileRows), 1, 4096) * kTileRows;
    const std::size_t step = source.load_rows ? std::min<std::size_t>(stretch, source.rows) : source.rows;
    std::vector<float> scales(static_cast<std::size_t>(weight.scales->bytes()) / sizeof(float));
    for (std::size_t first = 0; first < source.rows; first += step) {
      const std::size_t rows = std::min<std::size_t>(step, source.rows - first);
      const std::size_t tiles = (rows + kTileRows - 1) / kTileRows;
      std::vector<std::int8_t> packed(tiles * bytes);
      const std::vector<float> floats = load(source, first, rows);
      std::atomic<bool> finite{true};
      parallel_for(options_.threads, tiles, [&](std::size_t t) {
        const std::size_t begin = t * kTileRows;
        const std::size_t count = std::min<std::size_t>(kTileRows, rows - begin);
        const std::span<float, kTileRows> tile_scales(scales.data() + first + begin, kTileRows);
        if (!pack_tile(std::span(floats).subspan(begin * columns, count * columns), columns,
                       std::span(packed).subspan(t * bytes, bytes), tile_scales))
          finite = false;
      });
      if (!finite) not_finite(index);
      put(*weight.data, first / kTileRows * bytes, std::as_bytes(std::span(packed)));
    }
    pad(*weight.data, (std::size_t{source.rows} + kTileRows - 1) / kTileRows * bytes);
    put(*weight.scales, 0, std::as_bytes(std::span(scales)));
  }

  static std::vector<float> load(const WeightSource& source, std::size_t first, std::size_t rows) {
    if (rows == source.rows) return source.floats();
    std::vector<float> floats(rows * source.columns);
    source.read(static_cast<std::uint32_t>(first), floats);
    return floats;
  }

  void pad(const fb::Region& region, std::uint64_t from) {
    const std::vector<std::byte> zeros(static_cast<std::size_t>(region.bytes() - from));
    if (!zeros.empty()) put(region, from, zeros);
  }

  const Program& program_;
  OutputFile& file_;
  const WriteOptions& options_;
  std::uint64_t done_ = 0;
};

std::span<const std::byte> part_of(std::span<const std::byte> bytes, std::uint64_t offset, std::uint64_t size) {
  return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

// From the file itself, so that what is vouched for is what was written.
void fill_checksums(fb::ModelT& model, std::span<const std::byte> file, unsigned threads) {
  const auto segment = part_of(file, model.segment, model.segment_bytes);
  parallel_for(threads, model.weights.size(), [&](std::size_t i) {
    fb::WeightT& weight = *model.weights[i];
    weight.checksum = checksum(part_of(segment, weight.data->offset(), weight.data->bytes()), 0);
    if (weight.scales)
      weight.checksum = checksum(part_of(segment, weight.scales->offset(), weight.scales->bytes()), weight.checksum);
  });
}

void check_opens(const std::filesystem::path& written, const fb::ModelT& model, const WriteOptions& options) {
  const auto mapping = Mapping::open(written);
  const auto opened = Model::open(mapping->bytes());
  if (!opened.ok()) {
    throw Error("the runtime refuses the program made from " + model.architecture + ": " + opened.status().message() +
                " (" + std::to_string(opened.status().subject()) +
                "); the checkpoint is of a form that is not supported");
  }
  if (options.check) options.check(*opened);
}

}  // namespace

std::uint64_t write_model(Program& program, const std::filesystem::path& path, const WriteOptions& options) {
  fb::ModelT& model = program.model;
  const std::uint64_t segment_bytes = place_weights(model);
  model.segment = round_up(serialize(model).size(), kAlignment);
  OutputFile file(path);
  SegmentWriter(program, file, options).write();
  fill_checksums(model, Mapping::open(file.written())->bytes(), options.threads);
  std::vector<std::byte> metadata = serialize(model);
  if (metadata.size() > model.segment)
    throw Error("metadata that grew while it was written, in " + path.string() + ": report this");
  metadata.resize(static_cast<std::size_t>(model.segment));
  file.write_at(0, metadata);
  check_opens(file.written(), model, options);
  file.commit();
  return model.segment + segment_bytes;
}

}  // namespace kinglet::converter
