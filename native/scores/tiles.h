// Convolutions of 3x3 taps, stride 1, as products of tiles: F(2x2, 3x3) of minimal filtering (Winograd 1980; Lavin and Gray 2015,
// arXiv:1509.09308). Along one axis two outputs of three taps g over d0 ... d3 are
//     y0 = p0 + (p1 + p2) / 2,   y1 = (p1 - p2) / 2 - p3,
//     p0 = (d0 - d2) g0,  p1 = (d1 + d2) (g0 + g1 + g2),  p2 = (d2 - d1) (g0 - g1 + g2),  p3 = (d1 - d3) g2:
// four products for six, and along both axes 16 for 36. Sums over channels are taken of the products. In double, where nothing is
// negative, what the differences round is of the order of what a sum of all terms does.
//
// The backward passes of plans have kernels of their own (kernels/tiles): larger tiles, sixteen samples to a vector, signed
// numbers.
//
// Tried without effect: weights fetched ahead, all outputs of a product before the next product, these sums compiled for AVX-512
// (their stores bound them).
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/kernels.h"

namespace winnow {

constexpr int64_t kSmallTileProducts = 16;

// The factors of absolute taps[output][plane][9]: out[product * step + plane * outputs + output].
template <typename T>
void tile_weights(const T* taps, int64_t outputs, int64_t planes, double* out, int64_t step) {
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t o = 0; o < outputs; ++o, ++out) {
      const T* own = taps + (o * planes + plane) * 9;
      const auto at = [own](int64_t k) { return std::abs(static_cast<double>(own[k])); };
      double rows[4][3];
      for (int64_t x = 0; x < 3; ++x) {
        const double first = at(x), last = at(6 + x), ends = first + last, middle = at(3 + x);
        rows[0][x] = first, rows[1][x] = ends + middle, rows[2][x] = ends - middle, rows[3][x] = last;
      }
      double* to = out;
      for (int64_t y = 0; y < 4; ++y, to += 4 * step) {
        const double ends = rows[y][0] + rows[y][2];
        to[0] = rows[y][0], to[step] = ends + rows[y][1], to[2 * step] = ends - rows[y][1], to[3 * step] = rows[y][2];
      }
    }
  }
}

// Those of rows x columns tiles: tile t has out[product * step + t]. `in` is at the first tap of output (0, 0); a last output
// that is none of the image's reads what lies there.
void tile_inputs(const double* in, int64_t pitch, int64_t rows, int64_t columns, double* out, int64_t step);
// `height` x `width` outputs of their products.
void tile_outputs(const double* products, int64_t step, double* out, int64_t pitch, int64_t height, int64_t width);

}  // namespace winnow
