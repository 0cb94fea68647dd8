// Every kernel of every variant that this machine has against the reference variant, at sizes that reach every path: whole tiles,
// their remainders, half vectors. A sum of N terms may differ by N + 4 roundings of its sum of magnitudes, which the reference
// computes from absolute values. Memory around an output must stay as it was.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "check.h"
#include "cpu_variants.h"
#include "kernels/kernels.h"
#include "test_networks.h"

using namespace winnow;
using namespace winnow::test;

namespace {

const int64_t kPixels[] = {1, 3, 4, 5, 7, 8, 9, 31, 32, 33};
const int64_t kUsedLanes[] = {1, 7, 8, 9, 15, 16};

// Numbers aligned as planes are, on a whole cache line, with kGuard numbers that nobody may write on either side.
template <typename T>
class Buffer {
 public:
  static constexpr int64_t kGuard = 2 * kLanes;

  Buffer(int64_t count, Draws& draws) : count_(count), memory_(static_cast<size_t>(count + 2 * kGuard + kLanes)) {
    // Normal numbers would be most of the test's time.
    const std::vector<double> drawn = draws.uniforms(static_cast<int64_t>(memory_.size()));
    std::transform(drawn.begin(), drawn.end(), memory_.begin(), [](double u) { return static_cast<T>(2 * u - 1); });
  }

  T* data() { return memory_.data() + start(); }
  const T* data() const { return memory_.data() + start(); }
  int64_t count() const { return count_; }

  Buffer absolute() const {
    Buffer copy(*this);
    for (int64_t i = 0; i < count_; ++i) copy.data()[i] = std::fabs(data()[i]);
    return copy;
  }
  // Copies may lie differently, so a copy moves its numbers to its own start.
  Buffer(const Buffer& other) : count_(other.count_), memory_(other.memory_.size()) {
    std::copy_n(other.data() - kGuard, count_ + 2 * kGuard, data() - kGuard);
  }
  Buffer& operator=(const Buffer&) = delete;

  // Zeros in the lanes past the batch, as every tensor of a plan has them.
  void clear_unused(int64_t lanes) {
    for (int64_t i = 0; i < count_; ++i) {
      if (i % kLanes >= lanes) data()[i] = 0;
    }
  }

 private:
  int64_t start() const {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    const uintptr_t line = kLanes * sizeof(float);
    return kGuard + static_cast<int64_t>((line - address % line) % line / sizeof(T));
  }

  int64_t count_;
  std::vector<T> memory_;
};

// `written(i)`: element i is an output; others, guards among them, keep their bits.
template <typename T, typename Written>
void compare(const Buffer<T>& actual, const Buffer<T>& expected, const Buffer<T>& magnitude, int64_t terms, Written written) {
  const double unit = std::numeric_limits<T>::epsilon() * static_cast<double>(terms + 4);
  int64_t wrong = 0, first = 0;
  for (int64_t i = -Buffer<T>::kGuard; i < actual.count() + Buffer<T>::kGuard; ++i) {
    const double a = static_cast<double>(actual.data()[i]), e = static_cast<double>(expected.data()[i]);
    const bool inside = i >= 0 && i < actual.count() && written(i);
    const bool good = inside ? std::fabs(a - e) <= unit * std::fabs(static_cast<double>(magnitude.data()[i])) : a == e;
    if (!good && wrong++ == 0) first = i;
  }
  check(wrong == 0, __FILE__, __LINE__,
        std::to_string(wrong) + " elements are wrong, the first is " + std::to_string(first) + ": " +
            text_of(actual.data()[first]) + " but expected " + text_of(expected.data()[first]));
}

bool everywhere(int64_t) { return true; }

// body(kernels, reference kernels) for float and double of every variant but the reference.
template <typename Body>
void each_variant(Body body) {
  for (const Variant variant : cpu_variants()) {
    if (variant == Variant::kReference) continue;
    note(std::string(variant_name(variant)) + " float");
    body(kernels_of<float>(variant), kernels_of<float>(Variant::kReference), float{});
    note(std::string(variant_name(variant)) + " double");
    body(kernels_of<double>(variant), kernels_of<double>(Variant::kReference), double{});
  }
}

template <typename T>
void gather_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t outputs, int64_t terms,
                 int64_t pixels, int64_t lanes, int64_t input_stride, int64_t output_stride, bool accumulate,
                 bool lane_weights) {
  const int64_t rows = draws.integer(1, 9), most = kGridSpacing * kGridTaps;
  const int64_t input_step = input_stride * kLanes, out_step = output_stride * kLanes;
  const int64_t input_pitch = (pixels * input_stride + most) * kLanes, out_pitch = pixels * out_step;
  const int64_t out_plane = rows * out_pitch + kLanes;
  // Terms are shifted views of one plane, as taps are; the kernel may be told that they are grids.
  const int64_t down = draws.integer(1, kGridSpacing), across = draws.integer(1, kGridSpacing);
  std::vector<TapGrid> grids;
  std::vector<int64_t> offsets;
  while (static_cast<int64_t>(offsets.size()) < terms) {
    const int64_t left = terms - static_cast<int64_t>(offsets.size()), lengths[] = {1, 2, 3, kGridTaps};
    const int64_t wanted = std::min(left, lengths[draws.integer(0, 3)]), taps = wanted == 4 ? 3 : wanted;
    grids.push_back({std::min(left / taps, draws.integer(1, kGridTaps)), taps});
    const int64_t first = draws.integer(0, 1) * input_pitch + draws.integer(0, 1) * kLanes;
    for (int64_t k = 0; k < grids.back().rows * taps; ++k) {
      offsets.push_back(first + k / taps * down * input_pitch + k % taps * across * kLanes);
    }
  }
  if (outputs > 1 || input_stride > 1 || lane_weights) grids.clear();
  Buffer<T> in((rows + most) * input_pitch, draws), out(outputs * out_plane, draws);
  // Weights of the lanes come with a start, and terms that are further apart.
  const int64_t weight_pitch = lane_weights ? outputs + 1 : outputs, each = lane_weights ? kLanes : 1;
  Buffer<T> weights((terms + 1) * weight_pitch * each, draws);
  in.clear_unused(lanes);
  const auto run = [&](const Kernels<T>& k, const Buffer<T>& from, const Buffer<T>& with, Buffer<T>& to) {
    std::vector<const T*> inputs;
    for (const int64_t offset : offsets) inputs.push_back(from.data() + offset);
    k.gather({inputs.data(),
              with.data(),
              terms,
              outputs,
              input_pitch,
              input_step,
              to.data(),
              out_plane,
              out_pitch,
              out_step,
              rows,
              pixels,
              lanes,
              accumulate,
              lane_weights ? with.data() + terms * weight_pitch * each : nullptr,
              weight_pitch,
              lane_weights,
              {grids.data(), static_cast<int64_t>(grids.size()), down, across}});
  };
  Buffer<T> actual(out), expected(out), magnitude(out.absolute());
  run(kernels, in, weights, actual);
  run(reference, in, weights, expected);
  run(reference, in.absolute(), weights.absolute(), magnitude);
  const auto is_pixel = [&](int64_t i) { return i % out_plane < rows * out_pitch && i % out_plane % out_step < kLanes; };
  // Unused lanes are free: take whatever is there.
  for (int64_t i = 0; i < out.count(); ++i) {
    if (is_pixel(i) && i % kLanes >= lanes) actual.data()[i] = expected.data()[i];
  }
  compare(actual, expected, magnitude, terms, is_pixel);
}

