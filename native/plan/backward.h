// The backward pass of one job for blocks of cotangents at once, operation by operation.
//
// What makes it cheap, all exact algebra:
// - A norm over a convolution z = W x never touches z for its sums. With R = x^T dy, the correlation with the norm's own
//   output gradient, sum dy z = <W, R>, and the weight gradient is a (R - S1/M x^T 1 - S2/M x^T xhat); the last two
//   correlations belong to the forward pass and are made once for all cotangents.
// - Convolutions that read one value and feed one sum share a correlation (a 1x1 is a 3x3's centre), and convolutions that
//   leave one value share one pass to its data, rows of dz being made just before they are read. Those of one tap need no
//   rows of dz (pointwise.cc).
// - Gradients of candidates are coefficient times the gradient of the sum they enter: no copies.
// - A transposed pool is taken once per pooled value, of the weighted sum of what its readers send back.
#pragma once

#include <functional>

#include "plan/backward_pass.h"

namespace winnow {

template <typename T>
class Backward {
 public:
  Backward(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
           const Parameters& parameters, State<T>& state)
      : graph_(graph), layout_(layout), kernels_(kernels), program_(program), parameters_(parameters), state_(state) {}

  // Once per job, after the forward pass.
  void prepare();

  // Cotangents [first, first + count), count <= workspace.cotangents. seed(l, gradient) writes cotangent l of the output as
  // [block][channel][row][pixel][lane]. Thread-safe for different workspaces.
  void run(Workspace<T>& workspace, int64_t first, int64_t count, const std::function<void(int64_t, T*)>& seed,
           const GradientRows<T>& rows) const;

 private:
  T* plane(int64_t value, int64_t block, int64_t channel) const { return state_.plane(layout_, value, block, channel); }
  // Lays out the weights that the pass to a value's gradient reads.
  void pack(int64_t v);
  void sum_input(const WeightGroup& group, size_t member);
  void sum_output(const WeightGroup& group, size_t member);

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const Parameters& parameters_;
  State<T>& state_;
};

}  // namespace winnow
