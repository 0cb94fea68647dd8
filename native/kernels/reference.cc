// The kernels as plain loops with double accumulation: the variant that a reader checks against kernels.h, and the oracle that
// the fast ones are held against. Never optimised.
#include "kernels/kernels.h"

#include <cmath>
#include <limits>

#include "kernels/bits.h"
#include "kernels/draw.h"
#include "runtime/philox.h"

namespace winnow::reference {

template <typename T>
T rounded(double value) {
  return static_cast<T>(value);
}

template <typename T>
void gather(const GatherRows<T>& r) {
  for (int64_t o = 0; o < r.outputs; ++o) {
    for (int64_t y = 0; y < r.rows; ++y) {
      for (int64_t x = 0; x < r.pixels; ++x) {
        for (int64_t l = 0; l < r.lanes; ++l) {
          T& out = r.out[o * r.out_plane + y * r.out_pitch + x * r.out_step + l];
          const auto of_lane = [&](const T* weights, int64_t i) {
            return double{r.lane_weights ? weights[i * kLanes + l] : weights[i]};
          };
          const int64_t pitch = r.weight_pitch == 0 ? r.outputs : r.weight_pitch;
          double sum = (r.accumulate ? double{out} : 0.0) + (r.start == nullptr ? 0.0 : of_lane(r.start, o));
          for (int64_t t = 0; t < r.terms; ++t) {
            sum += of_lane(r.weights, t * pitch + o) * double{r.inputs[t][y * r.input_pitch + x * r.input_step + l]};
          }
          out = rounded<T>(sum);
        }
      }
    }
  }
}

template <typename T>
void correlate(const Correlation<T>& c) {
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t t = 0; t < c.terms; ++t) {
      for (int64_t l = 0; l < kLanes; ++l) {
        T& out = c.sums[r * c.sum_pitch + t * kLanes + l];
        double sum = double{out};
        for (int64_t y = 0; y < c.height; ++y) {
          for (int64_t x = 0; x < c.pixels; ++x) {
            sum += double{c.gradients[r][y * c.gradient_pitch + x * kLanes + l]} *
                   double{c.activations[t][y * c.activation_pitch + x * c.activation_step + l]};
          }
        }
        out = rounded<T>(sum);
      }
    }
  }
}

// Sets or adds to every element of a run.
template <typename T, typename Value>
void each(T* out, int64_t pixels, bool add, Value value) {
  for (int64_t i = 0; i < pixels * kLanes; ++i) out[i] = rounded<T>((add ? double{out[i]} : 0.0) + value(i));
}

template <typename T>
void scale(T* out, const T* in, T factor, int64_t pixels, bool add) {
  each(out, pixels, add, [&](int64_t i) { return double{factor} * double{in[i]}; });
}

template <typename T>
void affine(T* out, const T* in, T factor, T shift, int64_t pixels) {
  each(out, pixels, false, [&](int64_t i) { return double{factor} * double{in[i]} + double{shift}; });
}

template <typename T>
T* row_of(const ChannelPlanes<T>& p, int64_t block, int64_t row) {
  return p.at + block * p.block_pitch + row * p.row_pitch;
}

// Calls body(block, row, element of the row) for every lane of a channel.
template <typename Body>
void each_element(const Extent& e, Body body) {
  for (int64_t b = 0; b < e.blocks; ++b) {
    for (int64_t y = 0; y < e.rows; ++y) {
      for (int64_t i = 0; i < e.pixels * kLanes; ++i) body(b, y, i);
    }
  }
}

template <typename T>
void relu(const Relu<T>& r) {
  each_element(r.extent, [&](int64_t b, int64_t y, int64_t i) {
    const double value = double{r.factor} * double{row_of(r.in, b, y)[i]} + double{r.shift};
    T& out = row_of(r.out, b, y)[i];
    out = rounded<T>(value <= 0 ? 0.0 : r.cap > 0 && value > double{r.cap} ? double{r.cap} : value);
    if (r.signs == nullptr) return;
    uint16_t& signs = r.signs[b * r.sign_pitch + y * r.extent.pixels + i / kLanes];
    if (i % kLanes == 0) signs = 0;
    if (out > 0) signs = static_cast<uint16_t>(signs | 1u << i % kLanes);
  });
}

template <typename T>
void weighted_sum(const WeightedSum<T>& s) {
  each_element(s.extent, [&](int64_t b, int64_t y, int64_t i) {
    double sum = double{s.shift};
    for (int64_t t = 0; t < s.terms; ++t) sum += double{s.factors[t]} * double{row_of(s.in[t], b, y)[i]};
    row_of(s.out, b, y)[i] = rounded<T>(sum);
  });
}