template <typename T>
void correlate_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t rows, int64_t terms,
                    int64_t height, int64_t pixels, int64_t lanes, int64_t stride) {
  // Taps one after the other, with gaps between them, or in no order.
  enum { kDense, kDilated, kMixed, kArrangements };
  const int64_t arrangement = draws.integer(0, kArrangements - 1);
  const auto offset = [&](int64_t t) { return arrangement == kDilated ? 2 * t : arrangement == kMixed ? t ^ 1 : t; };
  const int64_t step = stride * kLanes, pitch = (pixels + 1) * kLanes,
                activation_pitch = (pixels * stride + 2 * terms + 1) * kLanes;
  Buffer<T> gradients(rows * height * pitch, draws), activations(height * activation_pitch, draws),
      sums(rows * terms * kLanes, draws);
  gradients.clear_unused(lanes);
  activations.clear_unused(lanes);
  sums.clear_unused(lanes);
  const auto run = [&](const Kernels<T>& k, const Buffer<T>& g, const Buffer<T>& a, Buffer<T>& to) {
    std::vector<const T*> from, with;
    for (int64_t r = 0; r < rows; ++r) from.push_back(g.data() + r * height * pitch);
    for (int64_t t = 0; t < terms; ++t) with.push_back(a.data() + offset(t) * kLanes);
    k.correlate({from.data(), with.data(), rows, terms, height, pixels, pitch, activation_pitch, step, to.data(),
                 terms * kLanes, lanes});
  };
  Buffer<T> actual(sums), expected(sums), magnitude(sums.absolute());
  run(kernels, gradients, activations, actual);
  run(reference, gradients, activations, expected);
  run(reference, gradients.absolute(), activations.absolute(), magnitude);
  compare(actual, expected, magnitude, height * pixels, everywhere);
}

template <typename T>
void window_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t terms, int64_t rows,
                 int64_t pixels, bool direct, bool add) {
  const int64_t pitch = (pixels + draws.integer(0, 2)) * kLanes, plane = (rows + 2) * pitch;
  Buffer<T> in(terms * plane, draws), out(rows * pitch, draws), factors(terms, draws), directs(terms, draws),
      row_factors(rows * 3, draws), column_factors(pixels, draws);
  row_factors.data()[0] = row_factors.data()[rows * 3 - 1] = T{0};
  const auto run = [&](const Kernels<T>& k, const Buffer<T>& from, const Buffer<T>& with, const Buffer<T>& beside,
                       const Buffer<T>& of_rows, const Buffer<T>& of_columns, Buffer<T>& to) {
    std::vector<Rows<const T>> planes;
    for (int64_t t = 0; t < terms; ++t) planes.push_back({from.data() + t * plane + pitch, pitch});
    k.window_sums({{to.data(), pitch},
                   planes.data(),
                   with.data(),
                   direct ? beside.data() : nullptr,
                   terms,
                   rows,
                   pixels,
                   of_rows.data(),
                   of_columns.data(),
                   add});
  };
  Buffer<T> actual(out), expected(out), magnitude(out.absolute());
  run(kernels, in, factors, directs, row_factors, column_factors, actual);
  run(reference, in, factors, directs, row_factors, column_factors, expected);
  run(reference, in.absolute(), factors.absolute(), directs.absolute(), row_factors.absolute(), column_factors.absolute(),
      magnitude);
  compare(actual, expected, magnitude, 10 * terms, [&](int64_t i) { return i % pitch < pixels * kLanes; });
}

