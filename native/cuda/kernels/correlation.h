// Weight gradients: correlations of gradient planes with shifted input planes, and what becomes of them.
//
// A block owns, of one task, one input channel with up to kRows gradient channels and kTaps shifts of it: its threads walk the
// batch's pixels side by side, each adding up kRows x kTaps products in registers (one pixel loads kRows + kTaps numbers for
// kRows * kTaps multiply-adds: bound by arithmetic for a 3x3 of several outputs, by loads for a 1x1), and the block adds its threads in
// double in a fixed order.
#pragma once

#include "cuda/kernels/norm.h"
#include "cuda/kernels/window.h"

namespace winnow::machine {

struct Shift {
  int32_t y, x;
};

template <typename T>
struct Correlation {
  static constexpr int32_t kThreads = 128, kPhases = 3, kRows = 4, kTaps = 9;
  // Sums of the threads, row by row: a row of taps at a time would cost a phase each.
  struct Shared {
    T part[kRows * kTaps][kThreads + 1];
    double half[kRows * kTaps][2];
  };
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> gradient;  // by task
    BatchPlanes<const T> in;        // by pass
    const Shift* taps;
    double* out;  // [task][out_pitch]: [output][input within the group][tap]
    int64_t out_pitch;
    int32_t count, groups;  // taps; groups of channels
    int32_t stride_height, stride_width;
    const int32_t* slots;  // of the convolutions: whether any flows
    int32_t slot_count, reserved;
    WINNOW_EVERYWHERE int32_t inputs() const { return in.size.channels / groups; }
    WINNOW_EVERYWHERE int32_t outputs() const { return gradient.size.channels / groups; }
    WINNOW_EVERYWHERE int32_t row_tiles() const { return (outputs() + kRows - 1) / kRows; }
    WINNOW_EVERYWHERE int32_t tap_tiles() const { return (count + kTaps - 1) / kTaps; }
    WINNOW_EVERYWHERE int64_t blocks_per_task() const { return int64_t{in.size.channels} * row_tiles() * tap_tiles(); }
  };

  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    const int64_t per_task = a.blocks_per_task(), task = block / per_task, pass = a.choices.pass_of(task);
    if (!any(a, pass)) return;
    auto rest = static_cast<int32_t>(block % per_task);
    const int32_t tap_tile = rest % a.tap_tiles();
    rest /= a.tap_tiles();
    const int32_t row_tile = rest % a.row_tiles(), c = rest / a.row_tiles();
    const int32_t group = c / a.inputs(), first_row = row_tile * kRows, first_tap = tap_tile * kTaps;
    const int32_t rows = a.outputs() - first_row < kRows ? a.outputs() - first_row : kRows;
    const int32_t taps = a.count - first_tap < kTaps ? a.count - first_tap : kTaps;
    if (phase == 0) {
      const T* gradients = a.gradient.channel(task, group * a.outputs() + first_row);
      add_up(a, gradients, a.in.channel(pass, c), a.taps + first_tap, rows, taps, thread, shared);
    } else if (phase == 1) {
      if (thread >= 2 * kRows * kTaps) return;
      const int32_t sum = thread / 2, first = thread % 2 * (kThreads / 2);
      double total = 0;
      for (int32_t i = 0; i < kThreads / 2; ++i) total += static_cast<double>(shared.part[sum][first + i]);
      shared.half[sum][thread % 2] = total;
    } else {
      if (thread >= rows * taps) return;
      const int32_t row = thread / taps, tap = thread % taps, sum = row * kTaps + tap;
      const int64_t output = group * a.outputs() + first_row + row;
      a.out[task * a.out_pitch + (output * a.inputs() + c % a.inputs()) * a.count + first_tap + tap] =
          shared.half[sum][0] + shared.half[sum][1];
    }
  }

 private:
  WINNOW_EVERYWHERE static bool any(const Arguments& a, int64_t pass) {
    for (int32_t k = 0; k < a.slot_count; ++k) {
      if (a.choices.has(pass, a.slots[k])) return true;
    }
    return false;
  }

  WINNOW_EVERYWHERE static void add_up(const Arguments& a, const T* gradients, const T* in, const Shift* shifts, int32_t rows,
                                       int32_t taps, int32_t thread, Shared& shared) {
    const Size& size = a.gradient.size;
    T sum[kRows][kTaps] = {};
    Walk walk(size, thread, kThreads);
    for (int64_t i = thread; i < size.channel(); i += kThreads, walk.next()) {
      const Position& at = walk.at();
      T gradient[kRows], value[kTaps];
      for (int32_t r = 0; r < kRows; ++r) gradient[r] = r < rows ? gradients[r * size.channel() + i] : T{0};
      const T* plane = in + at.sample * a.in.size.plane();
      for (int32_t t = 0; t < kTaps; ++t) {
        value[t] = T{0};
        if (t >= taps) continue;
        const int32_t y = at.y * a.stride_height + shifts[t].y, x = at.x * a.stride_width + shifts[t].x;
        if (y >= 0 && y < a.in.size.height && x >= 0 && x < a.in.size.width) value[t] = plane[int64_t{y} * a.in.size.width + x];
      }
      for (int32_t r = 0; r < kRows; ++r) {
        if (r >= rows) continue;
        for (int32_t t = 0; t < kTaps; ++t) {
          if (t < taps) sum[r][t] = multiply_add(gradient[r], value[t], sum[r][t]);
        }
      }
    }
    for (int32_t r = 0; r < kRows; ++r) {
      for (int32_t t = 0; t < kTaps; ++t) shared.part[r * kTaps + t][thread] = sum[r][t];
    }
  }
};