template <typename T>
void relu_gradient(const ReluGradient<T>& r) {
  for (int64_t y = 0; y < r.rows; ++y) {
    const T *in = r.in.at + y * r.in.pitch, *activation = r.activation.at + y * r.activation.pitch;
    each(r.out.at + y * r.out.pitch, r.pixels, r.add, [&](int64_t i) {
      const bool passes = activation[i] > 0 && (r.cap <= 0 || activation[i] < r.cap);
      return passes ? double{r.factor} * double{in[i]} : 0.0;
    });
  }
  for (int64_t l = 0; r.sum != nullptr && l < kLanes; ++l) {
    double sum = double{r.sum[l]}, correlation = r.correlation == nullptr ? 0 : double{r.correlation[l]};
    for (int64_t y = 0; y < r.rows; ++y) {
      for (int64_t i = l; i < r.pixels * kLanes; i += kLanes) {
        const double out = double{r.out.at[y * r.out.pitch + i]};
        sum += out;
        if (r.correlation != nullptr) correlation += out * double{r.with.at[y * r.with.pitch + i]};
      }
    }
    r.sum[l] = rounded<T>(sum);
    if (r.correlation != nullptr) r.correlation[l] = rounded<T>(correlation);
  }
}

template <typename T>
void norm_gradient(const NormGradient<T>& n) {
  for (int64_t y = 0; y < n.rows; ++y) {
    const T *gradient = n.gradient.at + y * n.gradient.pitch, *value = n.value.at + y * n.value.pitch;
    each(n.out.at + y * n.out.pitch, n.pixels, n.add, [&](int64_t i) {
      const int64_t lane = i % kLanes;
      return double{n.alpha[lane]} * double{gradient[i]} + double{n.beta[lane]} * double{value[i]} + double{n.kappa[lane]};
    });
  }
}

template <typename T>
void window_sums(const WindowSums<T>& w) {
  for (int64_t y = 0; y < w.rows; ++y) {
    each(w.out.at + y * w.out.pitch, w.pixels, w.add, [&](int64_t i) {
      const int64_t x = i / kLanes;
      double sum = 0;
      for (int64_t t = 0; t < w.terms; ++t) {
        const auto in = [&](int64_t dy, int64_t dx) { return double{w.in[t].at[(y + dy) * w.in[t].pitch + i + dx * kLanes]}; };
        if (w.direct != nullptr) sum += double{w.direct[t]} * in(0, 0);
        for (int64_t dx = x > 0 ? -1 : 0; dx <= (x + 1 < w.pixels ? 1 : 0); ++dx) {
          for (int64_t dy = -1; dy <= 1; ++dy) {
            const double factor = double{w.row_factors[y * 3 + 1 + dy]};
            if (factor != 0) sum += double{w.column_factors[x + dx]} * factor * double{w.factors[t]} * in(dy, dx);
          }
        }
      }
      return sum;
    });
  }
}

template <typename T>
void maximum(T* out, const T* in, int64_t step, int64_t pixels) {
  for (int64_t i = 0; i < pixels * kLanes; ++i) {
    const T value = in[i / kLanes * step + i % kLanes];
    out[i] = value > out[i] ? value : out[i];
  }
}

// kernels.h, TileRows.
constexpr double kTilePoints[kTileSide] = {0, std::numeric_limits<double>::infinity(), kTileA, -kTileA, kTileB, -kTileB};
constexpr double kA2B2 = kTileA2 * kTileB2, kA2andB2 = kTileA2 + kTileB2;
constexpr double kTileInputs[kTileSide][kTileSide] = {{kA2B2, 0, -kA2andB2, 0, 1, 0},
                                                      {0, kA2B2, 0, -kA2andB2, 0, 1},
                                                      {0, -kTileA* kTileB2, -kTileB2, kTileA, 1, 0},
                                                      {0, kTileA* kTileB2, -kTileB2, -kTileA, 1, 0},
                                                      {0, -kTileB* kTileA2, -kTileA2, kTileB, 1, 0},
                                                      {0, kTileB* kTileA2, -kTileA2, -kTileB, 1, 0}};

// A power of the point of product k, of so many that sums take.
double tile_power(int64_t k, int64_t power, int64_t powers) {
  if (std::isinf(kTilePoints[k])) return power + 1 == powers ? 1 : 0;
  double value = 1;
  for (int64_t n = 0; n < power; ++n) value *= kTilePoints[k];
  return value;
}

