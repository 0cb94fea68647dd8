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
// - In float32, 3x3 convolutions of six channels or more go back in tiles of four by four pixels, data and correlations alike: 36
//   products for 144 multiply-adds (tiles.cc).
// - A transposed pool is taken once per pooled value, of the weighted sum of what its readers send back.
// - Where cotangent l is zero outside sample l, so are gradients from the output down to the first norms over the batch. A value z
//   that only such a norm reads has the gradient alpha g + beta z + kappa, g that of the norm's output: its correlation with an
//   input x is alpha x^T g + beta x^T z + kappa x^T 1. The first is a sum over one sample, and cotangents whose samples lie in one
//   block take it together, each in its lane; the others are made once for all cotangents.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "plan/backward_pass.h"

namespace winnow {

template <typename T>
class Backward {
 public:
  Backward(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
           const Parameters& parameters, State<T>& state)
      : graph_(graph), layout_(layout), kernels_(kernels), program_(program), parameters_(parameters), state_(state) {}

  // Once per job, after the forward pass. `own_samples`: cotangent l will be zero outside sample l, and there are enough of them
  // for what they share to pay.
  void prepare(bool own_samples = false);

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
  // Correlations of a convolution with what it reads, over the batch, to sums [out][in / groups][tap].
  void output_products(const WeightGroup& group, size_t member, std::vector<double>& sums);
  // The same of one tap, of the products of its input's channels, from which the convolution is made: its planes are not read.
  void pointwise_products(int64_t convolution, const std::vector<double>& input_sums, std::vector<double>& sums);
  // By value: whether nothing on the way from the output mixes samples.
  std::vector<bool> unmixed() const;
  // Makes the sums that cotangents of one sample each share, of every value that only a norm over the batch reads.
  void share();
  // Sum over the batch of what outputs of a shape read of channel c at a tap.
  double sum_of(const WeightGroup& group, const Shape& out, int64_t c, const Pair& tap) const;
  // Correlations of a value with the inputs of groups, over the batch, to sums [out][term].
  void correlate(int64_t v, const JointGroups& groups, std::vector<double>& sums) const;

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const Parameters& parameters_;
  State<T>& state_;
  std::map<int64_t, std::vector<double>> products_;  // by value that such convolutions read: [channel][channel]
};

}  // namespace winnow
