// The command line of winnow_bench.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace winnow::bench {

struct Options {
  std::string command = "time", shapes, only, variant, out;
  int64_t threads = 1, rounds = 7;
  bool nodes = false, round = false;
  std::vector<std::string> files;  // words that belong to no option
};

// A mistake of the caller; exit status 2.
struct Usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Options parse(int count, char** words);

}  // namespace winnow::bench