template <typename T, typename Factor>
void tile_sides(const TileRows<T>& r, int64_t side, Factor factor) {
  const int64_t elements = r.rows * r.tiles * kTileSide * kLanes;
  for (int64_t i = 0; i < 2 * elements; ++i) {
    const int64_t row = i / elements, at = i % elements, tile = at / kLanes / kTileSide;
    const T* in = r.in.at + (tile / r.tiles * r.in.pitch + tile % r.tiles * kLanes) * kTilePixels + at % kLanes;
    double sum = 0;
    for (int64_t y = 0; y < side; ++y) {
      for (int64_t x = 0; x < side; ++x) {
        const double both = factor(2 * r.pair + row, y) * factor(at / kLanes % kTileSide, x);
        if (both != 0) sum += both * double{in[y * r.in.pitch + x * kLanes]};
      }
    }
    r.out[row * r.out_row + at] = rounded<T>(sum);
  }
}

template <typename T>
void tile_inputs(const TileRows<T>& r) {
  tile_sides(r, kTileSide, [](int64_t k, int64_t i) { return kTileInputs[k][i]; });
}

template <typename T>
void tile_gradients(const TileRows<T>& r) {
  tile_sides(r, kTilePixels, [](int64_t k, int64_t i) { return tile_power(k, i, kTilePixels); });
}

template <typename T>
void tile_outputs(const TileOutputs<T>& t) {
  for (int64_t i = 0; i < t.outputs * t.tiles * kTilePixels * kLanes; ++i) {
    const int64_t lane = i % kLanes, x = i / kLanes % kTilePixels, tile = i / kLanes / kTilePixels % t.tiles,
                  o = i / kLanes / kTilePixels / t.tiles;
    if (lane >= t.lanes) continue;
    double sum = t.add ? double{t.out[i]} : 0.0;
    for (int64_t p = 0; p < t.planes; ++p) {
      for (int64_t k = 0; k < kTileSide; ++k) {
        sum += tile_power(k, x, kTilePixels) * double{t.weights[(p * t.outputs + o) * kTileSide + k]} *
               double{t.inputs[((p * t.tiles + tile) * kTileSide + k) * kLanes + lane]};
      }
    }
    t.out[i] = rounded<T>(sum);
  }
}

template <typename T>
void tile_columns(const TileColumns<T>& t) {
  for (int64_t i = 0; i < t.rows * t.pixels * kLanes; ++i) {
    const int64_t y = i / (t.pixels * kLanes), x = i % (t.pixels * kLanes);
    if (x % kLanes >= t.lanes) continue;
    T& out = t.out.at[y * t.out.pitch + x];
    double sum = t.add ? double{out} : 0.0;
    for (int64_t k = 0; k < kTileSide; ++k) sum += tile_power(k, y, kTilePixels) * double{t.in[k * t.in_row + x]};
    out = rounded<T>(sum);
  }
}

template <typename T>
void correlate_tiles(const TileCorrelation<T>& c) {
  const int64_t plane = c.tiles * kTileSide * kLanes;
  for (int64_t i = 0; i < c.outputs * c.terms * kTileTaps; ++i) {
    const int64_t o = i / kTileTaps / c.terms, term = i / kTileTaps % c.terms, tap = i % kTileTaps;
    for (int64_t n = 0; n < plane; ++n) {
      const int64_t lane = n % kLanes, k = n / kLanes % kTileSide;
      if (lane >= c.lanes) continue;
      (c.upper != nullptr && lane >= kLanes / 2 ? c.upper : c.sums)[i] += tile_power(k, tap, kTileTaps) * kTileShares[k] *
                                                                          double{c.gradients[o * plane + n]} *
                                                                          double{c.inputs[term * plane + n]};
    }
  }
}

template <typename T>
void maximum_gradient(const MaximumGradient<T>& m) {
  for (int64_t i = 0; i < m.windows * kLanes; ++i) {
    const int64_t first = m.first + i / kLanes * m.step;
    bool taken = false;
    for (int64_t y = 0; y < m.rows; ++y) {
      for (int64_t x = first; x < first + m.taps; ++x) {
        const int64_t cell = x * kLanes + i % kLanes;
        if (taken || x < 0 || x >= m.width || m.in[y][cell] != m.value[i]) continue;
        taken = true;
        if (m.out[y] == nullptr) continue;
        m.out[y][cell] = rounded<T>(double{m.out[y][cell]} + double{m.factor} * double{m.gradient[i]});
      }
    }
  }
}

template <typename T>
void to_float(float* out, const T* in, int64_t pixels) {
  for (int64_t i = 0; i < pixels * kLanes; ++i) out[i] = static_cast<float>(in[i]);
}

