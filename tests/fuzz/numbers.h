// Where the numbers of a program lie: what a mutation changes in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model_generated.h"
#include "structure_generated.h"

namespace kinglet::fuzz {

struct Number {
  std::size_t at;
  unsigned bytes;
  unsigned field;  // of structure::kFields
};

// Every number of a program in the order of its tables: those of fields, and the elements of vectors.
class Numbers {
 public:
  explicit Numbers(std::span<const std::byte> program) : bytes_(reinterpret_cast<const std::uint8_t*>(program.data())) {
    table(behind(sizeof(flatbuffers::uoffset_t)), structure::kRoot);
  }

  std::vector<Number> fields, elements;
  std::vector<Number> places;       // in vtables: 0 there takes the field away, of all tables that share the vtable
  std::vector<std::size_t> tables;  // where they begin

 private:
  std::size_t behind(std::size_t at) const { return at + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(bytes_ + at); }

  void table(std::size_t at, unsigned which) {
    tables.push_back(at);
    const auto& table_at = *reinterpret_cast<const flatbuffers::Table*>(bytes_ + at);
    flatbuffers::voffset_t slot = 2 * sizeof(flatbuffers::voffset_t);
    std::uint8_t before = 0;
    for (unsigned i = structure::kFirstFields[which]; i < structure::kFirstFields[which + 1]; ++i, slot += 2) {
      const std::size_t offset = table_at.GetOptionalFieldOffset(slot);
      if (offset != 0) {
        places.push_back({static_cast<std::size_t>(table_at.GetVTable() - bytes_) + slot, 2, i});
        value(at + offset, i, before);
      }
      before = offset == 0 ? std::uint8_t{0} : bytes_[at + offset];
    }
  }

  void value(std::size_t at, unsigned which, std::uint8_t type) {
    const structure::Field& field = structure::kFields[which];
    const auto inlined = [&](unsigned size) {
      for (unsigned i = 0; i < field.what; i += size) fields.push_back({at + i, size, which});
    };
    switch (field.form & ~structure::kRequired) {
      case structure::kInline1: return inlined(1);
      case structure::kInline4: return inlined(4);
      case structure::kInline8: return inlined(8);
      case structure::kTable: return table(behind(at), field.what);
      case structure::kUnion:
        if (type != 0 && type <= std::size(structure::kUnionMembers))
          table(behind(at), structure::kUnionMembers[type - 1]);
        return;
      case structure::kTables:
        for (std::size_t i = 0; i < count(at); ++i) table(behind(behind(at) + 4 + 4 * i), field.what);
        return;
      case structure::kVector: {
        const unsigned size = field.what % 4 == 0 ? 4 : 1;
        for (std::size_t i = 0; i < count(at) * field.what; i += size)
          elements.push_back({behind(at) + 4 + i, size, which});
        return;
      }
      default: return;
    }
  }

  std::size_t count(std::size_t at) const { return flatbuffers::ReadScalar<std::uint32_t>(bytes_ + behind(at)); }

  const std::uint8_t* bytes_;
};

}  // namespace kinglet::fuzz
