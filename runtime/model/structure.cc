#include "model/structure.h"

#include "model/rules.h"
#include "model_generated.h"
#include "structure_generated.h"

namespace kinglet {
namespace {

using namespace structure;

constexpr flatbuffers::uoffset_t kMostDepth = 16;         // the schema's tables lie no deeper than 5
constexpr flatbuffers::uoffset_t kMostTables = 1U << 22;  // tables may share one table: a small file must not take long
constexpr std::uint64_t kMostShares = 16;                 // or one list: a byte of one is met so often, on average

// Of the schema's fields.
constexpr unsigned kVersion = kFirstFields[kRoot];
static_assert(fb::Model::VT_VERSION == 2 * sizeof(flatbuffers::voffset_t), "the root table's first field");

class Walk {
 public:
  Walk(const std::uint8_t* bytes, std::size_t size)
      : bytes_(bytes),
        size_(size),
        check_(bytes, size, kMostDepth, kMostTables),
        left_(kMostShares * size) {}

  bool table_behind(std::size_t at, unsigned which) {
    const std::size_t offset = check_.VerifyOffset(at);
    return offset != 0 && table(at + offset, which);
  }

 private:
  bool table(std::size_t at, unsigned which) {
    if (!check_.VerifyTableStart(bytes_ + at)) return false;
    const auto& table = *reinterpret_cast<const flatbuffers::Table*>(bytes_ + at);
    flatbuffers::voffset_t slot = 2 * sizeof(flatbuffers::voffset_t);  // of the first field in a vtable
    std::uint8_t before = 0;                                           // the field's before it, if that is one byte
    for (unsigned i = kFirstFields[which]; i < kFirstFields[which + 1]; ++i, slot += sizeof slot) {
      const Field& field = kFields[i];
      const std::size_t offset = table.GetOptionalFieldOffset(slot);
      if (offset == 0 ? (field.form & kRequired) != 0 : !value(at + offset, field, before)) return false;
      before = offset == 0 || field.form != kInline1 ? std::uint8_t{0} : bytes_[at + offset];
      if (i == kVersion && offset != 0 &&
          flatbuffers::ReadScalar<std::uint32_t>(bytes_ + at + offset) != rules::kVersion)
        return true;  // whose other fields are not ours to judge
    }
    return check_.EndTable();
  }

  // `type` of a union: 0 for none, else 1 + position of its table.
  bool value(std::size_t at, const Field& field, std::uint8_t type) {
    switch (static_cast<Form>(field.form & ~kRequired)) {
      case kInline1: return inside(at, field.what, 1);
      case kInline4: return inside(at, field.what, 4);
      case kInline8: return inside(at, field.what, 8);
      case kTable: return table_behind(at, field.what);
      case kUnion:  // of a type that this version does not know, nothing is read
        if (type == 0 || type > std::size(kUnionMembers)) return check_.VerifyOffset(at) != 0;
        return table_behind(at, kUnionMembers[type - 1]);
      case kString: return string_behind(at);
      case kStrings: return each(at, [this](std::size_t element) { return string_behind(element); });
      case kTables: return each(at, [this, &field](std::size_t element) { return table_behind(element, field.what); });
      case kVector: return list_behind(at, field.what) != 0;
      case kRequired: break;
    }
    return false;
  }

  bool inside(std::size_t at, std::size_t size, std::size_t alignment) const {
    return check_.VerifyAlignment(at, alignment) && check_.Verify(at, size);
  }

  // Where it begins; 0: it is damaged.
  std::size_t list_behind(std::size_t at, std::size_t element) {
    const std::size_t offset = check_.VerifyOffset(at);
    at += offset;
    if (offset == 0 || !inside(at, sizeof(flatbuffers::uoffset_t), sizeof(flatbuffers::uoffset_t))) return 0;
    const std::uint64_t bytes = std::uint64_t{flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_ + at)} * element;
    if (bytes > size_ - at - sizeof(flatbuffers::uoffset_t) || bytes > left_) return 0;
    left_ -= bytes;
    return at;
  }

  bool string_behind(std::size_t at) {
    at = list_behind(at, 1);
    return at != 0 && check_.VerifyString(reinterpret_cast<const flatbuffers::String*>(bytes_ + at));
  }

  // A vector of offsets.
  template <class Behind>
  bool each(std::size_t at, Behind behind) {
    at = list_behind(at, sizeof(flatbuffers::uoffset_t));
    if (at == 0) return false;
    const auto count = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_ + at);
    for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
      at += sizeof(flatbuffers::uoffset_t);
      if (!behind(at)) return false;
    }
    return true;
  }

  const std::uint8_t* bytes_;
  std::size_t size_;
  flatbuffers::Verifier check_;
  std::uint64_t left_;  // bytes of lists that may still be met
};

}  // namespace

bool verify_structure(const std::uint8_t* bytes, std::size_t size) {
  return Walk(bytes, size).table_behind(sizeof(flatbuffers::uoffset_t), kRoot);
}

}  // namespace kinglet