template <typename T>
void scale_each(T* out, const T* in, const T* factors, int64_t pixels) {
  each(out, pixels, false, [&](int64_t i) { return double{factors[i / kLanes]} * double{in[i]}; });
}

// Sum of term(i) over some lanes of a run.
template <typename Term>
double used_sum(int64_t pixels, LaneRange lanes, Term term) {
  double total = 0;
  for (int64_t x = 0; x < pixels; ++x) {
    for (int64_t l = lanes.first; l < lanes.first + lanes.count; ++l) total += term(x * kLanes + l);
  }
  return total;
}

template <typename T>
void reduce(T* lane_sums, int64_t count, double* sums, double* upper) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t l = 0; l < kLanes; ++l) {
      (upper != nullptr && l >= kLanes / 2 ? upper : sums)[i] += double{lane_sums[i * kLanes + l]};
      lane_sums[i * kLanes + l] = T{0};
    }
  }
}

template <typename T>
double sum(const T* in, int64_t pixels, LaneRange lanes) {
  return used_sum(pixels, lanes, [&](int64_t i) { return double{in[i]}; });
}

template <typename T, typename Term>
double channel_total(const ChannelPlanes<const T>& p, const Extent& e, Term term) {
  double total = 0;
  each_element(e, [&](int64_t b, int64_t y, int64_t i) {
    if (i % kLanes < (b + 1 < e.blocks ? kLanes : e.last_lanes)) total += term(double{row_of(p, b, y)[i]});
  });
  return total;
}

template <typename T>
double channel_sum(const ChannelPlanes<const T>& p, const Extent& e) {
  return channel_total(p, e, [](double value) { return value; });
}

template <typename T>
double channel_squares(const ChannelPlanes<const T>& p, const Extent& e, T mean) {
  return channel_total(p, e, [&](double value) { return (value - double{mean}) * (value - double{mean}); });
}

template <typename T>
double product(const T* a, const T* b, int64_t pixels, LaneRange lanes) {
  return used_sum(pixels, lanes, [&](int64_t i) { return double{a[i]} * double{b[i]}; });
}

template <typename T>
void value_products(const ValueProducts<T>& v) {
  for (int64_t y = 0; y < v.rows; ++y) {
    for (int64_t x = 0; x < v.pixels; ++x) {
      for (int64_t l = 0; l < v.lanes; ++l) {
        const double value = v.value.at[y * v.value.pitch + x * kLanes + l];
        v.sums[l] += value * v.gradient.at[y * v.gradient.pitch + x * kLanes + l];
        v.sums[kLanes + l] += value * value;
        v.sums[2 * kLanes + l] += value;
      }
    }
  }
}

template <typename T>
void gram(const GramRows<T>& g) {
  for (int64_t i = 0; i < g.n; ++i) {
    for (int64_t j = 0; j <= i; ++j) {
      double total = 0;
      for (int64_t x = 0; x < g.count; ++x) total += double{g.rows[i * g.pitch + x]} * double{g.rows[j * g.pitch + x]};
      g.sums[i * g.n + j] += total;
    }
  }
}

void hamming_gram(const HammingGram& g) {
  for (int64_t i = 0; i < g.n; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      int64_t distance = 0;
      for (int64_t w = 0; w < g.words; ++w) {
        for (uint64_t differing = g.code[i * g.pitch + w] ^ g.code[j * g.pitch + w]; differing != 0; differing >>= 1) {
          distance += static_cast<int64_t>(differing & 1u);
        }
      }
      g.kernel[i * g.n + j] += g.weight * (g.units - distance);
    }
  }
}

void pattern_pack(uint64_t* words, int64_t pitch, const uint16_t* masks, int64_t units, int64_t lanes) {
  for (int64_t l = 0; l < lanes; ++l) {
    for (int64_t w = 0; w < (units + 63) / 64; ++w) words[l * pitch + w] = 0;
    for (int64_t u = 0; u < units; ++u) words[l * pitch + u / 64] |= static_cast<uint64_t>(masks[u] >> l & 1u) << (u % 64);
  }
}

void draw_bits(uint64_t seed, uint64_t stream, uint64_t block, int64_t blocks, uint64_t* out) {
  for (int64_t k = 0; k < 2 * blocks; ++k) out[k] = philox::bits(seed, stream, static_cast<int64_t>(2 * block) + k);
}

void draw_uniform(const uint64_t* bits, int64_t count, double scale, float* out) {
  for (int64_t k = 0; k < count; ++k) out[k] = static_cast<float>(scale * (2 * philox::uniform_of(bits[k]) - 1));
}

template <typename T>
constexpr int64_t kWidth = kLanes;

#include "kernels/table.inc"

}  // namespace winnow::reference
