// The forward pass with tangents of one job: beside every value its derivative along a direction, in a state of the same layout.
//
// With x' the tangent of x: a convolution y = W x + b gives y' = W x' + W' x + b'; ReLU and max pool pass on the tangents of what
// they passed on (of equal values in a window the first); every other operation but the norm is linear, and is its own tangent.
// A norm over batch statistics y = a (x - mean) + shift, a = scale r, r = (variance + epsilon)^-1/2, is differentiated through them:
//   mean' = <x'>,  variance' = 2 <(x - mean)(x' - mean')>,  r' = -r^3 variance' / 2,  a' = scale' r + scale r'.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "plan/forward.h"

namespace winnow {

// How a job's parameters and input change.
struct Direction {
  const Parameters* parameters;  // every learned tensor is set; nullptr: none changes
  const winnow_images* input;    // nullptr: it does not change
};

// A coefficient for the used lanes of a block, zero in the others.
template <typename T>
struct InLanes {
  InLanes(double value, int64_t lanes) { std::fill_n(each, lanes, static_cast<T>(value)); }
  T each[kLanes] = {};
};

// By parameter set of the directions: its tensors of the roles that change, zeros for the others.
std::vector<Parameters> parameter_changes(const std::shared_ptr<const Network>& network, const winnow_directions& directions);

template <typename T>
class Tangent {
 public:
  // `graph` is differentiated twice; `values` hold a forward pass of `program`.
  Tangent(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
          const Parameters& parameters, NormModes norm_modes, const Direction& direction, const State<T>& values,
          State<T>& tangents)
      : graph_(graph),
        layout_(layout),
        kernels_(kernels),
        program_(program),
        parameters_(parameters),
        direction_(direction),
        values_(values),
        tangents_(tangents),
        linear_(graph, layout, kernels, program, parameters, norm_modes, nullptr, tangents) {}

  // Samples [first, first + batch) of the input's change.
  void run(int64_t first);
  // Of the output, [batch][outputs].
  void logits(double* out) const { linear_.logits(out); }

 private:
  void load(int64_t first);
  void convolve(int64_t v);
  void normalise(int64_t v);
  void rectify(int64_t v);
  void maximise(int64_t v);
  void pass_on(int64_t v);
  T* row(const State<T>& state, int64_t v, int64_t block, int64_t channel, int64_t y) const {
    return state.plane(layout_, v, block, channel) + y * layout_.planes[v].pitch;
  }
  // Calls body(block, channel) for every plane of a value.
  template <typename Body>
  void each_plane(int64_t v, Body body) const {
    for (int64_t b = 0; b < layout_.blocks; ++b) {
      for (int64_t c = 0; c < graph_[v].shape.channels; ++c) body(b, c);
    }
  }
  Rows<T> rows(const State<T>& state, int64_t v, int64_t block, int64_t channel) const {
    return {state.plane(layout_, v, block, channel), layout_.planes[v].pitch};
  }
  Rows<const T> read(const State<T>& state, int64_t v, int64_t block, int64_t channel) const {
    return {state.plane(layout_, v, block, channel), layout_.planes[v].pitch};
  }

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const Parameters& parameters_;
  const Direction& direction_;
  const State<T>& values_;
  State<T>& tangents_;  // its norms hold the tangents of the values' mean, inverse deviation, scale and shift
  Forward<T> linear_;   // on tangents
};

}  // namespace winnow
