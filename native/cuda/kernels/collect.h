// What the readers of a value other than convolutions send back to it: one pass that sums them up and writes the gradient once. A
// thread owns one element; a pool's windows are found from the element, so that nobody writes to another's. Bound by memory.
#pragma once

#include "cuda/kernels/norm.h"
#include "cuda/kernels/pool.h"

namespace winnow::machine {

enum class ReaderKind : int32_t { kSame, kRectify, kMean, kNorm, kBox, kAverage, kMaximum };

struct Reader {
  ReaderKind kind;
  int32_t slot, source;  // slots: whether it flows; what its gradient is taken times
  int64_t gradient;      // where it begins in a task's gradients
  int64_t value;         // in a pass's values: of the rectifier; of the collected value itself for norms and maxima
  Size size;             // of the reader's gradient
  // kBox: the element (c, y, x) is (c + channel, y + top, x + left) of the gradient, where that is inside.
  int32_t channel, top, left;
  int32_t norm;
  Window window;
  int32_t count_padding, reserved;
  double cap;
};

template <typename T>
struct Collect {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    NormGradient<T> norms;
    const T *gradients, *values;
    int64_t gradient_pitch, value_pitch;
    const Reader* readers;
    BatchPlanes<T> out;  // by task
    int32_t count, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Size& size = a.out.size;
    const Element e = element_of<kThreads>(block, thread, size.elements());
    const int64_t pass = a.choices.pass_of(e.pass);
    if (e.element >= size.elements() || !a.choices.has(pass, a.slot)) return;
    const auto c = static_cast<int32_t>(e.element / size.channel());
    const int64_t within = e.element % size.channel();
    const Position at = position_of(size, within);
    T sum = T{0};
    for (int32_t k = 0; k < a.count; ++k) {
      const Reader& reader = a.readers[k];
      if (!a.choices.has(pass, reader.slot)) continue;
      const T* gradient = a.gradients + e.pass * a.gradient_pitch + reader.gradient;
      const T* value = a.values + pass * a.value_pitch + reader.value;
      const auto factor = static_cast<T>(a.choices(pass, reader.source));
      sum += sent_back(a, reader, e, c, within, at, gradient, value, factor);
    }
    a.out.first[e.pass * a.out.pitch + e.element] = sum;
  }

 private:
  WINNOW_EVERYWHERE static T sent_back(const Arguments& a, const Reader& reader, const Element& e, int32_t c, int64_t within,
                                       const Position& at, const T* gradient, const T* value, T factor) {
    switch (reader.kind) {
      case ReaderKind::kSame:
        return factor * gradient[e.element];
      case ReaderKind::kRectify: {
        const T z = value[e.element], cap = static_cast<T>(reader.cap);
        return z > T{0} && (cap <= T{0} || z < cap) ? factor * gradient[e.element] : T{0};
      }
      case ReaderKind::kMean:
        return factor * static_cast<T>(1.0 / static_cast<double>(a.out.size.plane())) *
               gradient[int64_t{c} * reader.size.samples + at.sample];
      case ReaderKind::kNorm: {  // its factor is in alpha
        const int64_t norm = e.pass * a.norms.channels + reader.norm + c;
        return multiply_add(a.norms.beta[norm], value[e.element],
                            multiply_add(a.norms.alpha[norm], gradient[e.element], a.norms.kappa[norm]));
      }
      case ReaderKind::kBox: {
        const int32_t channel = c + reader.channel, y = at.y + reader.top, x = at.x + reader.left;
        const Size& size = reader.size;
        if (channel < 0 || channel >= size.channels || y < 0 || y >= size.height || x < 0 || x >= size.width) return T{0};
        return factor * gradient[channel * size.channel() + at.sample * size.plane() + int64_t{y} * size.width + x];
      }
      default:
        return pooled(a, reader, c, within, at, gradient, value, factor);
    }
  }

  WINNOW_EVERYWHERE static T pooled(const Arguments& a, const Reader& reader, int32_t c, int64_t within, const Position& at,
                                    const T* gradient, const T* value, T factor) {
    const Window& w = reader.window;
    const Size &image = a.out.size, &size = reader.size;
    const int64_t pixel = within - at.sample * image.plane();
    const T* from = gradient + c * size.channel() + at.sample * size.plane();
    const T* plane = value + c * image.channel() + at.sample * image.plane();
    const bool maximum = reader.kind == ReaderKind::kMaximum;
    T sum = T{0};
    for (int32_t y = first_window(at.y, w.kernel_height, w.stride_height, w.padding_height);
         y < end_window(at.y, w.stride_height, w.padding_height, size.height); ++y) {
      for (int32_t x = first_window(at.x, w.kernel_width, w.stride_width, w.padding_width);
           x < end_window(at.x, w.stride_width, w.padding_width, size.width); ++x) {
        const T g = from[int64_t{y} * size.width + x];
        if (!maximum) {
          sum = multiply_add(static_cast<T>(share_of(w, image, reader.count_padding != 0, y, x)), g, sum);
        } else if (winner_of(plane, image, w, y, x) == pixel) {
          sum += g;
        }
      }
    }
    return factor * sum;
  }
};

}  // namespace winnow::machine
