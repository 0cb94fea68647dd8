// One block of cotangents of one job's backward pass.
//
// Gradients are pulled: a value's gradient is what its readers send back (collect.cc), made strip by strip of rows, for every
// cotangent in turn. While a strip is in the cache, the sums that norms and weight gradients need of it are taken; parameter
// gradients are written when the value is complete (backward_pass.cc).
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "plan/correlation.h"
#include "plan/forward.h"

namespace winnow {

// Where gradients go: a row holds the tensors that take part, in network order, then the input where it does.
template <typename T>
struct GradientRows {
  T* values;                                         // [cotangents from `first` on][pitch]
  int64_t first;                                     // the cotangent of the first row
  int64_t pitch;                                     // elements of a row
  const std::vector<int64_t>* offsets;               // by tensor; -1: takes no part
  int64_t input;                                     // where [batch][c][h][w] of the input begins; -1: takes no part
  const std::vector<int64_t>* saliencies = nullptr;  // by tensor, where its layer's begin, -1: takes no part; nullptr: none do
  T* row(int64_t cotangent) const { return values + (cotangent - first) * pitch; }
};

// Where the last block of samples is at most half full and a vector takes all of its lanes, two cotangents share it: the block's
// values stand twice in the lanes (repeat_last_block), an even cotangent's gradient in the first half and the next one's in the
// second. 72 samples cost 4.5 blocks, not 5. A gradient and its tangent are not alike and do not share. A *column* is what planes
// hold of a block: a cotangent, or such a pair.
template <typename T>
bool pairs_cotangents(const Graph& graph, const Layout& layout, const Kernels<T>& kernels) {
  return !graph.twice() && kernels.width == kLanes && layout.lanes(layout.blocks - 1) <= kLanes / 2;
}

// Pixels after which the per-lane sums of a correlation are moved to double: bounds their rounding.
constexpr int64_t kFlushPixels = 1024;

// Makes the values of the last block stand twice that a backward pass reads.
template <typename T>
void repeat_last_block(const Graph& graph, const Layout& layout, const Program& program, bool saliencies,
                       const State<T>& state);

template <typename T>
class BackwardPass {
 public:
  // Cotangents [first, first + count), count <= workspace.cotangents.
  BackwardPass(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
               const State<T>& state, Workspace<T>& workspace, int64_t first, int64_t count, const GradientRows<T>& rows)
      : graph_(graph),
        layout_(layout),
        kernels_(kernels),
        program_(program),
        state_(state),
        workspace_(workspace),
        first_(first),
        count_(count),
        rows_(rows),
        paired_(pairs_cotangents(graph, layout, kernels)),
        weighed_(static_cast<size_t>(graph.size())) {}

  // seed(l, gradient) writes cotangent l of the output as [block][channel][row][pixel][lane].
  void run(const std::function<void(int64_t, T*)>& seed);

  // What other passes are made of (backward_tangent.h, blocks.h).

  // Gradient of a kOwn value.
  GradientPlanes<T> gradient(int64_t value, int64_t block) const;
  // A row's part of a tensor; nullptr where the tensor takes no part.
  T* out(int64_t tensor, int64_t l) const;
  // Writes cotangent l of the input's gradient to the row of a cotangent of the call, sample by sample.
  void write_input(int64_t l, int64_t row) const;
  // The block that the next calls are of.
  void enter(int64_t block);
  // Writes rows, as many as are asked for, of the gradient of a value for one block: what its readers send back. `free` is scratch.
  void collect(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free);
  // What convolutions of these weights send back.
  void convolved(int64_t v, const DataGroup& group, const T* packed, int64_t block, RowRange rows,
                 const GradientPlanes<T>& dest, bool add);
  // A norm over something that is not a convolution of its own: its sums by a pass over both. workspace.sums hold its gradient's.
  void norm(int64_t v);

