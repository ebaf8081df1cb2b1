// The FlatBuffer's own structure: every offset, table, vector and string lies inside its bytes, and what is required is there. The same as
// flatc's generated Verify for fb::Model, by a walk over a table of the schema's fields, in a sixth of the flash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kinglet {

// `bytes` begin with their size, which is the caller's to check, and are aligned to 8. Of a program that says it has another version nothing else
// is looked at: its tables may be others.
bool verify_structure(const std::uint8_t* bytes, std::size_t size);

}  // namespace kinglet