// The value at the point of product k of a polynomial of so many coefficients (kernels.h, TileRows).
template <typename T>
double tile_value(int64_t k, std::initializer_list<T> coefficients) {
  constexpr double kPoints[kTileSide] = {0, 0, kTileA, -kTileA, kTileB, -kTileB};
  if (k == 1) return double{coefficients.end()[-1]};  // at infinity
  double value = 0, power = 1;
  for (const T coefficient : coefficients) value += power * double{coefficient}, power *= kPoints[k];
  return value;
}

// Outputs of tiles against the reference, and with their inputs' sides against the sum over planes of nine taps that they make.
template <typename T>
void tile_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t planes, int64_t outputs,
               int64_t rows, int64_t pixels, int64_t lanes, bool add) {
  const int64_t tiles = (pixels + kTilePixels - 1) / kTilePixels;
  const int64_t pitch = (kTilePixels * tiles + 2 + draws.integer(0, 2)) * kLanes;
  const int64_t in_plane = kTileSide * pitch, out_plane = kTilePixels * pitch;
  const int64_t side = tiles * kTileSide * kLanes, side_row = planes * side + kLanes;
  const int64_t sum_row = outputs * tiles * kTilePixels * kLanes;
  const Buffer<T> in(planes * in_plane, draws), taps(planes * outputs * 9, draws), out(outputs * out_plane, draws);
  Buffer<T> sides(kTileSide * side_row, draws), weights(kTileProducts * planes * outputs, draws);
  for (int64_t pair = 0; pair < kTilePairs; ++pair) {
    for (int64_t p = 0; p < planes; ++p) {
      T* const to = sides.data() + 2 * pair * side_row + p * side;
      reference.tile_inputs({{in.data() + p * in_plane, pitch}, pair, 1, tiles, to, side_row, lanes});
    }
  }
  // The weights' sides, from the definition: [row][plane][output][column].
  for (int64_t i = 0; i < weights.count(); ++i) {
    const int64_t x = i % kTileSide, y = i / (planes * outputs * kTileSide);
    const T* const g = taps.data() + i / kTileSide % (planes * outputs) * 9;
    const double value = tile_value(
        y, {tile_value(x, {g[0], g[1], g[2]}), tile_value(x, {g[3], g[4], g[5]}), tile_value(x, {g[6], g[7], g[8]})});
    weights.data()[i] = static_cast<T>(kTileShares[y] * kTileShares[x] * value);
  }
  const int64_t half = planes / 2;  // as planes that do not fit the first-level cache together are taken
  const auto run = [&](const Kernels<T>& k, Buffer<T>& to) {
    Buffer<T> sums(kTileSide * sum_row, draws);
    for (int64_t row = 0; row < kTileSide; ++row) {
      const T *from = sides.data() + row * side_row, *factors = weights.data() + row * planes * outputs * kTileSide;
      T* const at = sums.data() + row * sum_row;
      k.tile_outputs({from, factors, planes - half, outputs, tiles, at, lanes, false});
      if (half == 0) continue;
      from += (planes - half) * side, factors += (planes - half) * outputs * kTileSide;
      k.tile_outputs({from, factors, half, outputs, tiles, at, lanes, true});
    }
    for (int64_t o = 0; o < outputs; ++o) {
      const T* const from = sums.data() + o * tiles * kTilePixels * kLanes;
      k.tile_columns({from, sum_row, {to.data() + o * out_plane, pitch}, rows, pixels, lanes, add});
    }
    to.clear_unused(lanes);
  };
  Buffer<T> actual(out), expected(out), direct(out), large(out);
  run(kernels, actual);
  run(reference, expected);
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < rows * pixels * kLanes; ++i) {
      const int64_t y = i / (pixels * kLanes), x = i % (pixels * kLanes);
      T& to = direct.data()[o * out_plane + y * pitch + x];
      double sum = add ? double{to} : 0.0;
      for (int64_t t = 0; t < planes * 9; ++t) {
        const int64_t p = t / 9, tap = t % 9;
        sum += double{taps.data()[(p * outputs + o) * 9 + tap]} *
               double{in.data()[p * in_plane + (y + tap / 3) * pitch + x + tap % 3 * kLanes]};
      }
      to = static_cast<T>(sum);
    }
  }
  direct.clear_unused(lanes);
  std::fill_n(large.data(), large.count(), static_cast<T>(64 * planes));  // nothing that is added is larger
  compare(actual, expected, large, 4, everywhere);
  compare(actual, direct, large, 4, everywhere);
}

