// A roofline (Williams et al. 2009): what each operator reaches against what the machine allows for as many operations per byte as it
// has. Nothing here runs a model.
#pragma once

#include <string>
#include <vector>

namespace kinglet::host {

struct Roof {
  std::string name;  // "memory"
  double bytes_per_second = 0;
};

struct RooflinePoint {
  std::string name;   // as it was read: may hold markup
  std::string phase;  // points of one phase look alike
  double operations = 0, bytes = 0, seconds = 0;
};

struct Roofline {
  std::string title, note;
  double peak = 0;  // operations per second; 0: not known
  std::vector<Roof> roofs;
  std::vector<RooflinePoint> points;
};

// A still picture for a page or in print: one file, nothing from elsewhere. Points without operations, bytes or time are left out.
std::string roofline_svg(const Roofline& roofline);

}  // namespace kinglet::host