 private:
  T* plane(int64_t value, int64_t block, int64_t channel) const { return state_.plane(layout_, value, block, channel); }
  bool paired(int64_t block) const { return paired_ && block + 1 == layout_.blocks; }
  int64_t columns(int64_t block) const { return paired(block) ? (count_ + 1) / 2 : count_; }
  int64_t column_of(int64_t l, int64_t block) const { return paired(block) ? l / 2 : l; }
  LaneRange lanes_of(int64_t l, int64_t block) const {
    return {paired(block) ? l % 2 * (kLanes / 2) : 0, layout_.lanes(block)};
  }
  // Whether the correlations of a value's gradient are a sum over each cotangent's own sample and what all share (backward.h).
  bool shares(int64_t v) const { return !state_.shared[v].values.empty(); }
  // Cotangents [first, end) of the pass: those whose sample is in a block. And the lane of one there.
  struct CotangentRange {
    int64_t first, end;
  };
  CotangentRange own(int64_t block) const {
    const auto from = [&](int64_t sample) { return std::clamp<int64_t>(sample - first_, 0, count_); };
    return {from(block * kLanes), from((block + 1) * kLanes)};
  }
  int64_t own_lane(int64_t l, int64_t block) const { return lanes_of(l, block).first + (first_ + l) % kLanes; }
  // Adds the correlations of columns of gradients with what convolutions with source v read to the lane sums, but for groups that are
  // taken in tiles.
  void correlate(int64_t v, const GradientPlanes<T>& gradients, int64_t columns, int64_t block, RowRange rows, int64_t sums);
  // Where v shares, for the cotangents of a block's samples: adds the correlations of the gradient of the norm's output, puts the
  // lane sums into the cotangents' correlations, and makes those of v's gradient of them.
  void correlate_own(int64_t v, int64_t block, RowRange rows, int64_t sums);
  void flush_own(int64_t block, int64_t sums);
  void add_shared(int64_t v, int64_t sums);
  // The output's gradient, cotangents of the last block side by side.
  void begin(const std::function<void(int64_t, T*)>& seed);
  // Moves the lane sums of a block's columns, `by_lane` each, to the cotangents' correlations, `sums` each.
  void flush(int64_t block, int64_t sums, int64_t by_lane);
  // Adds the products of groups that are taken in tiles to workspace.tile_sums, so many of a cotangent; puts the correlations that they
  // make where the groups' are (tiles.cc).
  void correlate_in_tiles(int64_t v, const GradientPlanes<T>& planes, int64_t block, RowRange rows);
  Rows<const T> with_zeros(const Rows<const T>& plane, const Pair& wanted, const Pair& there);
  int64_t tile_sums(int64_t v) const;
  void add_tile_sums(int64_t v, int64_t sums);
  // Sum over the batch of a value's gradient, channel c.
  double sum_of(const GradientSource& source, int64_t l, int64_t c) const;
  // What a norm's gradient becomes, from S1 = sum dy and S2 = sum dy xhat.
  void set_norm(int64_t v, int64_t l, int64_t c, double coefficient, double s1, double s2);
  // Adds rows of a value's gradient to the sums that a norm or a bias asks for.
  void add_sums(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& planes);
  // The gradient of a value, and what is summed over it.
  void pull(int64_t v, const std::function<void(int64_t, T*)>& seed);
  // Adds to the gradient of a sender's input what it sends back, as soon as rows of its own gradient are made; the first to send
  // sets it.
  void send(int64_t convolution, int64_t block, RowRange made, bool add);
  // The gradients of one convolution's weight and of its norm, and its channels' saliencies, from the group's correlations,
  // [out][group_terms], cotangents `pitch` apart.
  void convolution_weights(const WeightGroup& group, size_t member, int64_t group_terms, const double* correlations,
                           int64_t pitch);
  // The saliencies of one convolution's channels, when the gradient of its output is known (saliency.cc).
  void saliencies(int64_t convolution, int64_t l);

