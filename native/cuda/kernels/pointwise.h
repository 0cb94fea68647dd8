// Kernels that give every thread an element: images in, sums, rectifiers, copies of boxes, values out. Bound by memory.
#pragma once

#include "cuda/kernels/kernel.h"
#include "runtime/philox.h"

namespace winnow::machine {

// Noise: deviation times the normal number of the element's place in the whole input, from the pass's own stream.
template <typename T>
struct AddNoise {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> in;
    BatchPlanes<T> out;
    const uint64_t* streams;      // [pass][stream_pitch]: the seed, then a stream for every noise
    const int64_t* first_sample;  // [pass]
    double deviation;
    int32_t stream_pitch, stream, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t plane = size.plane(), c = e.element / size.channel(), within = e.element % size.channel();
    const int64_t at = ((a.first_sample[e.pass] + within / plane) * size.channels + c) * plane + within % plane;
    const uint64_t* streams = a.streams + e.pass * a.stream_pitch;
    const double noise = a.deviation * philox::normal(streams[0], streams[a.stream], at);
    a.out.first[e.pass * a.out.pitch + e.element] =
        static_cast<T>(static_cast<double>(a.in.first[e.pass * a.in.pitch + e.element]) + noise);
  }
};

// Images [sample][channel][row][pixel] become planes; a pass takes the batch that begins at element `first[pass]`.
template <typename T>
struct Load {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const double* images;
    const int64_t* first;
    BatchPlanes<T> out;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements()) return;
    const int64_t plane = size.plane(), c = e.element / size.channel(), within = e.element % size.channel();
    const int64_t from = (within / plane * size.channels + c) * plane + within % plane;
    a.out.first[e.pass * a.out.pitch + e.element] = static_cast<T>(a.images[a.first[e.pass] + from]);
  }
};

// max(0, value), at most `cap` where it is not 0.
template <typename T>
struct Rectify {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    NormTable norms;
    BatchPlanes<const T> in;
    BatchPlanes<T> out;
    View view;
    int32_t slot;
    double cap;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element < size.elements() && a.choices.has(e.pass, a.slot)) store(a, e);
  }
  // Returns what it stores.
  WINNOW_EVERYWHERE static T store(const Arguments& a, Element e) {
    const int64_t c = e.element / a.out.size.channel();
    const T value =
        multiply_add(static_cast<T>(view_scale(a.norms, a.view, e.pass, c)), a.in.first[e.pass * a.in.pitch + e.element],
                     static_cast<T>(view_shift(a.norms, a.view, e.pass, c)));
    const T positive = value > T{0} ? value : T{0}, cap = static_cast<T>(a.cap);
    return a.out.first[e.pass * a.out.pitch + e.element] = cap > T{0} && positive > cap ? cap : positive;
  }
};

// A norm that is stored: scale * value + shift.
template <typename T>
struct Affine {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    NormTable norms;
    BatchPlanes<const T> in;
    BatchPlanes<T> out;
    View view;
    int32_t slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t c = e.element / size.channel();
    a.out.first[e.pass * a.out.pitch + e.element] =
        multiply_add(static_cast<T>(view_scale(a.norms, a.view, e.pass, c)), a.in.first[e.pass * a.in.pitch + e.element],
                     static_cast<T>(view_shift(a.norms, a.view, e.pass, c)));
  }
};

// One input of a weighted sum: where its planes begin in a pass's values, seen through a norm or not.
struct SumInput {
  int64_t offset;
  View view;
  int32_t slot;  // of its coefficient
};

// The sum of what a candidate has of the inputs, each times its coefficient.
template <typename T>
struct WeightedSum {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    NormTable norms;
    const T* values;
    const SumInput* inputs;
    BatchPlanes<T> out;
    int32_t count, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements() || !a.choices.has(e.pass, a.slot)) return;
    const int64_t c = e.element / size.channel();
    T sum = T{0};
    double shift = 0;
    for (int32_t k = 0; k < a.count; ++k) {
      const SumInput& input = a.inputs[k];
      if (!a.choices.has(e.pass, input.slot)) continue;
      const double coefficient = a.choices(e.pass, input.slot);
      const T value = a.values[e.pass * a.out.pitch + input.offset + e.element];
      sum = multiply_add(static_cast<T>(coefficient * view_scale(a.norms, input.view, e.pass, c)), value, sum);
      shift += coefficient * view_shift(a.norms, input.view, e.pass, c);
    }
    a.out.first[e.pass * a.out.pitch + e.element] = sum + static_cast<T>(shift);
  }
};