// sum x over what a convolution's tap meets, [pass][input][tap]. A block owns one of them.
template <typename T>
struct InputSums {
  static constexpr int32_t kThreads = 128, kPhases = 3;
  using Shared = BlockSum<kThreads, 1>;
  struct Arguments {
    Choices choices;
    BatchPlanes<const T> in;
    const Shift* taps;
    double* out;
    int64_t out_pitch;
    Size output;
    int32_t count, stride_height, stride_width, slot;
  };
  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t phase, Shared& shared) {
    const int64_t per_pass = int64_t{a.in.size.channels} * a.count, pass = block / per_pass, sum = block % per_pass;
    if (!a.choices.has(pass, a.slot)) return;
    if (phase == 0) {
      const Shift shift = a.taps[sum % a.count];
      const T* in = a.in.channel(pass, sum / a.count);
      double total = 0;
      Walk walk(a.output, thread, kThreads);
      for (int64_t i = thread; i < a.output.channel(); i += kThreads, walk.next()) {
        const Position& at = walk.at();
        const int32_t y = at.y * a.stride_height + shift.y, x = at.x * a.stride_width + shift.x;
        if (y < 0 || y >= a.in.size.height || x < 0 || x >= a.in.size.width) continue;
        total += static_cast<double>(in[at.sample * a.in.size.plane() + int64_t{y} * a.in.size.width + x]);
      }
      shared.part[0][thread] = total;
    } else if (phase == 1) {
      shared.fold(thread);
    } else if (thread == 0) {
      a.out[pass * a.out_pitch + sum] = shared.total(0);
    }
  }
};

// From a convolution's correlation R: the sums of its norm, S2 = (<W, R> - mean S1) / deviation, and its weight gradient,
// scale (R - S1 / M sum x - S2 / M sum x xhat). A thread owns one output channel of one task: few numbers, read once.
template <typename T>
struct WeightGradient {
  static constexpr int32_t kThreads = 64, kPhases = 1;
  using Shared = Nothing;
  struct Arguments {
    Choices choices;
    ParameterTable<double> parameters;
    const double* correlation;  // [task][correlation_pitch]: [output][input][all taps of the group]
    const double* sums;         // [task][sums_pitch]: of the gradient by channel
    const double* input_sums;   // [pass][prepared_pitch]: sum x [input][tap]
    const double* output_sums;  // the same: sum x z [output][input][tap]
    const int32_t* tap_of;      // own taps among those of the group
    GradientRows<T> rows;
    NormSink<T> sink;  // where a norm is above
    int64_t correlation_pitch, sums_pitch, prepared_pitch, tasks;
    int64_t weight, bias;                // in the parameters; -1: no bias
    int64_t weight_column, bias_column;  // in a row of gradients; -1: take no part
    int32_t taps, group_taps, inputs, outputs, groups;
    int32_t normed, slot, source;  // 1: a norm is above
  };

  WINNOW_EVERYWHERE static void run(const Arguments& a, int64_t block, int32_t thread, int32_t, Shared&) {
    const int64_t i = block * kThreads + thread, task = i / a.outputs;
    const auto o = static_cast<int32_t>(i % a.outputs);
    if (task >= a.tasks) return;
    const int64_t pass = a.choices.pass_of(task);
    if (!a.choices.has(pass, a.slot)) return;
    const double coefficient = a.choices(pass, a.source), s1 = coefficient * a.sums[task * a.sums_pitch + o];
    const double* correlation = a.correlation + task * a.correlation_pitch + int64_t{o} * a.inputs * a.group_taps;
    double factor = 1, mean1 = 0, mean2 = 0, mean = 0, inverse = 1;
    if (a.normed != 0) {
      const int64_t at = pass * a.sink.norms.channels + a.sink.norm + o;
      mean = a.sink.norms.mean[at];
      inverse = a.sink.norms.inverse_deviation[at];
      const double* w = a.parameters.at(pass, a.weight) + int64_t{o} * a.inputs * a.taps;
      double product = a.bias < 0 ? 0.0 : a.parameters.at(pass, a.bias)[o] * s1;
      for (int32_t c = 0; c < a.inputs; ++c) {
        for (int32_t tap = 0; tap < a.taps; ++tap) {
          product += w[c * a.taps + tap] * (coefficient * correlation[c * a.group_taps + a.tap_of[tap]]);
        }
      }
      const double s2 = (product - mean * s1) * inverse;
      a.sink.set(pass, task, o, coefficient, s1, s2);
      factor = a.sink.norms.scale[at];
      if (a.sink.count > 0) {
        mean1 = s1 / a.sink.count;
        mean2 = s2 / a.sink.count;
      }
    }
    T* row = a.rows.row(task);
    if (a.bias_column >= 0) row[a.bias_column + o] = a.normed != 0 && a.sink.count > 0 ? T{0} : static_cast<T>(factor * s1);
    if (a.weight_column < 0) return;
    const double* x = a.input_sums + pass * a.prepared_pitch + int64_t{o / (a.outputs / a.groups)} * a.inputs * a.taps;
    const double* xz = a.output_sums + pass * a.prepared_pitch + int64_t{o} * a.inputs * a.taps;
    for (int32_t k = 0; k < a.inputs * a.taps; ++k) {
      double value = coefficient * correlation[k / a.taps * a.group_taps + a.tap_of[k % a.taps]];
      // sum x xhat = (sum x z - mean sum x) / deviation
      if (mean1 != 0 || mean2 != 0) value -= mean1 * x[k] + mean2 * ((xz[k] - mean * x[k]) * inverse);
      row[a.weight_column + int64_t{o} * a.inputs * a.taps + k] = static_cast<T>(factor * value);
    }
  }
};

}  // namespace winnow::machine
