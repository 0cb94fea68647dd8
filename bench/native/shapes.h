// One line of bench/shapes: a problem size and the network it comes from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::bench {

// What `gather` and `correlate` are timed on: stride 1, as many outputs as inputs, padding that keeps the size.
struct SquareConvolution {
  int64_t kernel = 0;  // side
  bool depthwise = false;
};

struct Shape {
  std::string name;
  std::string score;              // "ntk", "regions"; "hamming"; "gather", "correlate"
  std::string network;            // of ntk and regions: path of a file of bench/shapes/networks
  SquareConvolution convolution;  // of gather and correlate
  int64_t batch;                  // ntk, regions: samples that share statistics; hamming: patterns; gather, correlate: channels
  int64_t size;                   // ntk, regions: samples; hamming: units of a pattern; gather, correlate: side of a plane
};

// Lines of a file; '#' begins a comment. Throws std::runtime_error with file and line. Format: bench/shapes/README.md.
std::vector<Shape> read_shapes(const std::string& path);

}  // namespace winnow::bench
