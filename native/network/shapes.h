// What an operation makes of its inputs' shapes, which tensors it owns and what it costs.
#pragma once

#include <string>
#include <vector>

#include "network/network.h"
#include "network/place.h"

namespace winnow {

constexpr int64_t kMaxSide = int64_t{1} << 20;      // channels, height, width
constexpr int64_t kMaxElements = int64_t{1} << 40;  // of one tensor

[[noreturn]] void overflow(const std::string& what);

// `what` is a text or a place.
template <typename What>
int64_t checked_add(int64_t a, int64_t b, const What& what) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) overflow(what);
  return sum;
}

template <typename What>
int64_t checked_multiply(int64_t a, int64_t b, const What& what) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) overflow(what);
  return product;
}

// Shape of a node whose inputs are already in the network. Throws Failure(WINNOW_INVALID), as all below.
Shape infer(const Network& network, const Node& node, const Place& where);

// Appends the node's tensors in role order, without elements. Its shape is known.
void add_tensors(std::vector<Tensor>& tensors, const Network& network, const Node& node, int64_t index);

// Fills the elements of a node's tensors and what they cost: its macs and parameters.
void count(Tensor* tensors, Node& node, const Place& where);

}  // namespace winnow
