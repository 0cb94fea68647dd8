// What the blocks of a network, each alone, send back of random cotangents: include/winnow/scores.h, winnow_block_products.
//
// One backward pass serves all blocks: where it has made the gradient of a block's input, that is reduced against the block's
// cotangent, and the next cotangent takes its place. It runs on a graph that is differentiated twice, whose gradients all have
// buffers of their own; parameters get none.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/backward_pass.h"
#include "winnow/plan.h"

namespace winnow {

struct Blocks {
  // Throws INVALID for features that are not ascending, for an edge that passes one by, for sides that do not divide.
  Blocks(const Graph& graph, const int64_t* nodes, int64_t count);

  std::vector<int64_t> features;  // values
  std::vector<int64_t> asked;     // their nodes: equal ones are one value, but each has a name of its own
  std::vector<int64_t> offsets;   // by block: where its numbers begin, the difference and then the product
  int64_t each = 0;               // numbers of a job
};

template <typename T>
class BlockPass {
 public:
  // `state` holds a forward pass that was prepared for going back; `stream` is the job's.
  BlockPass(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program, const State<T>& state,
            Workspace<T>& workspace, const Blocks& blocks, const winnow_random_stream& stream)
      : graph_(graph),
        layout_(layout),
        kernels_(kernels),
        program_(program),
        workspace_(workspace),
        blocks_(blocks),
        stream_(stream),
        none_(graph.network().tensors().size(), -1),
        rows_{nullptr, 0, 0, &none_, -1},
        pass_(graph, layout, kernels, program, state, workspace, 0, 1, rows_) {}

  // out [blocks.each]; NaN of blocks that nothing leads through.
  void run(double* out);

 private:
  void pull(int64_t v, double* out);
  // Puts the cotangent of a feature in place of its gradient.
  void seed(size_t feature);
  // Of the block behind a feature, whose gradient is there.
  void reduce(size_t feature, double* out);
  const T* cotangent(int64_t block, const Shape& shape, int64_t c, int64_t y) const {
    return cotangent_.data() + ((block * shape.channels + c) * shape.height + y) * shape.width * kLanes;
  }

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  Workspace<T>& workspace_;
  const Blocks& blocks_;
  const winnow_random_stream& stream_;
  std::vector<int64_t> none_;  // no tensor takes part
  GradientRows<T> rows_;
  BackwardPass<T> pass_;
  std::vector<T> cotangent_;  // the last one, [block][channel][row][pixel][lane]
  size_t seeded_ = 0;         // its feature; 0: there is none
};

}  // namespace winnow
