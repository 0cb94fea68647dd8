// Batch norm: statistics forward, sums backward. A block owns one channel of one pass or task, which is contiguous; its threads
// walk it side by side, each adds in double what it met, and a tree of fixed shape adds the threads. Bound by memory.
#pragma once

#include "cuda/kernels/kernel.h"

namespace winnow::machine {

enum class NormMode : int32_t { kBatch, kRunning, kIdentity };

// Mean and deviation of a channel, and what the norm does to it: scale * value + shift.
template <typename T>
struct Statistics {
  static constexpr int32_t kThreads = 256, kPhases = 6;
  struct Shared {
    BlockSum<kThreads, 1> sum;
    double mean;
  };
  struct Arguments {
    Choices choices;
    NormTable norms;
    ParameterTable<double> parameters;
    BatchPlanes<const T> in;
    int64_t gain, offset, running_mean, running_variance;  // in the parameters; -1 where it has none
    double epsilon;
    NormMode mode;
    int32_t norm, slot;  // its first channel in the table
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    const int64_t pass = block / a.in.size.channels, c = block % a.in.size.channels;
    if (!a.choices.has(pass, a.slot)) return;
    const int64_t count = a.in.size.channel();
    const T* values = a.in.channel(pass, c);
    const bool batch = a.mode == NormMode::kBatch;
    if (phase == 0 && batch) {
      double sum = 0;
      for (int64_t i = thread; i < count; i += kThreads) sum += static_cast<double>(values[i]);
      shared.sum.part[0][thread] = sum;
    } else if ((phase == 1 || phase == 4) && batch) {
      shared.sum.fold(thread);
    } else if (phase == 2 && batch && thread == 0) {
      shared.mean = shared.sum.total(0) / static_cast<double>(count);
    } else if (phase == 3 && batch) {
      double sum = 0;
      for (int64_t i = thread; i < count; i += kThreads) {
        const double off = static_cast<double>(values[i]) - shared.mean;
        sum += off * off;
      }
      shared.sum.part[0][thread] = sum;
    } else if (phase == 5 && thread == 0) {
      finish(a, pass, c, batch ? shared.mean : 0, batch ? shared.sum.total(0) / static_cast<double>(count) : 0);
    }
  }

 private:
  WINNOW_EVERYWHERE static void finish(const Arguments& a, int64_t pass, int64_t c, double mean, double variance) {
    const int64_t at = pass * a.norms.channels + a.norm + c;
    if (a.mode == NormMode::kIdentity) {
      a.norms.mean[at] = a.norms.shift[at] = 0;
      a.norms.variance[at] = a.norms.inverse_deviation[at] = a.norms.scale[at] = 1;
      return;
    }
    if (a.mode == NormMode::kRunning) {
      mean = a.parameters.at(pass, a.running_mean)[c];
      variance = a.parameters.at(pass, a.running_variance)[c];
    }
    const double inverse = 1 / std::sqrt(variance + a.epsilon);
    const double gain = a.gain < 0 ? 1.0 : a.parameters.at(pass, a.gain)[c];
    const double offset = a.offset < 0 ? 0.0 : a.parameters.at(pass, a.offset)[c];
    a.norms.mean[at] = mean;
    a.norms.variance[at] = variance;
    a.norms.inverse_deviation[at] = inverse;
    a.norms.scale[at] = gain * inverse;
    a.norms.shift[at] = offset - mean * (gain * inverse);
  }
};

// Of a gradient's channel: S = sum g, and where `values` is there P = sum g z; [task][channel] at `sums` + 0 or + 1 times `stride`.
template <typename T>
struct ChannelSums {
  static constexpr int32_t kThreads = 256, kPhases = 3;
  using Shared = BlockSum<kThreads, 2>;
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> gradient;  // by task
    BatchPlanes<const T> values;    // by pass; first is nullptr for none
    double *sums, *products;        // [task][pitch]
    int64_t pitch;
    int32_t slot, reserved;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    const int64_t task = block / a.gradient.size.channels, c = block % a.gradient.size.channels;
    const int64_t pass = a.choices.pass_of(task);
    if (!a.choices.has(pass, a.slot)) return;
    if (phase == 0) {
      const T* gradient = a.gradient.channel(task, c);
      const T* values = a.values.first == nullptr ? nullptr : a.values.channel(pass, c);
      const int64_t count = a.gradient.size.channel();
      double sum = 0, product = 0;
      for (int64_t i = thread; i < count; i += kThreads) {
        const auto g = static_cast<double>(gradient[i]);
        sum += g;
        if (values != nullptr) product = multiply_add(g, static_cast<double>(values[i]), product);
      }
      shared.part[0][thread] = sum;
      shared.part[1][thread] = product;
    } else if (phase == 1) {
      shared.fold(thread);
    } else if (thread == 0) {
      a.sums[task * a.pitch + c] = shared.total(0);
      if (a.values.first != nullptr) a.products[task * a.pitch + c] = shared.total(1);
    }
  }
};

