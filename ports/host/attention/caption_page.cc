// A caption and what it looks at: for every token the picture, lit where its attention lies (as the figures of Xu et al. 2015).
#include <algorithm>
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
.words { display: flex; flex-wrap: wrap; gap: 1rem; }
.words figure { flex: none; width: 11rem; }
.words svg { display: block; width: 100%; height: auto; border-radius: 6px; image-rendering: pixelated; }
.words figcaption { margin: .3rem 0 0; overflow-wrap: anywhere; }
)css";

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.4g", x);
  return text;
}

// One row of a layer over the picture: a shadow on each region, none on that with the most weight.
std::string lit(const AttentionPicture& picture, const float* weights, const Pixels& pixels) {
  const std::uint32_t regions = picture.region_rows * picture.region_columns;
  const float* row = weights + picture.regions_before;
  const float most = std::max(*std::max_element(row, row + regions), 1e-9F);
  const double height = static_cast<double>(pixels.height) / picture.region_rows;
  const double width = static_cast<double>(pixels.width) / picture.region_columns;
  std::string svg = "<svg viewBox=\"0 0 " + std::to_string(pixels.width) + " " + std::to_string(pixels.height) +
                    "\"><use href=\"#picture\"/>";
  for (std::uint32_t i = 0; i < regions; ++i) {
    const double shadow = 0.85 * (1 - static_cast<double>(row[i] / most));
    svg += "<rect x=\"" + number(i % picture.region_columns * width) + "\" y=\"" +
           number(i / picture.region_columns * height) + "\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\" fill-opacity=\"" + number(shadow) + "\"><title>" + number(static_cast<double>(row[i])) +
           "</title></rect>";
  }
  return svg + "</svg>";
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
                     markup(shown_text(picture.title)) + ": each token, and where " + markup(shown_text(layer.name)) +
                     " looked while it was written.</p></header>\n";
  page += "<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs><image id=\"picture\" width=\"" +
          std::to_string(pixels.width) + "\" height=\"" + std::to_string(pixels.height) +
          "\" href=\"data:image/png;base64," + base64(png_of(pixels)) + "\"/></defs></svg>\n<main class=\"words\">\n";
  for (std::uint32_t row = 0; row < layer.rows; ++row) {
    const std::string token = row < picture.target.size() ? picture.target[row] : "";
    page += "<figure>" + lit(picture, layer.weights.data() + std::size_t{row} * layer.columns, pixels) +
            "<figcaption><bdi>" + markup(shown_token(token)) + "</bdi></figcaption></figure>\n";
  }
  return page + "</main>\n</body></html>\n";
}

}  // namespace kinglet::host
