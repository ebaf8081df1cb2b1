// Attention as a still picture (picture.h): for each layer the mean of its heads with tokens beside it, then every head.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "attention/maps.h"
#include "attention/tokens.h"

namespace kinglet::host {
namespace {

constexpr std::uint64_t kMostMeanCells = 30'000, kMostHeadCells = 60'000;  // of the whole picture: some 10 MB
constexpr std::uint32_t kMostSide = 400;
constexpr double kWidth = 1120, kMargin = 24;
constexpr double kMeanWidth = 480, kMeanHeight = 640;  // of the cells of the mean
constexpr double kGap = 14, kHeadTitle = 16;
constexpr std::size_t kLabel = 14;  // columns of a token beside a map
constexpr double kCharacter = 6.2;  // width of a column of a label
constexpr double kLeast = 12;       // distance of labels that can be read
constexpr const char* kStyle = R"css(<style>
text { font: 11px system-ui, sans-serif; fill: #111; } .title { font-size: 20px; font-weight: 600; } .name { font-size: 14px; font-weight: 600; }
.quiet { fill: #555; } .end { text-anchor: end; } .mid, .n { text-anchor: middle; } .n { font-size: 9px; pointer-events: none; } .on { fill: #fff; }
.empty { fill: #f0f1f5; } .cells { fill: #163892; } .cells rect:hover { stroke: #d6409f; stroke-width: 1.5; }
</style>
)css";

std::string number(double value, int decimals) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed, decimals).ptr};
}

std::string at(double value) {  // of a coordinate: two decimals at most
  std::string text = number(value, 2);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string place(double x, double y) { return " x=\"" + at(x) + "\" y=\"" + at(y) + "\""; }

std::string text(double x, double y, const std::string& kind, const std::string& shown) {
  return "<text" + place(x, y) + (kind.empty() ? "" : " class=\"" + kind + "\"") + ">" + markup(shown) + "</text>\n";
}

// A layer in blocks that can be drawn.
struct Drawn {
  AttentionLayer layer;
  double most = 0;                                   // the weight of the darkest shade: the largest
  std::vector<std::string> rows, columns;            // names beside the map
  std::vector<std::string> row_marks, column_marks;  // names in titles, as markup
};

Drawn prepared(const AttentionPicture& picture, const AttentionLayer& layer, std::uint32_t block) {
  Drawn drawn{.layer = in_blocks(layer, block), .rows = {}, .columns = {}, .row_marks = {}, .column_marks = {}};
  for (const float weight : drawn.layer.weights) drawn.most = std::max(drawn.most, static_cast<double>(weight));
  const auto name = [block](const auto& tokens, std::uint32_t count, auto& names, auto& marks) {
    for (std::uint32_t i = 0; i < count; ++i) {
      names.push_back(shortened(block_name(tokens, i, block), kLabel));
      marks.push_back(markup(shortened(block_name(tokens, i, block), 40)));
    }
  };
  name(row_tokens(picture, layer.kind), drawn.layer.rows, drawn.rows, drawn.row_marks);
  name(column_tokens(picture, layer.kind), drawn.layer.columns, drawn.columns, drawn.column_marks);
  return drawn;
}

// The cells of one head from (0, 0), `size` wide and high, each with its weight and its tokens for the mouse.
std::string cells(const Drawn& drawn, std::size_t head, double size) {
  const AttentionLayer& layer = drawn.layer;
  const double gap = size >= 8 ? 1 : 0;
  const std::string side = at(size - gap), box = "\" width=\"" + side + "\" height=\"" + side + "\" fill-opacity=\"";
  std::string svg = "<rect class=\"empty\" width=\"" + at(size * layer.columns - gap) + "\" height=\"" +
                    at(size * layer.rows - gap) + "\"/>\n<g class=\"cells\">\n";
  std::string numbers;
  auto from = layer.weights.begin() + static_cast<std::ptrdiff_t>(head * layer.rows * layer.columns);
  for (std::size_t row = 0; row < layer.rows; ++row) {
    for (std::size_t column = 0; column < layer.columns; ++column, ++from) {
      const auto weight = static_cast<double>(std::isfinite(*from) ? *from : 0.0F);
      const double shade = drawn.most > 0 ? std::pow(std::clamp(weight / drawn.most, 0.0, 1.0), 0.6) : 0;
      const double x = static_cast<double>(column) * size, y = static_cast<double>(row) * size;
      svg += "<rect x=\"" + at(x) + "\" y=\"" + at(y) + box + at(shade) + "\"><title>" + drawn.row_marks[row] + " ← " +
             drawn.column_marks[column] + ": " + number(weight, 4) + "</title></rect>\n";
      if (size >= 24 && weight >= 0.005)
        numbers += text(x + (size - gap) / 2, y + (size - gap) / 2 + 3, shade > 0.6 ? "n on" : "n", number(weight, 2));
    }
  }
  return svg + "</g>\n" + numbers;
}

std::string moved(double x, double y, const std::string& content) {
  return "<g transform=\"translate(" + at(x) + " " + at(y) + ")\">\n" + content + "</g>\n";
}

double longest(const std::vector<std::string>& names) {
  std::size_t most = 0;
  for (const auto& name : names) most = std::max(most, width(name));
  return static_cast<double>(most) * kCharacter;
}

const char* kind_title(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::kCross: return "cross-attention: output down, source across";
    case AttentionKind::kAlign: return "alignment: output down, source across";
    case AttentionKind::kSelf: return "decoder self-attention: tokens that the decoder read, down and across";
    case AttentionKind::kEncoder: return "encoder self-attention: source down and across";
  }
  return "";
}

// The mean of a layer's heads with its tokens, from (0, 0).
std::string mean_picture(const Drawn& mean, double size, double left, double top) {
  const auto step = static_cast<std::size_t>(std::ceil(kLeast / size));
  std::string svg;
  for (std::size_t row = 0; row < mean.layer.rows; row += step)
    svg += text(left - 6, top + (static_cast<double>(row) + 0.5) * size + 4, "end", mean.rows[row]);
  for (std::size_t column = 0; column < mean.layer.columns; column += step) {
    svg += "<text transform=\"translate(" + at(left + (static_cast<double>(column) + 0.5) * size + 4) + " " +
           at(top - 5) + ") rotate(-60)\">" + markup(mean.columns[column]) + "</text>\n";
  }
  svg += moved(left, top, cells(mean, 0, size));
  const std::string rare = step > 1 ? "; one of " + std::to_string(step) + " rows and columns is named" : "";
  return svg + text(left, top + size * mean.layer.rows + 14, "quiet", "darkest: " + number(mean.most, 2) + rare);
}

// All of a layer from (0, 0), and how high that is.
std::string layer_picture(const Drawn& mean, const Drawn& heads, double& height) {
  const double rows = mean.layer.rows, columns = mean.layer.columns;
  const double size = std::min({kMeanWidth / columns, kMeanHeight / rows, 30.0});
  const double left = longest(mean.rows) + 10, top = 64 + longest(mean.columns) * 0.87;
  const std::uint32_t count = heads.layer.heads;
  std::string svg =
      text(0, 14, "name", shown_text(mean.layer.name)) + text(0, 31, "quiet", kind_title(mean.layer.kind)) +
      text(0, 46, "", count == 1 ? "the only head" : "mean of heads") + mean_picture(mean, size, left, top);
  height = top + rows * size + 20;
  if (count == 1) return svg;

  // The heads beside it, as square an arrangement as their number allows.
  const double x = left + columns * size + std::max(48.0, longest(mean.columns) * 0.5 + kGap);
  const auto across = std::min(static_cast<std::uint32_t>(std::ceil(std::sqrt(count))), 16U);
  const double wide = std::min((kWidth - 2 * kMargin - x + kGap) / across - kGap, size * columns * 0.6);
  const double small = wide / heads.layer.columns, step = small * heads.layer.rows + kHeadTitle + 6;
  svg += text(x, top - 8, "quiet", std::to_string(count) + " heads, darkest: " + number(heads.most, 2));
  for (std::uint32_t head = 0; head < count; ++head) {
    const std::uint32_t line = head / across, place = head % across;
    svg += moved(x + place * (wide + kGap), top + line * step,
                 cells(heads, head, small) +
                     text(0, small * heads.layer.rows + 12, "quiet", "head " + std::to_string(head + 1)));
  }
  const std::uint32_t lines = (count + across - 1) / across;
  height = std::max(height, top + lines * step);
  return svg;
}

// What a cell stands for where it is more than one token.
std::string block_note(const std::string& of, std::uint32_t block) {
  const std::string n = std::to_string(block);
  return block == 1 ? "" : " A cell of " + of + " is the largest weight of " + n + " × " + n + " tokens.";
}

}  // namespace

