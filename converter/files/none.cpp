// read_grid of a build that cannot.
#include "converter/error.h"
#include "converter/files/grids.h"

namespace kinglet::converter {

std::vector<float> read_grid(const std::string& path, const Program&) {
  throw Error(path + ": this kinglet-convert was built without the host port, which reads pictures and sounds");
}

}  // namespace kinglet::converter
