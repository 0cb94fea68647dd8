// What an operation makes of its inputs' shapes, which tensors it owns and what it costs.
#pragma once

#include <string>
#include <vector>

#include "network/network.h"

namespace winnow {

constexpr int64_t kMaxSide = int64_t{1} << 20;      // channels, height, width
constexpr int64_t kMaxElements = int64_t{1} << 40;  // of one tensor

int64_t checked_add(int64_t a, int64_t b, const std::string& what);
int64_t checked_multiply(int64_t a, int64_t b, const std::string& what);

// Fills shape, macs and parameters of a node whose inputs are already in the network. Throws Failure(WINNOW_INVALID).
void infer(const Network& network, Node& node, const std::string& where);

// Its tensors in role order, without node and elements. The node's shape is known.
std::vector<Tensor> tensors_of(const Network& network, const Node& node);

}  // namespace winnow
