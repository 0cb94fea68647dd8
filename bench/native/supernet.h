// The NAS-Bench-201 supernets of TE-NAS as descriptions of include/winnow/network.h, and one line of bench/shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::bench {

struct Shape {
  std::string name, score;  // score: "ntk" or "regions"
  int64_t channels, cells, stages;
  bool stem;  // else the image goes straight into the first cell and has `channels` channels
  int64_t side, classes, batch, samples;

  int64_t image_channels() const { return stem ? 3 : channels; }
};

// Lines of a file; '#' begins a comment. Throws std::runtime_error with file and line.
std::vector<Shape> read_shapes(const std::string& path);

// The blob: `stages` of `cells` cells with reductions between, six edges of five operations (choice = 5 edge + operation).
std::vector<int64_t> supernet(const Shape& shape);

}  // namespace winnow::bench
