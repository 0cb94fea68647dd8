// What is timed as JSON, and two such files beside each other.
#pragma once

#include <string>
#include <vector>

#include "probe.h"

namespace winnow::bench {

std::string quoted(const std::string& text);
std::string json(const Probe& probe);
// "machine": ..., "commit": ...: what a number depends on beside the code, without braces.
std::string circumstances();

struct Spread {
  double median, min, max;
};
Spread spread(std::vector<double> values);  // at least one
std::string json(const Spread& spread);

// Prints the results that two files of `time` have in common; true when one is slower beyond the spread of both. Throws
// std::runtime_error for a file that is none, or nothing in common.
bool slower(const std::string& before, const std::string& after);

}  // namespace winnow::bench