  // Rows of the gradient of a value that may be an alias or transient, as planes and a factor.
  std::pair<GradientPlanes<T>, T> gradient_of(int64_t value, int64_t block, RowRange rows, T* free);
  // What weighted sums send back, and pools that only they read; whether any does.
  bool summed(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add);
  void find_shares(int64_t pool, RowRange rows);
  // dest (+)= factor * from, channels and rows alike.
  void scaled(const GradientPlanes<T>& dest, const GradientPlanes<T>& from, T factor, const Shape& shape, RowRange rows,
              bool add);
  void clear(const GradientPlanes<T>& dest, const Shape& shape, RowRange rows);
  void normed(int64_t v, int64_t norm, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add);
  void rectified(int64_t v, int64_t relu, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free, bool add);
  // Of one channel of a column.
  ReluGradient<T> relu_gradient(int64_t relu, int64_t column, int64_t channel, int64_t block, RowRange rows,
                                const GradientPlanes<T>& dest, const GradientPlanes<T>& from, T factor, bool add) const;
  // The gradient of a value that only a ReLU reads, what a norm wants summed of it and the plain correlation of a group, nullptr for
  // none, in one pass.
  void rectify_and_sum(int64_t v, const WeightGroup* correlated, int64_t block, RowRange rows, const GradientPlanes<T>& dest,
                       T* free);
  void maximised(int64_t v, int64_t pool, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free, bool add);
  void padded(int64_t v, int64_t pad, int64_t block, RowRange rows, const GradientPlanes<T>& dest);
  void averaged(int64_t v, int64_t pool, int64_t block, RowRange rows, const GradientPlanes<T>& dest, T* free, bool add);
  // out (+)= alpha gradient + beta value + kappa, one channel of a norm; the coefficients are the column's cotangents'.
  void norm_rows(int64_t norm, int64_t column, int64_t channel, int64_t block, const Rows<T>& out,
                 const Rows<const T>& gradient, const Rows<const T>& value, int64_t rows, bool add);
  // What convolutions of one tap send back (pointwise.cc).
  void pointwise(int64_t v, int64_t block, RowRange rows, const GradientPlanes<T>& dest, bool add);
  void weigh_pointwise(int64_t v);
  // A value's weights [column][elements] in the block, one for each lane.
  const T* lane_weights(int64_t v, int64_t elements, int64_t block);
  // Runs a backward gather to rows of a value of shape `out`, strip by strip: what its planes take in the scratch is a strip's.
  // make_rows(column, plane, rows, out) writes rows of an input plane, shape `in`.
  using MakeRows = std::function<void(int64_t, int64_t, RowRange, const Rows<T>&)>;
  void gather_rows(const Gather& gather, const T* packed, const Shape& in, const GradientPlanes<T>& dest, const Shape& out,
                   RowRange rows, bool add, const MakeRows& make_rows);
  // Runs one that is taken in tiles, for one column.
  void gather_tiles(const Gather& gather, const T* packed, const GradientPlanes<T>& planes, int64_t l,
                    const GradientPlanes<T>& dest, int64_t width, RowRange rows, bool add);
  // Runs it for one column on planes with zeros around. Columns come in order, from the first.
  void gather_planes(const Gather& gather, const T* packed, const GradientPlanes<T>& planes, int64_t l,
                     const GradientPlanes<T>& dest, const Shape& out, RowRange rows, bool add);

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const State<T>& state_;
  Workspace<T>& workspace_;
  int64_t first_, count_;
  const GradientRows<T>& rows_;
  bool paired_;
  int64_t columns_ = 0, lanes_ = 0;  // of the block at work: its columns, the lanes that they use
  // Output channel of a convolution in a pass: alpha * gradient + beta * value + kappa; without a norm factor * gradient.
  struct GradientPlane {
    GradientPlanes<T> gradient;
    T factor;
    int64_t norm, channel;
    const T* value;
    int64_t pitch;  // of the value
  };
  std::vector<GradientPlane> planes_;
  std::vector<GradientPlanes<T>> sums_;
  std::vector<Rows<const T>> planes_in_;
  std::vector<T> direct_, pooled_, pool_weights_, row_shares_, column_shares_;
  std::vector<bool> weighed_;                          // by value: its pointwise weights are these cotangents'
  int64_t lanes_of_value_ = -1, lanes_of_block_ = -1;  // what the workspace's lane weights are of
};

}  // namespace winnow
