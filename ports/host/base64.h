// Bytes as text (RFC 4648), for what stands inside a page.
#pragma once

#include <string>
#include <string_view>

namespace kinglet::host {

std::string base64(std::string_view bytes);

}  // namespace kinglet::host
