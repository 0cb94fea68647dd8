#include "scores/tiles.h"

namespace winnow {

void tile_inputs(const double* in, int64_t pitch, int64_t rows, int64_t columns, double* out, int64_t step) {
  for (int64_t r = 0; r < rows; ++r, in += 2 * pitch, out += columns) {
    const double *d0 = in, *d1 = in + pitch, *d2 = d1 + pitch, *d3 = d2 + pitch;
    for (int64_t t = 0; t < columns; ++t, d0 += 2, d1 += 2, d2 += 2, d3 += 2) {
      double d[4][4];
      for (int64_t x = 0; x < 4; ++x) {
        d[0][x] = d0[x] - d2[x];
        d[1][x] = d1[x] + d2[x];
        d[2][x] = d2[x] - d1[x];
        d[3][x] = d1[x] - d3[x];
      }
      double* to = out + t;
      for (int64_t y = 0; y < 4; ++y, to += 4 * step) {
        to[0] = d[y][0] - d[y][2];
        to[step] = d[y][1] + d[y][2];
        to[2 * step] = d[y][2] - d[y][1];
        to[3 * step] = d[y][1] - d[y][3];
      }
    }
  }
}

void tile_outputs(const double* products, int64_t step, double* out, int64_t pitch, int64_t height, int64_t width) {
  const int64_t columns = (width + 1) / 2;
  for (int64_t y = 0; y < height; y += 2, products += columns) {
    for (int64_t x = 0; x < width; x += 2) {
      const double* p = products + x / 2;
      double sums[2][4];
      for (int64_t k = 0; k < 4; ++k) {
        const double p0 = p[k * step], p1 = p[(4 + k) * step], p2 = p[(8 + k) * step], p3 = p[(12 + k) * step];
        sums[0][k] = p0 + 0.5 * (p1 + p2);
        sums[1][k] = 0.5 * (p1 - p2) - p3;
      }
      for (int64_t k = 0; k < 2 && y + k < height; ++k) {
        double* to = out + (y + k) * pitch + x;
        const double* s = sums[k];
        to[0] = s[0] + 0.5 * (s[1] + s[2]);
        if (x + 1 < width) to[1] = 0.5 * (s[1] - s[2]) - s[3];
      }
    }
  }
}

}  // namespace winnow
