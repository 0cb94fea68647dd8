// The oracle: a network run forward and backward as plain loops over [sample, channel, row, column], by the definitions of
// include/winnow/network.h and include/winnow/plan.h, which are PyTorch's. One cotangent at a time, nothing merged, nothing
// reordered, never optimised. It shares only the decoded description with the engine. With T = float it is the plain
// single-precision loop whose error the engine's is measured against; with T = Dual every number carries its derivative along a
// direction, and what comes out of the backward pass is a product of the Hessian with it.
#pragma once

#include <cstdint>
#include <vector>

#include "dual.h"
#include "network/network.h"
#include "network/parameters.h"
#include "winnow/plan.h"

namespace winnow::test {

struct ReferenceRow {
  std::vector<int32_t> states;       // by choice: RUN, SKIP or MUTE
  std::vector<double> coefficients;  // by choice
};

// Gradients of sum(cotangent * output).
template <typename T>
struct ReferenceGradients {
  std::vector<std::vector<T>> tensors;  // by tensor of the network; zeros where the row does not have the operation
  std::vector<T> input;
  std::vector<std::vector<T>> values;  // by node; zeros where the row does not have it
};

template <typename T>
class ReferenceNetwork {
 public:
  // `norm_modes` is by node (winnow_norm_mode). The network and the parameters must outlive this.
  ReferenceNetwork(const Network& network, const Parameters& parameters, ReferenceRow row, std::vector<int32_t> norm_modes,
                   int64_t batch);

  // T = Dual: how the parameters change; all learned tensors are set.
  void move(const Parameters& direction) { direction_ = &direction; }

  // `stream` is of noise; sample 0 is `first_sample` of the job's input.
  void forward(const std::vector<T>& images, const winnow_random_stream* stream = nullptr, int64_t first_sample = 0);
  // Of the output; [batch, c, h, w].
  ReferenceGradients<T> backward(const std::vector<T>& cotangent) const;

  bool exists(int64_t node) const;  // false where the row skips or blocks the node's choice
  bool counts(int64_t node) const;  // whether a tap of it does: zeros where the row blocks it
  const std::vector<T>& value(int64_t node) const { return values_[static_cast<size_t>(node)]; }
  // Which piece of the piecewise smooth function this is: the side of every ReLU input and the winner of every max pool.
  std::vector<int64_t> branches() const;
  // The smallest distance of a ReLU input or a pool's runner-up from changing that, exact zeros and ties left out: where it is
  // rounding noise, another order of summation may be on another piece.
  double margin() const;
  // The most that a norm over batch statistics magnifies rounding: the largest of 1 and |x| over the deviation, of any channel. A
  // constant channel has 1 / sqrt(epsilon) = 316, and in a chain of such norms everything behind them is noise.
  double steepness() const;

 private:
  // The coefficient of input k of a weighted sum; false where the term is absent.
  bool term(const Node& node, size_t k, T& coefficient) const;
  void forward_norm(size_t index, const Node& node);
  std::vector<T> tensor(const Node& node, winnow_role role) const;

  const Network& network_;
  const Parameters& parameters_;
  const Parameters* direction_ = nullptr;
  ReferenceRow row_;
  std::vector<int32_t> norm_modes_;
  int64_t batch_;
  std::vector<std::vector<T>> values_;                      // by node
  std::vector<std::vector<int64_t>> winners_;               // by node: max pools, index into the input
  std::vector<std::vector<T>> means_, inverse_deviations_;  // by node: batch norms, by channel
};

}  // namespace winnow::test
