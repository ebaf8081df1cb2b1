// Tokens as a reader sees them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kinglet::host {

// Valid UTF-8 without anything that is invisible: spaces as ␣, line breaks as ⏎, other control characters as their pictures (␀, ␡),
// characters that only direct or hide others as ⟨U+202E⟩, what is no UTF-8 as U+FFFD; nothing at all as ∅.
std::string shown_token(std::string_view token);

// The same of a running text, where a space is a space.
std::string shown_text(std::string_view text);

// For the text and the attributes of HTML and XML.
std::string markup(std::string_view text);

// At most so many columns, the last of them "…" where some were left out. East Asian characters are two columns wide.
std::string shortened(std::string_view shown, std::size_t most);
std::size_t width(std::string_view shown);

}  // namespace kinglet::host