// Sides of correlations and the sums of their products against the reference, and all of it against the correlation of nine taps.
template <typename T>
void tile_correlation_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t outputs, int64_t terms,
                           int64_t rows, int64_t tiles, int64_t lanes, bool halves) {
  const int64_t pitch = (kTilePixels * tiles + 2 + draws.integer(0, 2)) * kLanes, plane = (kTilePixels * rows + 2) * pitch;
  const int64_t side = rows * tiles * kTileSide * kLanes;
  const Buffer<T> gradients(outputs * plane, draws), inputs(terms * plane, draws);
  const Buffer<T> of_gradients(kTileSide * outputs * side, draws), of_inputs(kTileSide * terms * side, draws);
  const auto sides = [&](const Kernels<T>& k, Buffer<T>& gradient_sides, Buffer<T>& input_sides) {
    for (int64_t pair = 0; pair < kTilePairs; ++pair) {
      for (int64_t o = 0; o < outputs; ++o) {
        // Of the pixels one row and one column further in.
        k.tile_gradients({{gradients.data() + o * plane + pitch + kLanes, pitch},
                          pair,
                          rows,
                          tiles,
                          gradient_sides.data() + (2 * pair * outputs + o) * side,
                          outputs * side,
                          lanes});
      }
      for (int64_t t = 0; t < terms; ++t) {
        T* const out = input_sides.data() + (2 * pair * terms + t) * side;
        k.tile_inputs({{inputs.data() + t * plane, pitch}, pair, rows, tiles, out, terms * side, lanes});
      }
    }
    gradient_sides.clear_unused(lanes);
    input_sides.clear_unused(lanes);
  };
  const auto filled = [&](const Buffer<T>& like, T value) {
    Buffer<T> all(like);
    std::fill_n(all.data(), all.count(), value);
    return all;
  };
  Buffer<T> actual_gradients(of_gradients), expected_gradients(of_gradients), actual_inputs(of_inputs),
      expected_inputs(of_inputs);
  sides(kernels, actual_gradients, actual_inputs);
  sides(reference, expected_gradients, expected_inputs);
  compare(actual_gradients, expected_gradients, filled(of_gradients, T{16}), 4, everywhere);
  compare(actual_inputs, expected_inputs, filled(of_inputs, T{16}), 4, everywhere);

  const int64_t of_row = outputs * terms * kTileTaps;  // [row][output][term][tap]
  const auto all = static_cast<size_t>(2 * kTileSide * of_row + kTileSpare);
  std::vector<double> sums(all, 0.5), expected(sums), magnitude(sums);
  const auto multiply = [&](const Kernels<T>& k, const Buffer<T>& of_gradient, const Buffer<T>& of_input,
                            std::vector<double>& to) {
    for (int64_t row = 0; row < kTileSide; ++row) {
      double *const at = to.data() + row * of_row, *const upper = halves ? at + kTileSide * of_row : nullptr;
      k.correlate_tiles({of_gradient.data() + row * outputs * side, of_input.data() + row * terms * side, outputs, terms,
                         rows * tiles, at, upper, lanes});
    }
  };
  multiply(kernels, expected_gradients, expected_inputs, sums);
  multiply(reference, expected_gradients, expected_inputs, expected);
  multiply(reference, expected_gradients.absolute(), expected_inputs.absolute(), magnitude);
  // Points of either sign cancel in the magnitude of the middle tap, so that those of all three taps bound each.
  const double unit = std::numeric_limits<T>::epsilon() * static_cast<double>(rows * tiles + 8);
  const auto size_at = [&](size_t i) {
    const size_t first = i / kTileTaps * kTileTaps;
    return std::fabs(magnitude[first]) + std::fabs(magnitude[first + 1]) + std::fabs(magnitude[first + 2]);
  };
  for (size_t i = 0; i + kTileSpare < all; ++i) CHECK_NEAR(sums[i], expected[i], unit * size_at(i));
  for (size_t i = all - kTileSpare; i < all; ++i) CHECK_NEAR(sums[i], 0.5, 0.0);

  for (int64_t i = 0; i < outputs * terms * 9; ++i) {
    const int64_t pair = i / 9, y = i / 3 % 3, x = i % 3;
    double filtered = 0, direct = 0, size = 0;
    for (int64_t row = 0; row < kTileSide; ++row) {
      const double power = tile_value(row, {double(y == 0), double(y == 1), double(y == 2)});
      for (const int64_t half : {int64_t{0}, kTileSide * of_row}) {
        const auto at = static_cast<size_t>(half + row * of_row + pair * kTileTaps + x);
        filtered += power * kTileShares[row] * (sums[at] - 0.5), size += std::fabs(power * kTileShares[row]) * size_at(at);
      }
    }
    for (int64_t k = 0; k < rows * tiles * kTilePixels * kTilePixels * kLanes; ++k) {
      const int64_t lane = k % kLanes, column = k / kLanes % (kTilePixels * tiles), row = k / kLanes / (kTilePixels * tiles);
      if (lane >= lanes) continue;
      const int64_t at = row * pitch + column * kLanes + lane;
      direct += double{gradients.data()[pair / terms * plane + at + pitch + kLanes]} *
                double{inputs.data()[pair % terms * plane + at + y * pitch + x * kLanes]};
    }
    CHECK_NEAR(filtered, direct, unit * size);
  }
}

