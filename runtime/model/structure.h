// The FlatBuffer's own structure: every offset, table, vector and string lies inside its bytes, and what is required is there. The same as
// flatc's generated Verify for fb::Model, by a walk over a table of the schema's fields, in a sixth of the flash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinglet {

// `bytes` are size-prefixed, at least 12, and aligned to 8.
// The version that a program says it has, of which nothing else is believed yet: a newer one may have other tables. 0: it says none.
std::uint32_t version_of(const std::uint8_t* bytes, std::size_t size);

bool verify_structure(const std::uint8_t* bytes, std::size_t size);

}  // namespace kinglet