// What a norm makes of a gradient: alpha g + beta z + kappa, [task][channel of all norms].
template <typename T>
struct NormGradient {
  T *alpha, *beta, *kappa;
  int64_t channels;
};

// Where rows of parameter gradients go.
template <typename T>
struct GradientRows {
  T* values;  // [pass][all cotangents][pitch]
  int64_t pitch, pass_pitch;
  int32_t first, cotangents;  // of the launch
  WINNOW_EVERYWHERE T* row(int64_t task) const {
    return values + task / cotangents * pass_pitch + (first + task % cotangents) * pitch;
  }
};

// From S1 = sum dy and S2 = sum dy xhat of a norm's channel: its own gradients and what it sends back. `count` is 0 where the
// statistics are constants.
template <typename T>
struct NormSink {
  NormTable norms;
  NormGradient<T> gradient;
  GradientRows<T> rows;
  int64_t gain, offset;  // columns of a row; -1: take no part
  double count;
  int32_t norm, identity;
  WINNOW_EVERYWHERE void set(int64_t pass, int64_t task, int64_t c, double coefficient, double s1, double s2) const {
    const int64_t at = pass * norms.channels + norm + c, to = task * gradient.channels + norm + c;
    const double a = norms.scale[at];
    double beta = 0, kappa = 0;
    if (count > 0) {
      beta = -a * s2 / count * norms.inverse_deviation[at];
      kappa = -a * s1 / count - beta * norms.mean[at];
    }
    gradient.alpha[to] = static_cast<T>(a * coefficient);
    gradient.beta[to] = static_cast<T>(beta);
    gradient.kappa[to] = static_cast<T>(kappa);
    if (identity != 0) return;
    if (gain >= 0) rows.row(task)[gain + c] = static_cast<T>(s2);
    if (offset >= 0) rows.row(task)[offset + c] = static_cast<T>(s1);
  }
};

// A norm over something that is not a convolution of its own. A thread owns one channel of one task.
template <typename T>
struct NormBackward {
  static constexpr int32_t kThreads = 128, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    NormSink<T> sink;
    const double *sums, *products;  // [task][pitch]
    int64_t pitch, tasks;
    int32_t channels, slot, source;  // slots: whether it is there; the coefficient of its gradient
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t i = block * kThreads + thread, task = i / a.channels, c = i % a.channels;
    if (task >= a.tasks) return;
    const int64_t pass = a.choices.pass_of(task), at = pass * a.sink.norms.channels + a.sink.norm + c;
    if (!a.choices.has(pass, a.slot)) return;
    const double coefficient = a.choices(pass, a.source), s1 = coefficient * a.sums[task * a.pitch + c];
    const double product = coefficient * a.products[task * a.pitch + c];
    const double s2 = (product - a.sink.norms.mean[at] * s1) * a.sink.norms.inverse_deviation[at];
    a.sink.set(pass, task, c, coefficient, s1, s2);
  }
};

}  // namespace winnow::machine
