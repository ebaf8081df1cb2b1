#include "converter/readers/safetensors.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "converter/error.h"
#include "converter/readers/json.h"

namespace kinglet::converter {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostHeader = 100'000'000;  // as the format's own reader has it
constexpr std::size_t kMostDimensions = 16;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(what + " in " + where + ": the file is damaged or no safetensors file; download or save it again");
}

// Bytes per element of the types the format knows; 0: unknown, its size is not checked because it is never read.
std::uint64_t element_bytes(std::string_view type) {
  if (type == "F64" || type == "I64" || type == "U64") return 8;
  if (type == "F32" || type == "I32" || type == "U32") return 4;
  if (type == "F16" || type == "BF16" || type == "I16" || type == "U16") return 2;
  if (type == "I8" || type == "U8" || type == "BOOL" || type.starts_with("F8_")) return 1;
  return 0;
}

std::optional<DType> weight_type(std::string_view type) {
  if (type == "F32") return DType::kF32;
  if (type == "F16") return DType::kF16;
  if (type == "BF16") return DType::kBF16;
  return std::nullopt;
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

// What the header says of one tensor, checked against the data's size.
struct Entry {
  std::string name;
  std::string type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::vector<std::uint64_t> whole_numbers(const json& list, const std::string& what, const std::string& where) {
  if (!list.is_array() || list.size() > kMostDimensions) fail(where, what + " is no short list of numbers");
  std::vector<std::uint64_t> numbers;
  for (const json& n : list) {
    if (!n.is_number_unsigned()) fail(where, what + " holds something that is no whole number");
    numbers.push_back(n.get<std::uint64_t>());
  }
  return numbers;
}

const json& field(const json& entry, const char* key, const std::string& name, const std::string& where) {
  const auto it = entry.find(key);
  if (it == entry.end()) fail(where, "tensor " + name + " without " + key);
  return *it;
}

// Elements times bytes; every dimension is below 2^63, also those after a zero, so that nobody's product wraps around.
std::uint64_t checked_bytes(const Entry& entry, const std::string& where) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t product = std::max<std::uint64_t>(element_bytes(entry.type), 1);
  bool empty = false;
  for (const std::uint64_t n : entry.shape) {
    empty = empty || n == 0;
    const std::uint64_t factor = std::max<std::uint64_t>(n, 1);
    if (factor > kMost / product) fail(where, "the shape of " + entry.name + " overflows");
    product *= factor;
  }
  return empty ? 0 : product;
}

Entry read_entry(const std::string& name, const json& value, std::uint64_t data_bytes, const std::string& where) {
  if (!value.is_object()) fail(where, "tensor " + name + " is no JSON object");
  Entry entry{.name = name,
              .type = {},
              .shape = whole_numbers(field(value, "shape", name, where), "the shape of " + name, where)};
  const json& type = field(value, "dtype", name, where);
  if (!type.is_string()) fail(where, "the dtype of " + name + " is no string");
  entry.type = type.get<std::string>();
  const auto range = whole_numbers(field(value, "data_offsets", name, where), "the data_offsets of " + name, where);
  if (range.size() != 2 || range[0] > range[1] || range[1] > data_bytes)
    fail(where, "the data of " + name + " lies outside the file");
  entry.begin = range[0];
  entry.end = range[1];
  const std::uint64_t bytes = checked_bytes(entry, where);
  if (element_bytes(entry.type) != 0 && bytes != entry.end - entry.begin)
    fail(where, "the data of " + name + " does not have the size of its shape");
  return entry;
}

// Every byte is one tensor's, as the format has it: other bytes are of a file that was damaged, or two of them.
void check_cover(std::vector<Entry> entries, std::size_t bytes, const std::string& where) {
  std::erase_if(entries, [](const Entry& e) { return e.begin == e.end; });
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].begin < at)
      fail(where, "the data of " + entries[i - 1].name + " and " + entries[i].name + " overlap");
    if (entries[i].begin > at) fail(where, "before the data of " + entries[i].name + " bytes that are no tensor's");
    at = entries[i].end;
  }
  if (at != bytes) fail(where, std::to_string(bytes - at) + " bytes behind the data of all tensors");
}

json read_header(std::span<const std::byte> file, const std::string& where, std::span<const std::byte>& data) {
  if (file.size() < 8) fail(where, "fewer than 8 bytes");
  const std::uint64_t bytes = little_endian(file);
  if (bytes > kMostHeader || bytes > file.size() - 8) fail(where, "a header of " + std::to_string(bytes) + " bytes");
  const auto text = file.subspan(8, static_cast<std::size_t>(bytes));
  data = file.subspan(8 + text.size());
  json header = parse_json({reinterpret_cast<const char*>(text.data()), text.size()}, where);
  if (!header.is_object()) fail(where, "a header that is no JSON object");
  return header;
}

void add(Entry entry, std::span<const std::byte> data, const std::string& where, Checkpoint& checkpoint) {
  if (checkpoint.find(entry.name) != nullptr || checkpoint.unread.contains(entry.name)) {
    throw Error("tensor " + entry.name + " stands in two files, again in " + where +
                ": remove the file that does not belong to the checkpoint");
  }
  const auto type = weight_type(entry.type);
  if (!type) {
    checkpoint.unread.emplace(std::move(entry.name), std::move(entry.type));
    return;
  }
  Tensor tensor{
      .name = entry.name,
      .type = *type,
      .shape = std::move(entry.shape),
      .bytes = data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.end - entry.begin))};
  checkpoint.tensors.emplace(std::move(entry.name), std::move(tensor));
}

}  // namespace

void read_safetensors(std::span<const std::byte> file, const std::string& where, Checkpoint& checkpoint) {
  std::span<const std::byte> data;
  const json header = read_header(file, where, data);
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") entries.push_back(read_entry(name, value, data.size(), where));
  }
  check_cover(entries, data.size(), where);
  for (Entry& entry : entries) add(std::move(entry), data, where, checkpoint);
}

void read_safetensors(std::shared_ptr<const Mapping> mapping, const std::string& where, Checkpoint& checkpoint) {
  read_safetensors(mapping->bytes(), where, checkpoint);
  checkpoint.mappings.push_back(std::move(mapping));
}

void read_safetensors(const std::filesystem::path& path, Checkpoint& checkpoint) {
  read_safetensors(Mapping::open(path), path.string(), checkpoint);
}

}  // namespace kinglet::converter
