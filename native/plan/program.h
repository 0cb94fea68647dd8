// What one row (one candidate) runs on a graph: which values exist, what every weighted sum adds, and the order of the backward
// pass. Cheap to make; a call makes one per distinct row.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/gather.h"
#include "plan/graph.h"
#include "winnow/plan.h"

namespace winnow {

struct SumTerm {
  int64_t value;
  double coefficient;
};

// A gradient that lies in another value's buffer.
struct GradientSource {
  int64_t value;  // kOwn
  double coefficient;
};

// A gradient of weighted sums that a value takes: where it lies, what the value takes it times, and what its average pool does.
struct SumGradient {
  int64_t source;
  double direct, pooled;
};

// What all weighted sums that read a value send back, and with them its average pool of 3x3 and stride 1 where only such sums read
// that: its gradient is made of theirs while they are at hand.
struct SumGradients {
  std::vector<SumGradient> each;
  int64_t pool = -1;  // no such pool
};

// Output channels of convolutions that read the same value and are differentiated to it in one pass: as many as fit the cache.
struct DataGroup {
  std::vector<ConvolutionPart> parts;
  std::vector<int64_t> convolutions;  // by part: its value
  Gather gather;
};

// An average pool's transpose: one channel's gather with ones, of gradient times share (one over the cells of each window, which
// is a factor of the window's row times one of its column).
struct PoolGradient {
  Gather gather;
  std::vector<double> row_share, column_share;  // [height], [width] of the pool's output
  bool windows;                                 // 3x3 with stride 1, which has a kernel of its own
};

// Convolutions whose weight gradients come from one correlation: same input, gradients in the same buffer, same stride. A 1x1
// beside a 3x3 takes the centre tap.
struct WeightGroup {
  int64_t input, source;
  int64_t groups;
  Pair stride;
  std::vector<Pair> taps;  // (dy, dx) relative to the strided position
  std::vector<int64_t> convolutions;
  std::vector<std::vector<int64_t>> tap_of;  // by convolution: its tap ky * kw + kx in `taps`
};

// Sums for each output of a group.
int64_t terms_of(const Graph& graph, const WeightGroup& group);

// Weight groups of one source that are correlated together, and the terms of all of them for each output. Those of one tap are:
// gradients are then read once for all of their inputs, which have as many elements and as few terms. One of 3x3 taps may be taken by
// minimal filtering (kernels/kernels.h, TileRows), where that is less work.
struct JointGroups {
  const WeightGroup *first, *last;
  int64_t terms;
  bool in_tiles = false;
  const WeightGroup* begin() const { return first; }
  const WeightGroup* end() const { return last; }
};

struct BackwardStep {
  enum Kind { kPull, kNorm } kind;
  int64_t value;
};

// What a convolution whose gradient is made does to its input's at once.
enum class Sending { kNot, kSets, kAdds };

class Program {
 public:
  // `states` and `coefficients` have graph.network().choices() entries. Runs what leads to the values `wanted`, as far as the row
  // has them; with `backward` the pass from the output is planned too, with `may_tile` by minimal filtering where that is less work.
  Program(const Graph& graph, const int32_t* states, const double* coefficients, const std::vector<int64_t>& wanted,
          bool backward, bool may_tile = false);
  Program(const Program&) = delete;  // joint groups point into it
  Program& operator=(const Program&) = delete;

