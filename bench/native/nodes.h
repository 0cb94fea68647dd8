// Where the time of a shape goes, by node: a table of the plan's timing mode.
#pragma once

#include <string>

#include "shapes.h"
#include "winnow/device.h"

namespace winnow::bench {

// Runs the shape on a plan of its own, twice (the first call allocates), and prints to standard error: a line for each phase,
// and the nodes that take most of the time with what they do in a second. All nodes as JSON:
// [{"name": ..., "operation": ..., "nanoseconds": {"forward": ..., ...}}, ...], those of equal values under the first one's name.
std::string nodes(const winnow_device* device, const Shape& shape);

}  // namespace winnow::bench
