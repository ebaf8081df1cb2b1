// A caption and what it looks at: for every token the picture, in its colours where its attention lies (after the figures of Xu et al. 2015).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "attention/maps.h"
#include "attention/page_parts.h"
#include "attention/tokens.h"
#include "base64.h"
#include "failure.h"
#include "pictures/picture.h"

namespace kinglet::host {
namespace {

constexpr const char* kCaptionStyle = R"css(
body { max-width: 80rem; }
.words { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1.2rem 1rem; margin-top: 1.2rem; }
.words svg { display: block; width: 100%; height: auto; border-radius: 8px; }
.words rect:hover { stroke: var(--mark); stroke-opacity: 1; }
.words figcaption { margin: .4rem 0 0; font-size: 1.05rem; text-align: center; overflow-wrap: anywhere; }
.words .end { color: var(--quiet); font-weight: 400; }
)css";

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4g", x);
  return text;
}

std::string size_of(const Pixels& pixels) {
  return " width=\"" + std::to_string(pixels.width) + "\" height=\"" + std::to_string(pixels.height) + "\"";
}

std::string image(const std::string& attributes, const Pixels& pixels) {
  return "<image" + attributes + " preserveAspectRatio=\"none\" href=\"data:image/png;base64," +
         base64(png_of(pixels)) + "\"/>";
}

// Of the picture where nobody looks: its colours as one grey between white and black.
Pixels ghost_of(const Pixels& pixels) {
  Pixels made{pixels.height, pixels.width, 1, {}};
  for (std::size_t i = 0; i < pixels.bytes.size(); i += pixels.channels) {
    unsigned sum = 0;
    for (std::uint32_t c = 0; c < pixels.channels; ++c) sum += pixels.bytes[i + c];
    made.bytes.push_back(static_cast<std::uint8_t>(sum / pixels.channels));
  }
  return made;
}

// The weights of the regions, of which the most is white, with smooth ways from the middle of one to the next.
Pixels light_of(const float* row, std::uint32_t rows, std::uint32_t columns) {
  constexpr std::uint32_t kSide = 8;  // pixels of a region
  const double most = static_cast<double>(std::max(*std::max_element(row, row + std::size_t{rows} * columns), 1e-9F));
  const auto at = [&](std::uint32_t y, std::uint32_t x) { return static_cast<double>(row[y * columns + x]) / most; };
  // Between which two regions a pixel is, and how far from the first.
  struct Place {
    std::uint32_t first, second;
    double part;
  };
  const auto place = [](std::uint32_t pixel, std::uint32_t count) {
    const double middle = std::clamp((pixel + 0.5) / kSide - 0.5, 0.0, count - 1.0);
    const auto first = static_cast<std::uint32_t>(middle);
    return Place{first, std::min(first + 1, count - 1), middle - first};
  };
  Pixels made{rows * kSide, columns * kSide, 1, {}};
  for (std::uint32_t y = 0; y < made.height; ++y) {
    const Place v = place(y, rows);
    for (std::uint32_t x = 0; x < made.width; ++x) {
      const Place h = place(x, columns);
      const double above = std::lerp(at(v.first, h.first), at(v.first, h.second), h.part);
      const double below = std::lerp(at(v.second, h.first), at(v.second, h.second), h.part);
      made.bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * std::lerp(above, below, v.part))));
    }
  }
  return made;
}

// One row of a layer over the picture: its colours where it looked, and the weight of the region that the mouse is on.
std::string lit(const AttentionPicture& picture, const float* row, const Pixels& pixels, const std::string& name) {
  const double height = static_cast<double>(pixels.height) / picture.region_rows;
  const double width = static_cast<double>(pixels.width) / picture.region_columns;
  std::string svg = "<mask id=\"" + name + "\">" +
                    image(size_of(pixels), light_of(row, picture.region_rows, picture.region_columns)) +
                    "</mask><use href=\"#ghost\"/><use href=\"#picture\" mask=\"url(#" + name +
                    ")\"/><g fill-opacity=\"0\" stroke-opacity=\"0\">";
  for (std::uint32_t i = 0; i < picture.region_rows * picture.region_columns; ++i) {
    svg += "<rect x=\"" + number(i % picture.region_columns * width) + "\" y=\"" +
           number(i / picture.region_columns * height) + "\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\"><title>" + number(static_cast<double>(row[i])) + "</title></rect>";
  }
  return svg + "</g>";
}

std::string figure(const Pixels& pixels, const std::string& drawn, const std::string& caption, bool word) {
  return "<figure><svg viewBox=\"0 0 " + std::to_string(pixels.width) + " " + std::to_string(pixels.height) + "\">" +
         drawn + "</svg><figcaption" + (word ? "" : " class=\"end\"") + "><bdi>" + caption +
         "</bdi></figcaption></figure>\n";
}

// A token as a word: without the space before it.
std::string word_of(const std::string& token) {
  return markup(shown_token(token.size() > 1 && token.front() == ' ' ? token.substr(1) : token));
}

}  // namespace

std::string caption_html(const AttentionPicture& picture, const Pixels& pixels) {
  const auto telling = telling_layer(picture);
  if (!telling || picture.region_rows == 0) throw Failure("this model has no attention over a picture to draw");
  const AttentionLayer layer = mean_of_heads(picture.layers[*telling]);
  const std::string title = markup(shown_text(picture.target_text));
  std::string page = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>)html" + title +
                     "</title>\n<style>\n" + kPageStyle + kCaptionStyle + "</style></head><body>\n<header><h1><bdi>" +
                     title + "</bdi></h1>\n<p class=\"quiet\">" + markup(shown_text(picture.source_text)) + ", by " +
                     markup(shown_text(picture.title)) + ". For each word, in colour, where " +
                     markup(shown_text(layer.name)) +
                     " looked while it was written; the mouse on a place shows its weight.</p></header>\n";
  page += "<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs>" +
          image(" id=\"picture\"" + size_of(pixels), pixels) +
          image(" id=\"ghost\" opacity=\"0.25\"" + size_of(pixels), ghost_of(pixels)) +
          "</defs></svg>\n<main class=\"words\">\n" +
          figure(pixels, "<use href=\"#picture\"/>", "what the model sees", false);
  for (std::uint32_t row = 0; row < layer.rows; ++row) {
    const std::string token = row < picture.target.size() ? picture.target[row] : "";
    const float* weights = layer.weights.data() + std::size_t{row} * layer.columns + picture.regions_before;
    page += figure(pixels, lit(picture, weights, pixels, "w" + std::to_string(row)), word_of(token),
                   !token.starts_with('<'));
  }
  return page + "</main>\n</body></html>\n";
}

}  // namespace kinglet::host