template <typename T>
void pointwise_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t pixels, bool add) {
  const Buffer<T> in(pixels * kLanes, draws), other(pixels * kLanes, draws), out(pixels * kLanes, draws),
      factors(pixels, draws);
  const auto factor = static_cast<T>(draws.normal()), shift = static_cast<T>(draws.normal());
  // Runs `body` with both; the magnitude is the sum of all absolute values that can enter an element.
  const auto both = [&](auto body) {
    Buffer<T> actual(out), expected(out), magnitude(out);
    for (int64_t i = 0; i < out.count(); ++i) {
      const T each = std::fabs(factors.data()[i / kLanes]) + std::fabs(factor);
      magnitude.data()[i] =
          std::fabs(out.data()[i]) + each * (std::fabs(in.data()[i]) + 1) + std::fabs(shift) * (std::fabs(other.data()[i]) + 1);
    }
    body(kernels, actual.data());
    body(reference, expected.data());
    compare(actual, expected, magnitude, 1, everywhere);
  };
  both([&](const Kernels<T>& k, T* to) { k.scale(to, in.data(), factor, pixels, add); });
  both([&](const Kernels<T>& k, T* to) { k.affine(to, in.data(), factor, shift, pixels); });
  both([&](const Kernels<T>& k, T* to) { k.affine(to, to, T{1}, shift, pixels); });  // in place, as a bias is added
  both([&](const Kernels<T>& k, T* to) { k.scale_each(to, in.data(), factors.data(), pixels); });
  both([&](const Kernels<T>& k, T* to) { k.maximum(to, in.data(), kLanes, pixels); });
  both([&](const Kernels<T>& k, T* to) { k.maximum(to, in.data(), 2 * kLanes, (pixels + 1) / 2); });
  std::vector<float> single(static_cast<size_t>(pixels * kLanes));
  kernels.to_float(single.data(), in.data(), pixels);
  for (int64_t i = 0; i < pixels * kLanes; ++i) CHECK_EQUAL(single[static_cast<size_t>(i)], static_cast<float>(in.data()[i]));
  // Where a kernel takes rows: half as long, one after the other.
  const int64_t rows = pixels % 2 == 0 ? 2 : 1, pitch = pixels / rows * kLanes;
  for (const T cap : {T{0}, T(0.5)}) {
    both([&](const Kernels<T>& k, T* to) {
      k.relu({{to, 0, 0}, {in.data(), 0, 0}, {1, 1, pixels, kLanes}, factor, shift, cap, nullptr, 0});
    });
    // Activations exactly on the kinks pass nothing.
    Buffer<T> activation(other);
    for (int64_t i = 0; i < activation.count(); ++i) {
      T& a = activation.data()[i];
      a = i % 5 == 0 || a < 0 ? T{0} : cap > 0 && (i % 7 == 0 || a > cap) ? cap : a;
    }
    both([&](const Kernels<T>& k, T* to) {
      k.relu_gradient({{to, 0}, {in.data(), 0}, {activation.data(), 0}, 1, pixels, factor, cap, add});
    });
    for (const bool correlates : {false, true}) {
      Buffer<T> actual(2 * kLanes, draws), expected(actual), magnitude(actual.absolute());
      for (int64_t i = 0; i < in.count(); ++i) {
        const T size = std::fabs(factor * in.data()[i]);
        magnitude.data()[i % kLanes] += size, magnitude.data()[kLanes + i % kLanes] += size * std::fabs(other.data()[i]);
      }
      Buffer<T>* sums = &actual;
      both([&](const Kernels<T>& k, T* to) {
        k.relu_gradient({{to, pitch},
                         {in.data(), pitch},
                         {activation.data(), pitch},
                         rows,
                         pixels / rows,
                         factor,
                         cap,
                         false,
                         sums->data(),
                         correlates ? sums->data() + kLanes : nullptr,
                         {other.data(), pitch}});
        sums = &expected;
      });
      compare(actual, expected, magnitude, pixels, everywhere);
    }
  }
  // Coefficients differ from lane to lane and are zero in the last ones.
  T alpha[kLanes] = {}, beta[kLanes] = {}, kappa[kLanes] = {};
  for (int64_t l = 0; l < kLanes - 3; ++l) {
    alpha[l] = factor * static_cast<T>(std::cos(l)), beta[l] = shift * static_cast<T>(std::sin(l)), kappa[l] = alpha[l] / 4;
  }
  both([&](const Kernels<T>& k, T* to) {
    k.norm_gradient({{to, pitch}, {in.data(), pitch}, {other.data(), pitch}, rows, pixels / rows, alpha, beta, kappa, add});
  });
}

template <typename T>
void sum_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t pixels, LaneRange lanes) {
  // The other lanes hold numbers that must not count.
  const Buffer<T> a(pixels * kLanes, draws), b(pixels * kLanes, draws);
  const Buffer<T> size_a = a.absolute(), size_b = b.absolute();
  const double unit = std::numeric_limits<T>::epsilon() * static_cast<double>(pixels + 4);
  CHECK_NEAR(kernels.sum(a.data(), pixels, lanes), reference.sum(a.data(), pixels, lanes),
             unit * reference.sum(size_a.data(), pixels, lanes));
  CHECK_NEAR(kernels.product(a.data(), b.data(), pixels, lanes), reference.product(a.data(), b.data(), pixels, lanes),
             unit * reference.product(size_a.data(), size_b.data(), pixels, lanes));
}

