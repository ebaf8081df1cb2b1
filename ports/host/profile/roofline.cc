#include "profile/roofline.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "attention/tokens.h"

namespace kinglet::host {
namespace {

constexpr double kWidth = 900, kHeight = 600;
constexpr double kLeft = 70, kRight = 24, kTop = 76, kBottom = 56;  // of the axes
constexpr double kLine = 12, kCharacter = 5.6;                      // height of a line and width of a column of a label
constexpr const char* kStyle = R"css(<style>
text { font: 10px system-ui, sans-serif; fill: #111; } .title { font-size: 17px; font-weight: 600; } .quiet { fill: #555; }
.end { text-anchor: end; } .mid { text-anchor: middle; } .grid { stroke: #ddd; stroke-width: 0.6; } .frame { fill: none; stroke: #111; }
.roof { fill: none; stroke: #111; stroke-width: 1.6; } .lead { stroke: #888; stroke-width: 0.6; }
.name { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
</style>
)css";
// A shade and a shape for each phase, so that they differ without colour, too.
constexpr std::array<const char*, 3> kShades = {"#163892", "#c2410c", "#15803d"};

std::string at(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed, 1).ptr};
}

std::string text(double x, double y, const std::string& kind, const std::string& shown) {
  return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" class=\"" + kind + "\">" + markup(shown) + "</text>\n";
}

std::string stroke(double x, double y, double to_x, double to_y, const std::string& kind) {
  return "<line class=\"" + kind + "\" x1=\"" + at(x) + "\" y1=\"" + at(y) + "\" x2=\"" + at(to_x) + "\" y2=\"" +
         at(to_y) + "\"/>\n";
}

std::string short_number(double value) {
  const bool whole = value == std::round(value) && std::abs(value) < 1e15;
  char text[32];
  const auto end = whole ? std::to_chars(text, text + sizeof(text), static_cast<long long>(value))
                         : std::to_chars(text, text + sizeof(text), value, std::chars_format::general, 3);
  return {text, end.ptr};
}

// A logarithmic axis.
struct Axis {
  double least, most;  // powers of the base
  double begin, end;   // in the picture

  double operator()(double value) const {
    const double part = (std::log2(value) - std::log2(least)) / (std::log2(most) - std::log2(least));
    return begin + part * (end - begin);
  }
};

struct Box {
  double left, top, right, bottom;
  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

double intensity(const RooflinePoint& point) { return point.operations / point.bytes; }
double rate(const RooflinePoint& point) { return point.operations / point.seconds; }

class Drawing {
 public:
  explicit Drawing(const Roofline& roofline) : roofline_(roofline) {
    for (const RooflinePoint& point : roofline.points) {
      if (point.operations > 0 && point.bytes > 0 && point.seconds > 0) points_.push_back(point);
    }
    // From above, so that names that give way to each other stay in order.
    std::stable_sort(points_.begin(), points_.end(),
                     [](const RooflinePoint& a, const RooflinePoint& b) { return rate(a) > rate(b); });
    scale();
  }

  std::string svg() {
    std::string body = text(kLeft, 24, "title", shown_text(roofline_.title)) +
                       text(kLeft, 42, "quiet", shown_text(roofline_.note)) + legend() + grid() + roofs();
    for (const RooflinePoint& point : points_) taken_.push_back(around(point));
    for (const RooflinePoint& point : points_) body += labelled(point);
    return body;
  }

 private:
  // Whole powers around all that is drawn.
  void scale() {
    double left = 1, right = 1024, low = 1e9, high = 1e12;
    for (const RooflinePoint& point : points_) {
      left = std::min(left, intensity(point)), right = std::max(right, intensity(point));
      low = std::min(low, rate(point)), high = std::max(high, rate(point));
    }
    high = std::max(high, roofline_.peak * 1.2);
    x_ = {std::exp2(std::floor(std::log2(left))), std::exp2(std::ceil(std::log2(right) + 1)), kLeft, kWidth - kRight};
    y_ = {std::pow(10, std::floor(std::log10(low))), std::pow(10, std::ceil(std::log10(high))), kHeight - kBottom,
          kTop};
  }

  std::string grid() const {
    std::string svg;
    const double skip = x_.most / x_.least > 1 << 14 ? 16 : 4;
    for (double value = x_.least; value <= x_.most; value *= skip) {
      svg += stroke(x_(value), y_.begin, x_(value), y_.end, "grid");
      svg += text(x_(value), y_.begin + 16, "mid", short_number(value));
    }
    for (double value = y_.least; value <= y_.most * 1.01; value *= 10) {
      svg += stroke(x_.begin, y_(value), x_.end, y_(value), "grid");
      svg += text(x_.begin - 6, y_(value) + 3, "end", short_number(value / 1e9));
    }
    svg += "<rect class=\"frame\" x=\"" + at(x_.begin) + "\" y=\"" + at(y_.end) + "\" width=\"" +
           at(x_.end - x_.begin) + "\" height=\"" + at(y_.begin - y_.end) + "\"/>\n";
    svg += text((x_.begin + x_.end) / 2, kHeight - 16, "mid", "int8 operations per byte of weights, keys and values");
    return svg + "<text transform=\"translate(18 " + at((y_.begin + y_.end) / 2) +
           ") rotate(-90)\" class=\"mid\">int8 GOPS</text>\n";
  }

  // A slope as high as the bandwidth carries, then the peak.
  std::string roofs() {
    std::string svg;
    const double top = roofline_.peak > 0 ? roofline_.peak : y_.most;
    double ridge = x_.most;
    for (const Roof& roof : roofline_.roofs) {
      if (roof.bytes_per_second <= 0) continue;
      const double from = std::max(x_.least, y_.least / roof.bytes_per_second);
      const double to = std::min(x_.most, top / roof.bytes_per_second);
      if (from >= to) continue;
      ridge = std::min(ridge, to);
      const double x = x_(from), y = y_(from * roof.bytes_per_second);
      const double to_x = x_(to), to_y = y_(to * roof.bytes_per_second);
      svg += stroke(x, y, to_x, to_y, "roof");
      const double angle = std::atan2(to_y - y, to_x - x) * 180 / 3.14159265358979;
      const std::string name = roof.name + " " + short_number(std::round(roof.bytes_per_second * 1e-8) / 10) + " GB/s";
      const double end_x = x + 0.9 * (to_x - x), end_y = y + 0.9 * (to_y - y);
      const double length = kCharacter * static_cast<double>(width(name)) / std::hypot(to_x - x, to_y - y);
      for (double part = 0; part < length; part += length / 8) {  // no other name on this one
        const double by_x = end_x - part * (to_x - x), by_y = end_y - part * (to_y - y);
        taken_.push_back({by_x - 12, by_y - 14, by_x + 6, by_y + 4});
      }
      svg += "<text class=\"end\" transform=\"translate(" + at(end_x) + " " + at(end_y) + ") rotate(" + at(angle) +
             ") translate(0 -5)\">" + markup(name) + "</text>\n";
    }
    if (roofline_.peak <= 0) return svg;
    svg += stroke(x_(ridge), y_(roofline_.peak), x_.end, y_(roofline_.peak), "roof");
    taken_.push_back({x_(ridge), y_(roofline_.peak) - 18, x_.end, y_(roofline_.peak) + 2});
    return svg + text(x_.end - 6, y_(roofline_.peak) - 6, "end",
                      "int8 peak " + short_number(std::round(roofline_.peak * 1e-9)) + " GOPS");
  }

  std::size_t place_of(const std::string& phase) {
    const auto known = std::find(phases_.begin(), phases_.end(), phase);
    if (known != phases_.end()) return static_cast<std::size_t>(known - phases_.begin());
    phases_.push_back(phase);
    return phases_.size() - 1;
  }

  std::string mark(double x, double y, std::size_t phase) const {
    const std::string fill = " fill=\"" + std::string(kShades[phase % kShades.size()]) + "\"";
    if (phase % 3 == 0) return "<circle cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"3.5\"" + fill + "/>\n";
    if (phase % 3 == 1)
      return "<rect x=\"" + at(x - 3.2) + "\" y=\"" + at(y - 3.2) + "\" width=\"6.4\" height=\"6.4\"" + fill + "/>\n";
    return "<path d=\"M" + at(x) + " " + at(y - 4) + "l4 7h-8z\"" + fill + "/>\n";
  }

  std::string legend() {
    std::string svg;
    double x = kLeft + 4;
    for (const RooflinePoint& point : points_) place_of(point.phase);
    for (std::size_t i = 0; i < phases_.size(); ++i) {
      svg += mark(x, 58, i) + text(x + 8, 61, "", shown_text(phases_[i]));
      x += 30 + kCharacter * static_cast<double>(width(shown_text(phases_[i])));
    }
    return svg;
  }

  Box around(const RooflinePoint& point) const {
    const double x = x_(intensity(point)), y = y_(rate(point));
    return {x - 5, y - 5, x + 5, y + 5};
  }

  // The point, with its name at the nearest place beside it that is free.
  std::string labelled(const RooflinePoint& point) {
    constexpr int kMostLines = 14;
    const double x = x_(intensity(point)), y = y_(rate(point));
    const std::string name = shortened(shown_text(point.name), 44) + " " + short_number(std::round(rate(point) * 1e-9));
    const double wide = kCharacter * static_cast<double>(width(name));
    std::string svg = mark(x, y, place_of(point.phase));
    for (int line = 0; line <= 2 * kMostLines; ++line) {
      const double by = (line % 2 == 0 ? 1 : -1) * ((line + 1) / 2) * kLine;
      for (const double left : {x + 9, x - 9 - wide}) {
        const Box box{left, y + by - 7, left + wide, y + by + 5};
        const bool inside = box.left > x_.begin && box.right < x_.end && box.top > y_.end && box.bottom < y_.begin;
        const bool free = std::none_of(taken_.begin(), taken_.end(), [&box](const Box& b) { return box.meets(b); });
        if (!inside || !free) continue;
        taken_.push_back(box);
        if (line > 0) svg += stroke(x, y, left > x ? left - 2 : left + wide + 2, y + by - 1, "lead");
        return svg + text(left, y + by + 3, "name", name);
      }
    }
    return svg;
  }

  const Roofline& roofline_;
  std::vector<RooflinePoint> points_;
  std::vector<std::string> phases_;
  std::vector<Box> taken_;  // by points and labels
  Axis x_{}, y_{};
};

}  // namespace

std::string roofline_svg(const Roofline& roofline) {
  const std::string size = "width=\"" + at(kWidth) + "\" height=\"" + at(kHeight) + "\"";
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + at(kWidth) + " " + at(kHeight) +
         "\">\n<title>" + markup("Roofline of " + shown_text(roofline.title)) + "</title>\n" + kStyle +
         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + Drawing(roofline).svg() + "</svg>\n";
}

}  // namespace kinglet::host