std::string attention_svg(const AttentionPicture& picture) {
  const std::uint32_t block = block_for(picture, false, kMostMeanCells, kMostSide);
  const std::uint32_t head_block = std::max(block, block_for(picture, true, kMostHeadCells, kMostSide));
  std::string body = text(0, 20, "title", "Attention of " + shown_text(picture.title)) +
                     text(0, 42, "", shortened(shown_text(picture.source_text), 160)) +
                     text(0, 58, "", "→ " + shortened(shown_text(picture.target_text), 158)) +
                     text(0, 78, "quiet", "Darker is more; rest on a cell to read its weight.");
  double y = 96;
  const std::string note = block_note("a mean", block) + block_note("a head", head_block);
  if (!note.empty()) body += text(0, 94, "", "Too long to draw every token." + note), y += 16;
  bool empty = true;
  for (const auto& layer : picture.layers) {
    if (layer.heads == 0 || layer.rows == 0 || layer.columns == 0) continue;
    empty = false;
    double height = 0;
    const std::string drawn =
        layer_picture(prepared(picture, mean_of_heads(layer), block), prepared(picture, layer, head_block), height);
    body += moved(0, y + 14, drawn);
    y += 14 + height + 16;
  }
  if (empty) body += text(0, y + 14, "", "This model attended to nothing."), y += 30;
  const std::string height = at(y + 2 * kMargin), whole = at(kWidth);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + whole + "\" height=\"" + height + "\" viewBox=\"0 0 " +
         whole + " " + height + "\">\n<title>" + markup("Attention of " + shown_text(picture.title)) + "</title>\n" +
         kStyle + "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + moved(kMargin, kMargin, body) + "</svg>\n";
}

}  // namespace kinglet::host