// A box of one value becomes a box of another: concatenation, slices, padding and cropping. Output channel c, pixel (y, x) is
// input channel c - first_out + first_in, pixel (y - top, x - left), zero where that lies outside.
template <typename T>
struct Move {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> in;
    BatchPlanes<T> out;
    int32_t first_in, first_out, channels, top, left, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t elements = a.channels * a.out.size.channel();
    const Element e = element_of<kThreads>(block, thread, elements);
    if (e.element >= elements || !a.choices.has(e.pass, a.slot)) return;
    const int64_t c = e.element / a.out.size.channel(), within = e.element % a.out.size.channel();
    const Position at = position_of(a.out.size, within);
    const int32_t y = at.y - a.top, x = at.x - a.left;
    T value = T{0};
    if (y >= 0 && y < a.in.size.height && x >= 0 && x < a.in.size.width) {
      value = a.in.channel(e.pass, c + a.first_in)[(int64_t{at.sample} * a.in.size.height + y) * a.in.size.width + x];
    }
    a.out.channel(e.pass, c + a.first_out)[within] = value;
  }
};

// Values of a double pass, rounded once for the pass that goes back.
template <typename T>
struct Round {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const double* from;
    T* to;
    int64_t count;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t i = block * kThreads + thread;
    if (i < a.count) a.to[i] = static_cast<T>(a.from[i]);
  }
};

// Planes become [pass][sample][channel][row][pixel] in double.
template <typename T>
struct Store {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    BatchPlanes<const T> in;
    double* out;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.in.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements()) return;
    const int64_t plane = size.plane(), c = e.element / size.channel(), within = e.element % size.channel();
    const int64_t to = (within / plane * size.channels + c) * plane + within % plane;
    a.out[e.pass * size.elements() + to] = static_cast<double>(a.in.first[e.pass * a.in.pitch + e.element]);
  }
};

// A cotangent of the output: of residuals [.][sample][output] all, or those of the cotangent's own sample, times `factor`.
template <typename T>
struct Seed {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    const double* residuals;
    int64_t residuals_of_pass, residuals_of_cotangent;  // elements from one to the next; 0 where they share them
    BatchPlanes<T> out;                                 // by task
    double factor;
    int32_t cotangents, first, own_sample;  // of the launch; the first one's number; 1 for one sample each
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements()) return;
    const int64_t pass = e.pass / a.cotangents, l = a.first + e.pass % a.cotangents;
    const int64_t plane = size.plane(), c = e.element / size.channel(), within = e.element % size.channel();
    const int64_t sample = within / plane;
    double value = 0;
    if (a.own_sample == 0 || sample == l) {
      value = a.residuals[pass * a.residuals_of_pass + l * a.residuals_of_cotangent + (sample * size.channels + c) * plane +
                          within % plane];
    }
    a.out.first[e.pass * a.out.pitch + e.element] = static_cast<T>(value * a.factor);
  }
};

// The input's gradient, [sample][channel][row][pixel] in a row of gradients.
template <typename T>
struct StoreInput {
  static constexpr int32_t kThreads = 256, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> in;  // by task
    T* rows;                  // [pass][all cotangents][pitch]
    int64_t pitch, pass_pitch, column;
    int32_t first, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.in.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    if (e.element >= size.elements()) return;
    const int64_t pass = a.choices.pass_of(e.pass), l = e.pass % a.choices.tasks_per_pass;
    if (!a.choices.has(pass, a.slot)) return;
    const int64_t plane = size.plane(), c = e.element / size.channel(), within = e.element % size.channel();
    const int64_t to = (within / plane * size.channels + c) * plane + within % plane;
    a.rows[pass * a.pass_pitch + (a.first + l) * a.pitch + a.column + to] = a.in.first[e.pass * a.in.pitch + e.element];
  }
};

}  // namespace winnow::machine
