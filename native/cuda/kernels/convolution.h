// Convolutions forward and back to their input, for the few channels of search networks: a thread owns one pixel of one sample
// and up to kTile channels there, so that what it reads of a plane serves all of them and neighbours read neighbours. Weights are
// the same for a whole block. Bound by loads from the first-level cache: kTile multiply-adds each.
#pragma once

#include "cuda/kernels/norm.h"
#include "cuda/kernels/window.h"

namespace winnow::machine {

constexpr int32_t kTile = 4;

// How a thread's channels lie: `groups` of `channels` each, in tiles.
struct Tiling {
  int32_t groups, channels;  // of one group
  WINNOW_EVERYWHERE int32_t tiles() const { return (channels + kTile - 1) / kTile; }
  // Tiles are as equal as can be: 5 channels are 3 and 2.
  WINNOW_EVERYWHERE int32_t width() const { return (channels + tiles() - 1) / tiles(); }
};

struct Tile {
  int64_t pass, element;
  int32_t group, first, count;  // channels of the group
};
template <int32_t kThreads>
WINNOW_EVERYWHERE Tile tile_of(const Tiling& tiling, int64_t block, int32_t thread, int64_t elements) {
  const Element e = element_of<kThreads>(block, thread, elements);
  const int32_t all = tiling.groups * tiling.tiles();
  const auto tile = static_cast<int32_t>(e.pass % all), first = tile % tiling.tiles() * tiling.width();
  const int32_t left = tiling.channels - first;
  return {e.pass / all, e.element, tile / tiling.tiles(), first, left < tiling.width() ? left : tiling.width()};
}

template <typename T>
struct Convolution {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    ParameterTable<T> parameters;
    BatchPlanes<const T> in;
    BatchPlanes<T> out;
    int64_t weight, bias;  // in the parameters; -1: no bias
    Window window;
    Tiling tiling;  // of the outputs
    int32_t slot, reserved;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Tile tile = tile_of<kThreads>(a.tiling, block, thread, a.out.size.channel());
    if (tile.element >= a.out.size.channel() || !a.choices.has(tile.pass, a.slot)) return;
    const Position at = position_of(a.out.size, tile.element);
    const Window& w = a.window;
    const int32_t inputs = a.in.size.channels / a.tiling.groups, taps = w.kernel_height * w.kernel_width;
    const int32_t output = tile.group * a.tiling.channels + tile.first;
    const T* weights = a.parameters.at(tile.pass, a.weight) + int64_t{output} * inputs * taps;
    T sum[kTile] = {};
    for (int32_t c = 0; c < inputs; ++c) {
      const T* plane = a.in.channel(tile.pass, tile.group * inputs + c) + at.sample * a.in.size.plane();
      for (int32_t ky = 0; ky < w.kernel_height; ++ky) {
        const int32_t y = at.y * w.stride_height - w.padding_height + ky * w.dilation_height;
        if (y < 0 || y >= a.in.size.height) continue;
        for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
          const int32_t x = at.x * w.stride_width - w.padding_width + kx * w.dilation_width;
          if (x < 0 || x >= a.in.size.width) continue;
          const T value = plane[int64_t{y} * a.in.size.width + x];
          const T* weight = weights + c * taps + ky * w.kernel_width + kx;
          for (int32_t k = 0; k < kTile; ++k) {
            if (k < tile.count) sum[k] = multiply_add(weight[int64_t{k} * inputs * taps], value, sum[k]);
          }
        }
      }
    }
    for (int32_t k = 0; k < kTile; ++k) {
      if (k >= tile.count) continue;
      if (a.bias >= 0) sum[k] += a.parameters.at(tile.pass, a.bias)[output + k];
      a.out.channel(tile.pass, output + k)[tile.element] = sum[k];
    }
  }
};

