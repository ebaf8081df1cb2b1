// Attention as a page to explore (picture.h): data and the parts of page_parts.h.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "attention/maps.h"
#include "attention/page_parts.h"
#include "attention/tokens.h"
#include "base64.h"
#include "json.h"

namespace kinglet::host {
namespace {

// As many weights as a browser holds with ease: a page of at most 22 MB. Canvases have no longer sides everywhere.
constexpr std::uint64_t kMostCells = 12'000'000;
constexpr std::uint32_t kMostSide = 4096;

// Numbers below 128 in one byte, others in two with the lower seven bits first: up to 10,000 a weight in ten-thousandths, above it a
// run of zeros. Few weights of a long row are large, so one takes little more than a byte.
std::string packed(const std::vector<float>& weights) {
  constexpr std::uint32_t kOne = 10000, kMost = (1U << 14) - 1;
  std::string bytes;
  std::uint32_t zeros = 0;
  const auto put = [&bytes](std::uint32_t number) {
    if (number < 128) return bytes.push_back(static_cast<char>(number));
    bytes.push_back(static_cast<char>(128 | (number & 127)));
    bytes.push_back(static_cast<char>(number >> 7));
  };
  const auto end_run = [&] {
    if (zeros > 2) put(kOne + zeros);
    else bytes.append(zeros, '\0');
    zeros = 0;
  };
  for (const float weight : weights) {
    const auto number = weight > 0 ? static_cast<std::uint32_t>(std::lround(std::min(weight, 1.0F) * kOne)) : 0U;
    if (number == 0 && zeros < kMost - kOne) {
      ++zeros;
      continue;
    }
    end_run();
    if (number == 0) zeros = 1;
    else put(number);
  }
  end_run();
  return base64(bytes);
}

Json names(const std::vector<std::string>& tokens, std::uint32_t block) {
  Json list = Json::array();
  for (std::size_t i = 0; i * block < tokens.size(); ++i) list.push_back(block_name(tokens, i, block));
  return list;
}

// What the script reads. ASCII without "<": nothing in it ends the script element or a line of JavaScript.
std::string data(const AttentionPicture& picture, std::uint32_t block) {
  Json json = {{"block", block},
               {"start", telling_layer(picture).value_or(0)},
               {"source", names(picture.source, block)},
               {"target", names(picture.target, block)},
               {"decoder_input", names(picture.decoder_input, block)},
               {"layers", Json::array()}};
  for (const auto& layer : picture.layers) {
    const AttentionLayer small = in_blocks(layer, block);
    json["layers"].push_back({{"name", shown_text(layer.name)},
                              {"kind", kind_name(layer.kind)},
                              {"heads", small.heads},
                              {"rows", small.rows},
                              {"columns", small.columns},
                              {"weights", packed(small.weights)}});
  }
  std::string text;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<') text += "\\u003c";
    else text += c;
  }
  return text;
}

constexpr const char* kControls = R"html(<p id="empty" hidden>This model attended to nothing.</p>
<noscript><p>This page draws with a script of its own; the same picture without one: <code>--attention OUT.svg</code>.</p></noscript>
<div id="work" hidden>
<div class="controls">
<label>Layer <select id="layer"></select></label>
<label class="screen">Cell size <input id="size" type="range" min="1" max="48"></label>
<div id="legend" role="img"></div>
</div>
<div id="heads" role="group" aria-label="Heads"></div>
<div class="view">
<figure>
<figcaption id="caption"></figcaption>
<div id="map"></div>
<p class="quiet screen">Rest on a cell to read it, or click the map and move with the arrow keys.</p>
</figure>
<section id="beside" aria-label="Table"></section>
</div>
<div id="tip" role="status" hidden></div>
</div>
)html";

}  // namespace

std::string attention_html(const AttentionPicture& picture) {
  const std::uint32_t block = block_for(picture, true, kMostCells, kMostSide);
  const std::string title = markup("Attention of " + shown_text(picture.title));
  std::string page = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>)html" + title +
                     "</title>\n<style>\n" + kPageStyle + "</style></head><body>\n<header><h1>" + title + "</h1>\n";
  page += "<p class=\"texts\"><bdi>" + markup(shown_text(picture.source_text)) +
          "</bdi> <span class=\"quiet\">→</span> <bdi>" + markup(shown_text(picture.target_text)) + "</bdi></p>\n";
  if (block > 1) {
    const std::string n = std::to_string(block);
    page += "<p class=\"note\">Too long to hold every weight: a cell stands for " + n + " × " + n +
            " tokens and has the largest weight of them. <code>--attention OUT.json</code> has them all.</p>\n";
  }
  page += std::string("</header>\n<main>\n") + kControls + "</main>\n<script type=\"application/json\" id=\"data\">" +
          data(picture, block) + "</script>\n<script>\n'use strict';\n" + kPageMap + kPageScript +
          "</script>\n</body></html>\n";
  return page;
}

}  // namespace kinglet::host