// To the bit, in every variant.
template <typename T>
void value_products_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t pixels, int64_t lanes) {
  const int64_t rows = draws.integer(1, 3), value_pitch = (pixels + 2) * kLanes, gradient_pitch = pixels * kLanes;
  const Buffer<T> value(rows * value_pitch, draws), gradient(rows * gradient_pitch, draws);
  const auto run = [&](const Kernels<T>& k) {
    std::vector<double> sums(3 * kLanes, 0.25);  // added to
    k.value_products(
        {sums.data(), {value.data(), value_pitch}, {gradient.data() + kLanes - lanes, gradient_pitch}, rows, pixels, lanes});
    return sums;
  };
  const std::vector<double> actual = run(kernels), expected = run(reference);
  for (size_t i = 0; i < actual.size(); ++i) CHECK_EQUAL(actual[i], expected[i]);
}

template <typename T>
void reduce_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t count, bool halves) {
  const Buffer<T> lane_sums(count * kLanes, draws);
  const auto run = [&](const Kernels<T>& k, const Buffer<T>& from) {
    Buffer<T> left(from);
    std::vector<double> sums(static_cast<size_t>(2 * count), 0.25);  // added to
    k.reduce(left.data(), count, sums.data(), halves ? sums.data() + count : nullptr);
    for (int64_t i = 0; i < left.count(); ++i) CHECK(left.data()[i] == T{0});
    return sums;
  };
  const std::vector<double> actual = run(kernels, lane_sums), expected = run(reference, lane_sums),
                            magnitude = run(reference, lane_sums.absolute());
  for (size_t i = 0; i < actual.size(); ++i) CHECK_NEAR(actual[i], expected[i], 1e-15 * magnitude[i]);
}

template <typename T>
void channel_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t blocks, int64_t rows,
                  int64_t pixels, int64_t lanes) {
  // Halos and lanes past the batch hold numbers that must not count.
  const int64_t row_pitch = (pixels + 2 * draws.integer(0, 1)) * kLanes, block_pitch = (rows + 1) * row_pitch;
  const Buffer<T> in(blocks * block_pitch, draws);
  const Buffer<T> size = in.absolute();
  const Extent extent = {blocks, rows, pixels, lanes};
  const auto planes = [&](const Buffer<T>& from) { return ChannelPlanes<const T>{from.data(), block_pitch, row_pitch}; };
  const double unit = std::numeric_limits<T>::epsilon() * static_cast<double>(std::max(pixels, kSumPixels) + 4 + pixels);
  const T mean = static_cast<T>(draws.normal());
  CHECK_NEAR(kernels.channel_sum(planes(in), extent), reference.channel_sum(planes(in), extent),
             unit * reference.channel_sum(planes(size), extent));
  // A deviation from the mean carries the rounding of the larger of the two.
  CHECK_NEAR(kernels.channel_squares(planes(in), extent, mean), reference.channel_squares(planes(in), extent, mean),
             2 * unit * reference.channel_squares(planes(size), extent, -std::fabs(mean)));
}

// Terms of different pitches, as values with different halos have them; the halo of the output stays.
template <typename T>
void weighted_sum_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t terms, int64_t blocks,
                       int64_t rows, int64_t pixels, bool touching) {
  const auto row_pitch = [&](int64_t t) { return (pixels + (touching ? 0 : t % 3)) * kLanes; };
  const auto block_pitch = [&](int64_t t) { return (rows + t % 2) * row_pitch(t); };
  std::vector<Buffer<T>> in;
  for (int64_t t = 0; t < terms; ++t) in.emplace_back(blocks * block_pitch(t), draws);
  const Buffer<T> factors(terms, draws), out(blocks * block_pitch(5), draws);
  const auto run = [&](const Kernels<T>& k, bool absolute, T shift, Buffer<T>& to) {
    std::vector<Buffer<T>> from;
    std::vector<ChannelPlanes<const T>> planes;
    for (const Buffer<T>& one : in) from.push_back(absolute ? one.absolute() : one);
    for (int64_t t = 0; t < terms; ++t) planes.push_back({from[static_cast<size_t>(t)].data(), block_pitch(t), row_pitch(t)});
    const Buffer<T> weights = absolute ? factors.absolute() : factors;
    k.weighted_sum({{to.data(), block_pitch(5), row_pitch(5)},
                    planes.data(),
                    weights.data(),
                    terms,
                    {blocks, rows, pixels, kLanes},
                    shift});
  };
  Buffer<T> actual(out), expected(out), magnitude(out);
  const T shift = static_cast<T>(draws.normal());
  run(kernels, false, shift, actual);
  run(reference, false, shift, expected);
  run(reference, true, std::fabs(shift), magnitude);
  compare(actual, expected, magnitude, terms,
          [&](int64_t i) { return i % block_pitch(5) / row_pitch(5) < rows && i % row_pitch(5) < pixels * kLanes; });
}

