// Numbers of a file, a plan and a task that need more than 32 bits: what does not fit a machine is refused there by a Status that says what, and
// nothing is taken modulo 2^32, where a damaged file would look whole and a large arena small.
#include <limits>

#include "base/align.h"
#include "kinglet/beam.h"
#include "kinglet/model.h"
#include "kinglet/plan.h"
#include "kinglet/sampler.h"
#include "model/rules.h"
#include "model_generated.h"
#include "tests/emulation/same_bits.h"

extern "C" const std::byte tiny_decoder[], tiny_decoder_end[];  // models.S

namespace kinglet::emulation {
namespace {

constexpr std::uint64_t kAround = std::uint64_t{1} << 32;  // where 32 bits begin anew
constexpr std::uint64_t kMostBytes = std::numeric_limits<std::size_t>::max() / 2;
constexpr const char* kSegment = "the weights segment lies outside the file: is the file complete?";
constexpr const char* kWeight = "a weight lies outside the file, or is not aligned";
constexpr const char* kScales = "a weight's scales are missing, lie outside the file, or are not aligned";

bool same(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// A copy of the decoder, to be changed.
class File {
 public:
  explicit File(Suite& suite) : suite_(suite), size_(static_cast<std::size_t>(tiny_decoder_end - tiny_decoder)) {
    suite.memory.clear();
    bytes_ = suite.memory.take<std::byte>(size_);
    std::memcpy(bytes_, tiny_decoder, size_);
  }

  const fb::Model& root() const { return *fb::GetSizePrefixedModel(bytes_); }
  const fb::Weight& weight(std::uint32_t index) const { return *root().weights()->Get(index); }
  Result<Model> open() const { return Model::open({bytes_, size_}); }

  // A field that the file has.
  template <class T, class Table>
  void set(const Table& table, flatbuffers::voffset_t field, T value) const {
    auto& fields = const_cast<flatbuffers::Table&>(reinterpret_cast<const flatbuffers::Table&>(table));
    if (!fields.SetField<T>(field, value, 0)) suite_.fail("a field is not in the file");
  }
  void move(const fb::Region* region, std::uint64_t offset, std::uint64_t bytes) const {
    *const_cast<fb::Region*>(region) = fb::Region(offset, bytes);
  }

  void refused(const char* message, std::uint64_t subject) const {
    const Status status = open().status();
    const Status wanted{Code::kBadFile, message, subject};
    if (status.code() != wanted.code() || !same(status.message(), message) || status.subject() != wanted.subject())
      suite_.fail(status.ok() ? "a file that does not fit is opened" : status.message());
  }

 private:
  Suite& suite_;
  std::size_t size_;
  std::byte* bytes_;
};

void region_cases(Suite& s, std::uint32_t index, bool scales) {
  const File whole(s);
  const fb::Region good = scales ? *whole.weight(index).scales() : *whole.weight(index).data();
  const std::uint64_t wrong[][2] = {{good.offset() + kAround, good.bytes()},
                                    {good.offset(), good.bytes() + kAround},
                                    {good.offset() + 3 * kAround, good.bytes() + kAround},
                                    {0 - kAlignment, good.bytes()},          // the sum is 2^64 and more
                                    {0 - kAround + good.offset(), kAround},  // or lies inside the file once more
                                    {kAlignment, 0 - kAlignment + good.bytes()}};
  for (const auto& [offset, bytes] : wrong) {
    const File file(s);
    file.move(scales ? file.weight(index).scales() : file.weight(index).data(), offset, bytes);
    file.refused(scales ? kScales : kWeight, index);
  }
}

// rows x columns is 2^32 bytes, of which 32 bits leave nothing.
void shape_cases(Suite& s, std::uint32_t index) {
  const bool floats = File(s).weight(index).type() == fb::WeightType::Float32;
  for (std::uint32_t rows = rules::kVocabulary; rows >= 1U << 12; rows /= 4) {
    const File file(s);
    file.set<std::uint32_t>(file.weight(index), fb::Weight::VT_ROWS, rows);
    file.set<std::uint32_t>(file.weight(index), fb::Weight::VT_COLUMNS,
                            static_cast<std::uint32_t>(kAround / (floats ? sizeof(float) : 1) / rows));
    file.refused(kWeight, index);
  }
}

void file_cases(Suite& s) {
  const std::uint64_t begin = File(s).root().segment(), bytes = File(s).root().segment_bytes();
  for (const std::uint64_t offset : {begin + kAround, begin + 5 * kAround, 0 - kAlignment, 0 - kAround + begin}) {
    const File file(s);
    file.set<std::uint64_t>(file.root(), fb::Model::VT_SEGMENT, offset);
    file.refused(kSegment, offset);
  }
  for (const std::uint64_t more : {bytes + kAround, 0 - begin, ~std::uint64_t{0}}) {
    const File file(s);
    file.set<std::uint64_t>(file.root(), fb::Model::VT_SEGMENT_BYTES, more);
    file.refused(kSegment, begin);
  }
  const std::uint32_t weights = File(s).root().weights()->size();
  for (std::uint32_t i = 0; i < weights; ++i) {
    region_cases(s, i, false);
    if (File(s).weight(i).scales() != nullptr) region_cases(s, i, true);
    shape_cases(s, i);
  }
}

// Arenas of up to some hundred GiB: as many bytes on every machine, in the plan where they can be addressed and in the refusal where not.
void plan_cases(Suite& s, std::uint64_t* needed) {
  const File file(s);
  file.set<std::uint32_t>(file.root(), fb::Model::VT_CONTEXT, rules::kPositions);
  const auto model = file.open();
  if (!model.ok()) return s.fail(model.status().message());
  bool refused = false;
  for (std::uint32_t sequences = 1; sequences <= rules::kSequences; sequences *= 2) {
    const auto plan =
        Plan::make(*model, {.context = rules::kPositions, .rows = rules::kRows / 64, .sequences = sequences});
    const std::uint64_t bytes = plan.ok() ? plan->arena_bytes : plan.status().subject();
    *needed++ = bytes;
    if (plan.ok() != (bytes <= kMostBytes)) s.fail("a plan and what can be addressed differ");
    if (plan.ok() && bytes != plan->tables_bytes + plan->states_bytes + plan->working_bytes)
      s.fail("an arena is not what is in it");
    if (!plan.ok() && (plan.status().code() != Code::kBadArgument ||
                       !same(plan.status().message(), "the arena is larger than this machine can address")))
      s.fail(plan.status().message());
    refused = refused || !plan.ok();
  }
  if (refused != (sizeof(std::size_t) == sizeof(std::uint32_t))) s.fail("no plan was as large as it was meant to be");
}

// Tasks that are made by themselves.
void task_cases(Suite& s) {
  constexpr std::size_t kRoom = std::size_t{1} << 16;
  s.memory.clear();
  const std::span<std::byte> room(s.memory.take<std::byte>(kRoom), kRoom);
  TokenMarks marks(16, {s.memory.take<std::byte>(TokenMarks::workspace_bytes(16)), TokenMarks::workspace_bytes(16)});
  for (const std::uint32_t beams : {1U << 10, 1U << 16, 1U << 29, 1U << 31}) {
    for (const std::uint32_t tokens : {1U << 19, (1U << 20) - 8, 1U << 29, 0xffffffffU}) {
      BeamOptions options;
      options.beams = beams;
      const auto search = BeamSearch::create(options, marks, tokens, -1, room);
      if (search.status().code() != Code::kOutOfMemory || BeamSearch::workspace_bytes(beams, tokens) <= kRoom)
        s.fail("a beam search that does not fit is made");
    }
  }
  for (const std::uint32_t vocabulary : {1U << 29, 1U << 30, (1U << 29) + 16, 0xffffffffU}) {
    const auto sampler = Sampler::create(vocabulary, {}, {}, room);
    if (sampler.status().code() != Code::kOutOfMemory || Sampler::workspace_bytes(vocabulary) <= kRoom)
      s.fail("a sampler that does not fit is made");
  }
}

}  // namespace

void size_cases(Suite& s) {
  file_cases(s);
  std::uint64_t needed[13];  // of 1 sequence to 4,096
  plan_cases(s, needed);
  task_cases(s);
  s.memory.clear();
  s.compare(0, sizeof needed,
            [&](const Kernels&, const Output& out) { std::memcpy(out.bytes, needed, sizeof needed); });
}

}  // namespace kinglet::emulation
