// The constant parts of the page of attention_html.
#pragma once

namespace kinglet::host {

extern const char* const kPageStyle;   // CSS
extern const char* const kPageScript;  // JavaScript: reads the element #data, fills the page
extern const char* const kPageMap;     // JavaScript: what draws one map, with names of kPageScript

}  // namespace kinglet::host
