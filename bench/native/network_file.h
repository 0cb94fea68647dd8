// Networks of bench/shapes/networks: what a search space makes, written down by the Java side and checked there at every build.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::bench {

struct NetworkFile {
  std::vector<int64_t> blob;  // include/winnow/network.h
  int64_t choices;
  double coefficient;      // of every choice while none is pruned
  int64_t input_shape[3];  // channels, height, width
};

// Throws std::runtime_error with file and line. Format: bench/shapes/README.md.
NetworkFile read_network(const std::string& path);

}  // namespace winnow::bench
