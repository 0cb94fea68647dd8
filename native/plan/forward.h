// The forward pass of one job: one batch through the values that its program runs.
#pragma once

#include <functional>

#include "kernels/kernels.h"
#include "network/tensors.h"
#include "plan/program.h"
#include "plan/signs.h"
#include "plan/state.h"
#include "winnow/plan.h"

namespace winnow {

// How a batch norm normalises, by node.
class NormModes {
 public:
  explicit NormModes(const winnow_call& call) : common_(call.norm_mode), own_(call.norm_modes) {}
  winnow_norm_mode operator[](int64_t node) const {
    return static_cast<winnow_norm_mode>(own_ == nullptr ? common_ : own_[node]);
  }

 private:
  int32_t common_;
  const int32_t* own_;
};

template <typename T>
class Forward {
 public:
  // `stream`: of what noise adds; nullptr where the program runs none.
  Forward(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, const Program& program,
          const Parameters& parameters, NormModes norm_modes, const winnow_random_stream* stream, State<T>& state)
      : graph_(graph),
        layout_(layout),
        kernels_(kernels),
        program_(program),
        parameters_(parameters),
        modes_(norm_modes),
        stream_(stream),
        state_(state) {}

  // Samples [first, first + batch) of `images`; the signs of ReLUs go to `signs` where it wants them. Throws INVALID for a value
  // that is not finite. made(v) is called when a value is known, its planes or, of a lazy norm, what is to be made of the input's:
  // a layout that hands memory on keeps them until the last reader.
  void run(const winnow_images& images, int64_t first, Signs* signs = nullptr,
           const std::function<void(int64_t)>& made = nullptr);
  // The input's values.
  void load(const winnow_images& images, int64_t first);
  // An operation that is linear and has no parameters.
  void linear(int64_t v);
  // Values of the output, [batch][outputs].
  void logits(double* out) const;

 private:
  T* plane(int64_t value, int64_t block, int64_t channel) const { return state_.plane(layout_, value, block, channel); }
  // A channel of a stored value over the whole batch, and all of it.
  ChannelPlanes<T> channel_out(int64_t value, int64_t channel) const {
    return {plane(value, 0, channel), layout_.planes[value].block, layout_.planes[value].pitch};
  }
  ChannelPlanes<const T> channel(int64_t value, int64_t channel) const {
    return {plane(value, 0, channel), layout_.planes[value].block, layout_.planes[value].pitch};
  }
  Extent extent(const Shape& shape) const {
    return {layout_.blocks, shape.height, shape.width, layout_.lanes(layout_.blocks - 1)};
  }
  void convolve(int64_t v);
  void convolve_points(int64_t v);
  void convolve_blocks(int64_t v);
  void normalise(int64_t v);
  void rectify(int64_t v, Signs* signs);
  void add(int64_t v);
  void average(int64_t v);
  void maximise(int64_t v);
  void average_all(int64_t v);
  void pad_crop(int64_t v);
  void slice(int64_t v);
  void concatenate(int64_t v);
  void add_noise(int64_t v, int64_t first);
  // Calls body(block, channel, row) for every row of a value.
  template <typename Body>
  void each_row(int64_t v, Body body) const;
  // A value as its consumers read it: stored planes times scale plus shift.
  struct View {
    int64_t stored;
    const NormState* norm;  // nullptr: as it is
    double scale(int64_t channel) const { return norm == nullptr ? 1 : norm->scale[static_cast<size_t>(channel)]; }
    double shift(int64_t channel) const { return norm == nullptr ? 0 : norm->shift[static_cast<size_t>(channel)]; }
  };
  View view(int64_t value) const;
  TensorValues tensor(int64_t v, winnow_role role) const;
  void clear_unused_lanes(int64_t v);

  const Graph& graph_;
  const Layout& layout_;
  const Kernels<T>& kernels_;
  const Program& program_;
  const Parameters& parameters_;
  NormModes modes_;
  const winnow_random_stream* stream_;
  State<T>& state_;
};

// A convolution without its bias, from values of one state to those of another of the same layout; `add` keeps what was there.
// `packed` is where its weights are laid out.
template <typename T>
void convolve_rows(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, int64_t v, const TensorValues& weights,
                   const State<T>& from, const State<T>& to, std::vector<T>& packed, bool add);

}  // namespace winnow
