// Times every layer of one library and prints JSON.
#include <cstdio>

#include "json.h"
#include "tests/bench/layers/library.h"

int main() {
  using namespace kinglet;
  host::Json json{{"layers", host::Json::array()}};
  for (const bench::LayerShape& shape : bench::kLayers) {
    for (const bench::Place& place : bench::places_of(shape.rows)) {
      const std::size_t copies = place.copies(shape.k, shape.n);
      const auto layer = bench::make_layer(shape, copies);
      if (layer == nullptr) continue;
      std::size_t copy = 0;
      const double seconds = bench::seconds([&] { layer->run(copy = (copy + 1) % copies); });
      json["layers"].push_back(
          {{"rows", shape.rows}, {"k", shape.k}, {"n", shape.n}, {"weights", place.name}, {"seconds", seconds}});
    }
  }
  std::printf("%s", host::json_line(json).c_str());
  return 0;
}