// Rows of windows over rows of an image that begin and end outside it; one of the rows may be nobody's.
template <typename T>
void maximum_gradient_case(const Kernels<T>& kernels, const Kernels<T>& reference, Draws& draws, int64_t rows, int64_t taps,
                           int64_t step, int64_t windows) {
  const int64_t first = -draws.integer(0, taps - 1), last = first + (windows - 1) * step;
  const int64_t width = std::max(last + 1 + draws.integer(0, taps - 1), first + taps), unwanted = draws.integer(0, rows);
  Buffer<T> in(rows * width * kLanes, draws);
  for (int64_t i = 0; i < in.count(); ++i) in.data()[i] = static_cast<T>(draws.integer(-1, 1));  // many ties
  const Buffer<T> gradient(windows * kLanes, draws), out(rows * width * kLanes, draws);
  Buffer<T> value(windows * kLanes, draws), actual(out), expected(out), magnitude(out.absolute());
  for (int64_t i = 0; i < windows * kLanes; ++i) {
    value.data()[i] = T{-1};
    const int64_t from = first + i / kLanes * step;
    for (int64_t cell = 0; cell < rows * width; ++cell) {
      if (cell % width < from || cell % width >= from + taps) continue;
      const int64_t at = cell * kLanes + i % kLanes;
      value.data()[i] = std::max(value.data()[i], in.data()[at]);
      magnitude.data()[at] += 2 * std::fabs(gradient.data()[i]);
    }
  }
  const auto run = [&](const Kernels<T>& k, Buffer<T>& to) {
    std::vector<T*> outs;
    std::vector<const T*> ins;
    for (int64_t y = 0; y < rows; ++y) {
      outs.push_back(y == unwanted ? nullptr : to.data() + y * width * kLanes);
      ins.push_back(in.data() + y * width * kLanes);
    }
    k.maximum_gradient(
        {ins.data(), outs.data(), rows, width, taps, step, first, value.data(), gradient.data(), windows, T(1.5)});
  };
  run(kernels, actual);
  run(reference, expected);
  compare(actual, expected, magnitude, taps * rows, everywhere);
}

}  // namespace

TEST(gather) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 1);
    for (int64_t outputs = 1; outputs <= kGatherOutputs; ++outputs) {
      for (const int64_t terms : {1, 2, 9, 27}) {
        for (const int64_t pixels : kPixels) {
          for (const int64_t lanes : kUsedLanes) {
            const int64_t strides = draws.integer(0, 3);
            for (const bool accumulate : {false, true}) {
              for (const bool lane_weights : {false, true}) {
                if (kSanitized && lane_weights != accumulate) continue;
                gather_case(kernels, reference, draws, outputs, terms, pixels, lanes, 1 + strides % 2, 1 + strides / 2,
                            accumulate, lane_weights);
              }
            }
          }
        }
      }
    }
  });
}

TEST(correlate) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 2);
    std::vector<int64_t> counts = {36, 50};  // four 3x3 kernels, two 5x5; and all that tiles can leave
    for (int64_t terms = 1; terms <= 27; ++terms) counts.push_back(terms);
    for (int64_t rows = 1; rows <= 8; ++rows) {
      for (const int64_t terms : counts) {
        if (kSanitized && terms % 3 != rows % 3) continue;
        for (const int64_t pixels : kPixels) {
          for (const int64_t lanes : kUsedLanes) {
            correlate_case(kernels, reference, draws, rows, terms, draws.integer(1, 3), pixels, lanes, draws.integer(1, 2));
          }
        }
      }
    }
  });
}

TEST(pointwise) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 3);
    for (const int64_t pixels : kPixels) {
      for (const bool add : {false, true}) pointwise_case(kernels, reference, draws, pixels, add);
    }
  });
}

TEST(window_sums) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 12);
    for (int64_t terms = 1; terms <= 7; ++terms) {
      for (const int64_t rows : {1, 2, 5}) {
        for (const int64_t pixels : kPixels) {
          for (const bool direct : {false, true}) {
            window_case(kernels, reference, draws, terms, rows, pixels, direct, draws.integer(0, 1) == 1);
          }
        }
      }
    }
  });
}

TEST(tiles) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 15);
    for (const int64_t rows : {1, 2, 3, 4}) {
      for (const int64_t pixels : {1, 2, 3, 4, 5, 8, 12, 14}) {
        for (const int64_t lanes : kUsedLanes) {
          for (const int64_t outputs : {1, 2, 3, 4, 7}) {
            const bool add = draws.integer(0, 1) == 1;
            tile_case(kernels, reference, draws, draws.integer(1, 3), outputs, rows, pixels, lanes, add);
          }
        }
      }
    }
  });
}

TEST(tile_correlations) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 16);
    for (const int64_t outputs : {1, 2, 3, 4, 7}) {
      for (const int64_t terms : {1, 2, 3, 4, 9}) {
        const int64_t lanes = draws.integer(1, kLanes);
        tile_correlation_case(kernels, reference, draws, outputs, terms, draws.integer(1, 2), draws.integer(1, 5), lanes,
                              false);
        tile_correlation_case(kernels, reference, draws, outputs, terms, 1, 3, kLanes, true);
      }
    }
  });
}

TEST(sums) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 4);
    for (const int64_t pixels : kPixels) {
      for (const int64_t lanes : kUsedLanes) {
        sum_case(kernels, reference, draws, pixels, {0, lanes});
        sum_case(kernels, reference, draws, pixels, {kLanes - lanes, lanes});
      }
      for (const int64_t lanes : {kLanes, kLanes / 2}) value_products_case(kernels, reference, draws, pixels, lanes);
    }
  });
}

TEST(reduce) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 11);
    for (const int64_t count : {1, 2, 7}) {
      for (const bool halves : {false, true}) reduce_case(kernels, reference, draws, count, halves);
    }
  });
}