// A convolution that is differentiated to its input. Its own gradient is alpha g + beta z + kappa of a norm above it, or factor g.
struct DataPart {
  int64_t gradient, value;  // where g begins in a task's gradients, z in a pass's values; value -1: no norm
  int64_t weight;           // in the parameters
  Size size;                // of the output
  Window window;
  int32_t norm;          // first channel of the norm
  int32_t slot, source;  // slots: whether it flows; the coefficient of its gradient
  int32_t reserved;
};

// What convolutions of equal groups that read one value send back to it: one pass over all of them, written once.
template <typename T>
struct ConvolutionData {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    ParameterTable<T> parameters;
    NormGradient<T> norms;
    const T *gradients, *values;  // of tasks, of passes
    int64_t gradient_pitch, value_pitch;
    const DataPart* parts;
    BatchPlanes<T> out;  // by task
    Tiling tiling;       // of the inputs
    int32_t count, add;
    int32_t slot, reserved;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const Tile tile = tile_of<kThreads>(a.tiling, block, thread, a.out.size.channel());  // its pass is a task
    const int64_t pass = a.choices.pass_of(tile.pass);
    if (tile.element >= a.out.size.channel() || !a.choices.has(pass, a.slot)) return;
    const Position at = position_of(a.out.size, tile.element);
    T sum[kTile] = {};
    for (int32_t p = 0; p < a.count; ++p) {
      if (a.choices.has(pass, a.parts[p].slot)) add_part(a, a.parts[p], tile, pass, at, sum);
    }
    for (int32_t k = 0; k < kTile; ++k) {
      if (k >= tile.count) continue;
      T& out = a.out.channel(tile.pass, tile.group * a.tiling.channels + tile.first + k)[tile.element];
      out = a.add != 0 ? out + sum[k] : sum[k];
    }
  }

 private:
  WINNOW_EVERYWHERE static void add_part(const Arguments& a, const DataPart& part, const Tile& tile, int64_t pass,
                                         const Position& at, T (&sum)[kTile]) {
    const Window& w = part.window;
    const int32_t inputs = a.tiling.channels, outputs = part.size.channels / a.tiling.groups;
    const int32_t taps = w.kernel_height * w.kernel_width;
    const int64_t plane = part.size.plane();
    const auto factor = static_cast<T>(a.choices(pass, part.source));
    for (int32_t o = tile.group * outputs; o < (tile.group + 1) * outputs; ++o) {
      const int64_t first = o * part.size.channel() + at.sample * plane;
      const T* gradient = a.gradients + tile.pass * a.gradient_pitch + part.gradient + first;
      const T* value = part.value < 0 ? nullptr : a.values + pass * a.value_pitch + part.value + first;
      const int64_t norm = tile.pass * a.norms.channels + part.norm + o;
      const T alpha = value == nullptr ? factor : a.norms.alpha[norm], beta = value == nullptr ? T{0} : a.norms.beta[norm],
              kappa = value == nullptr ? T{0} : a.norms.kappa[norm];
      const T* weights = a.parameters.at(pass, part.weight) + (int64_t{o} * inputs + tile.first) * taps;
      for (int32_t ky = 0; ky < w.kernel_height; ++ky) {
        const int32_t y = reached(at.y, ky, w.stride_height, w.padding_height, w.dilation_height, part.size.height);
        if (y < 0) continue;
        for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
          const int32_t x = reached(at.x, kx, w.stride_width, w.padding_width, w.dilation_width, part.size.width);
          if (x < 0) continue;
          const int64_t pixel = int64_t{y} * part.size.width + x;
          T delta = multiply_add(alpha, gradient[pixel], kappa);
          if (value != nullptr) delta = multiply_add(beta, value[pixel], delta);
          const T* weight = weights + ky * w.kernel_width + kx;
          for (int32_t k = 0; k < kTile; ++k) {
            if (k < tile.count) sum[k] = multiply_add(weight[int64_t{k} * taps], delta, sum[k]);
          }
        }
      }
    }
  }
};

}  // namespace winnow::machine