  bool runs(int64_t value) const { return runs_[static_cast<size_t>(value)]; }  // forward
  // The first value that runs and adds noise, -1 where none does.
  int64_t noise() const { return noise_; }
  bool flows(int64_t value) const { return flows_[static_cast<size_t>(value)]; }  // backward
  const std::vector<SumTerm>& terms(int64_t sum) const { return terms_[static_cast<size_t>(sum)]; }
  // What a weighted sum takes a value times, however often it adds it.
  double coefficient(int64_t sum, int64_t value) const;
  // Where the gradient of a kOwn or kAlias value lies.
  const GradientSource& source(int64_t value) const { return sources_[static_cast<size_t>(value)]; }
  // As far as its partner does not do it for both.
  Sending sends(int64_t convolution) const { return sends_[static_cast<size_t>(convolution)]; }
  // Whether convolutions have sent to the value when it is pulled.
  bool sent_to(int64_t value) const { return sent_to_[static_cast<size_t>(value)]; }
  // Whether a norm or a bias asks for the sum of the gradient that lies in a value's buffer.
  bool summed(int64_t source) const { return summed_[static_cast<size_t>(source)]; }
  // Whether the backward pass reads a value's planes; saliencies read those of convolutions too, passes with tangents all.
  bool reads(int64_t value, bool saliencies) const {
    return graph_.twice() || read_[static_cast<size_t>(value)] || (saliencies && graph_[value].operation == WINNOW_CONVOLUTION);
  }
  // Of a convolution: its norm where the gradient is virtual, itself otherwise.
  int64_t gradient_value(int64_t convolution) const { return gradient_values_[static_cast<size_t>(convolution)]; }
  const std::vector<DataGroup>& data_groups(int64_t value) const { return data_groups_[static_cast<size_t>(value)]; }
  // The pointwise convolutions that read the value.
  const std::vector<int64_t>& pointwise(int64_t value) const { return pointwise_[static_cast<size_t>(value)]; }
  const PoolGradient& pool(int64_t pool) const { return pools_[static_cast<size_t>(pool)]; }
  // Of the convolutions whose gradient lies in a value's buffer.
  const std::vector<WeightGroup>& weight_groups(int64_t source) const { return weight_groups_[static_cast<size_t>(source)]; }
  // The same groups, those that are correlated together; first those that are not taken in tiles.
  const std::vector<JointGroups>& joint_groups(int64_t source) const { return joint_groups_[static_cast<size_t>(source)]; }
  const std::vector<BackwardStep>& backward() const { return backward_; }
  // Consumers of a value that take part in the backward pass.
  const std::vector<int64_t>& readers(int64_t value) const { return readers_[static_cast<size_t>(value)]; }
  // Whether a value's gradient is what one ReLU sends back, and nothing else.
  bool is_rectified(int64_t value) const {
    return readers(value).size() == 1 && graph_[readers(value)[0]].operation == WINNOW_RELU;
  }
  // The weight groups of a source, where they are one and correlate an output's gradient with one plane as it lies; else nullptr.
  const WeightGroup* plain_correlation(int64_t source) const;
  // The same once more: weighted sums, and those that are neither sums nor convolutions nor a pool that came with the sums.
  const SumGradients& sums(int64_t value) const { return sums_[static_cast<size_t>(value)]; }
  const std::vector<int64_t>& other_readers(int64_t value) const { return other_readers_[static_cast<size_t>(value)]; }

 private:
  void find_running(const int32_t* states, const double* coefficients, const std::vector<int64_t>& wanted);
  void find_flow();
  void find_readers();
  void find_sources();
  void order_backward();
  void find_summed();
  void plan_weights();
  void join_weights(bool may_tile);
  bool pays_in_tiles(const WeightGroup& group) const;
  void plan_data(bool may_tile);
  void plan_pools();
  void sort_readers();
  void add_sums(int64_t value, double SumGradient::*factor, SumGradients& sums) const;
  void find_read();

  const Graph& graph_;
  int64_t noise_ = -1;
  std::vector<bool> runs_, flows_, sent_to_, summed_, read_;
  std::vector<Sending> sends_;
  std::vector<std::vector<SumTerm>> terms_;
  std::vector<std::vector<int64_t>> readers_, other_readers_;
  std::vector<SumGradients> sums_;
  std::vector<GradientSource> sources_;
  std::vector<int64_t> gradient_values_;
  std::vector<std::vector<DataGroup>> data_groups_;      // by value that is read
  std::vector<std::vector<int64_t>> pointwise_;          // by value that is read
  std::vector<PoolGradient> pools_;                      // by value
  std::vector<std::vector<WeightGroup>> weight_groups_;  // by source
  std::vector<std::vector<JointGroups>> joint_groups_;   // by source
  std::vector<BackwardStep> backward_;
};

}  // namespace winnow