TEST(channel_sums) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 9);
    for (const int64_t blocks : {1, 2, 5}) {
      for (const int64_t rows : {1, 3, 11, 33}) {
        for (const int64_t pixels : kPixels)
          channel_case(kernels, reference, draws, blocks, rows, pixels, draws.integer(1, 16));
      }
    }
  });
}

TEST(weighted_sums) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 10);
    for (int64_t terms = 0; terms <= 5; ++terms) {
      for (const int64_t pixels : {1, 3, 8, 32}) {
        for (const bool touching : {false, true}) {
          weighted_sum_case(kernels, reference, draws, terms, draws.integer(1, 3), draws.integer(1, 4), pixels, touching);
        }
      }
    }
  });
}

TEST(maximum_gradient) {
  each_variant([](const auto& kernels, const auto& reference, auto) {
    Draws draws(seed(), 5);
    for (int64_t rows = 1; rows <= 3; ++rows) {
      for (int64_t taps = 1; taps <= 4; ++taps) {
        for (int64_t step = 1; step <= 3; ++step) {
          for (const int64_t windows : kPixels) maximum_gradient_case(kernels, reference, draws, rows, taps, step, windows);
          maximum_gradient_case(kernels, reference, draws, rows, taps, step, 70);  // more than are taken at once
        }
      }
    }
  });
}

TEST(relu_signs) {
  each_variant([](const auto& kernels, const auto&, auto zero) {
    using T = decltype(zero);
    Draws draws(seed(), 6);
    const T special[] = {T{0}, -T{0}, std::numeric_limits<T>::denorm_min(), -std::numeric_limits<T>::denorm_min()};
    for (const int64_t pixels : kPixels) {
      constexpr int64_t kBlocks = 2, kRows = 3;
      const int64_t pitch = (pixels + 2 * draws.integer(0, 1)) * kLanes, block = (kRows + 1) * pitch,
                    sign_pitch = kRows * pixels + 1;
      Buffer<T> in(kBlocks * block, draws), out(kBlocks * block, draws);
      for (int64_t i = 0; i < in.count(); i += 3) in.data()[i] = special[i % 4];
      std::vector<uint16_t> signs(static_cast<size_t>(kBlocks * sign_pitch), 0xabcd);
      kernels.relu({{out.data(), block, pitch},
                    {in.data(), block, pitch},
                    {kBlocks, kRows, pixels, kLanes},
                    T{1},
                    T{0},
                    T{0},
                    signs.data(),
                    sign_pitch});
      for (int64_t k = 0; k < kBlocks * kRows * pixels * kLanes; ++k) {
        const int64_t b = k / kLanes / (kRows * pixels), unit = k / kLanes % (kRows * pixels);
        const int64_t at = b * block + unit / pixels * pitch + unit % pixels * kLanes + k % kLanes;
        CHECK_EQUAL(signs[static_cast<size_t>(b * sign_pitch + unit)] >> (k % kLanes) & 1, in.data()[at] > 0 ? 1 : 0);
      }
      CHECK_EQUAL(signs[static_cast<size_t>(sign_pitch - 1)], 0xabcd);
      CHECK_EQUAL(signs.back(), 0xabcd);
    }
  });
}

TEST(gram) {
  each_variant([](const auto& kernels, const auto& reference, auto zero) {
    using T = decltype(zero);
    Draws draws(seed(), 7);
    constexpr int64_t kMore = 3;  // elements between rows
    for (const int64_t n : {1, 2, 3, 4, 5, 7, 8, 9, 13}) {
      for (const int64_t count : {0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000}) {
        const int64_t pitch = count + kMore;
        const Buffer<T> rows(n * pitch, draws);
        const Buffer<double> before(n * n, draws);
        Buffer<double> sums(before), expected(before), scale(before.absolute());
        kernels.gram({rows.data(), pitch, n, count, sums.data()});
        reference.gram({rows.data(), pitch, n, count, expected.data()});
        const Buffer<T> absolute = rows.absolute();
        reference.gram({absolute.data(), pitch, n, count, scale.data()});
        // Products of floats are exact in double: only the order of the sum is free.
        const double unit = std::numeric_limits<double>::epsilon() * static_cast<double>(count + 5);
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            const int64_t at = i * n + j;
            CHECK_NEAR(sums.data()[at], expected.data()[at], j <= i ? unit * scale.data()[at] : 0);
          }
        }
      }
    }
  });
}

// The reference itself by hand: two terms, two pixels two apart, on top of what was there.
TEST(reference_gather_by_hand) {
  Draws draws(seed(), 8);
  Buffer<double> in(4 * kLanes, draws), out(2 * kLanes, draws);
  const Buffer<double> before(out);
  const double* inputs[] = {in.data(), in.data() + kLanes};
  const double weights[] = {2, -3};
  kernels_of<double>(Variant::kReference)
      .gather({inputs, weights, 2, 1, 0, 2 * kLanes, out.data(), 0, 0, kLanes, 1, 2, kLanes, true});
  for (int64_t i = 0; i < 2 * kLanes; ++i) {
    const double* at = in.data() + i / kLanes * 2 * kLanes + i % kLanes;
    CHECK_NEAR(out.data()[i], before.data()[i] + 2 * at[0] - 3 * at[kLanes], 1e-14);
  }
}
