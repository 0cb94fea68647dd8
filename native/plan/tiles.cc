// What a backward pass takes by minimal filtering (kernels/kernels.h, TileRows): what convolutions send back, and the
// correlations behind their weights' gradients.
#include <algorithm>

#include "plan/backward_pass.h"

namespace winnow {

// A few tiles at a time and of those a pair of rows of products of so many planes that their sides stay in the first-level cache.
template <typename T>
void BackwardPass<T>::gather_tiles(const Gather& gather, const T* packed, const GradientPlanes<T>& planes, int64_t l,
                                   const GradientPlanes<T>& dest, int64_t width, RowRange rows, bool add) {
  constexpr int64_t kNear = 32, kFew = 2, kMany = 8;  // tiles of all planes; of a plane
  const int64_t outputs = gather.phases[0].tiles[0].outputs, most = std::clamp(kNear / gather.planes, kFew, kMany);
  const int64_t side_row = kNear * kTileSide * kLanes, sum_row = outputs * most * kTilePixels * kLanes;
  workspace_.tiles.resize(std::max(workspace_.tiles.size(), static_cast<size_t>(2 * side_row + kTileSide * sum_row)));
  T *const sides = workspace_.tiles.data(), *const sums = sides + 2 * side_row;
  for (int64_t y = rows.first; y < rows.end; y += kTilePixels) {
    for (int64_t x = 0; x < width; x += most * kTilePixels) {
      const int64_t pixels = std::min(most * kTilePixels, width - x), tiles = tiles_of(pixels);
      const int64_t near = kNear / tiles, side = tiles * kTileSide * kLanes;  // planes; elements of one
      for (int64_t pair = 0; pair < kTilePairs; ++pair) {
        for (int64_t first = 0; first < gather.planes; first += near) {
          const int64_t here = std::min(near, gather.planes - first);
          for (int64_t p = 0; p < here; ++p) {
            const Rows<const T> in{planes.row(0, first + p, y - 1) + (x - 1) * kLanes, planes.pitch};
            kernels_.tile_inputs({in, pair, 1, tiles, sides + p * side, side_row, lanes_});
          }
          for (int64_t row = 0; row < 2; ++row) {
            const int64_t product_row = 2 * pair + row;
            const T* const weights = packed + (product_row * gather.planes + first) * outputs * kTileSide;
            kernels_.tile_outputs(
                {sides + row * side_row, weights, here, outputs, tiles, sums + product_row * sum_row, lanes_, first > 0});
          }
        }
      }
      for (int64_t o = 0; o < outputs; ++o) {
        const Rows<T> out{dest.row(l, o, y) + x * kLanes, dest.pitch};
        kernels_.tile_columns(
            {sums + o * tiles * kTilePixels * kLanes, sum_row, out, std::min(kTilePixels, rows.end - y), pixels, lanes_, add});
      }
    }
  }
}

// `wanted` rows and pixels of a plane, of which `there` are: a copy with zeros behind them where that is not all.
template <typename T>
Rows<const T> BackwardPass<T>::with_zeros(const Rows<const T>& plane, const Pair& wanted, const Pair& there) {
  if (there.height >= wanted.height && there.width >= wanted.width) return plane;
  T* const copy = workspace_.scratch.template at<T>(0);
  const int64_t pitch = wanted.width * kLanes, pixels = std::min(there.width, wanted.width) * kLanes;
  std::fill_n(copy, wanted.height * pitch, T{0});
  for (int64_t y = 0; y < std::min(there.height, wanted.height); ++y) {
    std::copy_n(plane.at + y * plane.pitch, pixels, copy + y * pitch);
  }
  return {copy, pitch};
}

// Some rows of tiles at a time and of those a pair of rows of products: the inputs' sides serve all columns, a column's all
// inputs.
template <typename T>
void BackwardPass<T>::correlate_in_tiles(int64_t v, const GradientPlanes<T>& planes, int64_t block, RowRange rows) {
  constexpr int64_t kMost = 32;  // tiles of a plane
  const Shape& shape = graph_[v].shape;
  const int64_t outputs = shape.channels, tiles = tiles_of(shape.width), pitch = tile_sums(v);
  const int64_t most = std::max<int64_t>(1, kMost / tiles);  // rows of tiles
  int64_t channels = outputs;
  for (const JointGroups& groups : program_.joint_groups(v)) {
    if (groups.in_tiles) channels += graph_[groups.first->input].shape.channels;
  }
  workspace_.tiles.resize(
      std::max(workspace_.tiles.size(), static_cast<size_t>(2 * channels * most * tiles * kTileSide * kLanes)));
  T* const gradient_sides = workspace_.tiles.data();
  for (int64_t y = rows.first; y < rows.end; y += kTilePixels * most) {
    const int64_t here = std::min(most, tiles_of(rows.end - y)), side = here * tiles * kTileSide * kLanes;
    const Pair under{here * kTilePixels, tiles * kTilePixels}, around{under.height + 2, under.width + 2};
    for (int64_t pair = 0; pair < kTilePairs; ++pair) {
      // Calls body(input, its channels, its sides, the pair's sums of the first cotangent) for every group.
      const auto each_group = [&](auto body) {
        T* sides = gradient_sides + 2 * outputs * side;
        double* sums = workspace_.tile_sums.data();
        for (const JointGroups& groups : program_.joint_groups(v)) {
          if (!groups.in_tiles) continue;
          const int64_t input = groups.first->input, inputs = graph_[input].shape.channels;
          const Timed timed(state_.timing, input, Phase::kWeights);
          body(input, inputs, sides, sums + 2 * pair * outputs * inputs * kTileTaps);
          sides += 2 * inputs * side, sums += kTileSide * outputs * inputs * kTileTaps;
        }
      };
      each_group([&](int64_t input, int64_t inputs, T* sides, double*) {
        const int64_t input_pitch = layout_.planes[input].pitch;
        for (int64_t c = 0; c < inputs; ++c) {
          const Rows<const T> in{plane(input, block, c) + (y - 1) * input_pitch - kLanes, input_pitch};
          kernels_.tile_inputs({with_zeros(in, around, {shape.height - y + 2, shape.width + 2}), pair, here, tiles,
                                sides + c * side, inputs * side, lanes_});
        }
      });
      for (int64_t column = 0; column < columns_; ++column) {
        for (int64_t o = 0; o < outputs; ++o) {
          const Rows<const T> in{planes.row(column, o, y), planes.pitch};
          kernels_.tile_gradients({with_zeros(in, under, {rows.end - y, shape.width}), pair, here, tiles,
                                   gradient_sides + o * side, outputs * side, lanes_});
        }
        each_group([&](int64_t, int64_t inputs, const T* sides, double* first) {
          const int64_t l = paired(block) ? 2 * column : column, of_row = outputs * inputs * kTileTaps;
          double* const sums = first + l * pitch;
          double* const next = l + 1 < count_ ? sums + pitch : workspace_.unwanted.data();
          for (int64_t row = 0; row < 2; ++row) {
            kernels_.correlate_tiles({gradient_sides + row * outputs * side, sides + row * inputs * side, outputs, inputs,
                                      here * tiles, sums + row * of_row, paired(block) ? next + row * of_row : nullptr,
                                      lanes_});
          }
        });
      }
    }
  }
}

template <typename T>
int64_t BackwardPass<T>::tile_sums(int64_t v) const {
  int64_t sums = 0;
  for (const JointGroups& groups : program_.joint_groups(v)) {
    if (groups.in_tiles) sums += kTileSide * kTileTaps * graph_[v].shape.channels * graph_[groups.first->input].shape.channels;
  }
  return sums;
}

// Rows of products, whose sums along the row are made, added up along the columns.
template <typename T>
void BackwardPass<T>::add_tile_sums(int64_t v, int64_t sums) {
  constexpr double kA = kTileShareA, kB = kTileShareB;
  constexpr double kTaps[kTileTaps][kTileSide] = {{kTileShares[0], 0, kA, kA, kB, kB},
                                                  {0, 0, kA * kTileA, -kA * kTileA, kB * kTileB, -kB * kTileB},
                                                  {0, 1, kA * kTileA2, kA * kTileA2, kB * kTileB2, kB * kTileB2}};
  const int64_t outputs = graph_[v].shape.channels, pitch = tile_sums(v);
  for (int64_t l = 0; l < count_; ++l) {
    const double* from = workspace_.tile_sums.data() + l * pitch;
    double* to = workspace_.correlations.data() + l * sums;
    for (const JointGroups& groups : program_.joint_groups(v)) {
      const int64_t of_row = outputs * groups.terms / kTileTaps;  // terms are taps of three rows
      if (groups.in_tiles) {
        int64_t term_of[kTileTaps][kTileTaps];
        for (int64_t t = 0; t < 9; ++t) {
          const Pair tap = groups.first->taps[static_cast<size_t>(t)];
          term_of[tap.height + 1][tap.width + 1] = t;
        }
        for (int64_t i = 0; i < of_row; ++i) {
          double row_sums[kTileTaps] = {};
          for (int64_t row = 0; row < kTileSide; ++row) {
            for (int64_t y = 0; y < kTileTaps; ++y) row_sums[y] += kTaps[y][row] * from[row * of_row + i];
          }
          for (int64_t y = 0; y < kTileTaps; ++y) to[i / kTileTaps * 9 + term_of[y][i % kTileTaps]] = row_sums[y];
        }
        from += kTileSide * of_row;
      }
      to += outputs * groups.terms;
    }
  }
}

template void BackwardPass<float>::gather_tiles(const Gather&, const float*, const GradientPlanes<float>&, int64_t,
                                                const GradientPlanes<float>&, int64_t, RowRange, bool);
template void BackwardPass<double>::gather_tiles(const Gather&, const double*, const GradientPlanes<double>&, int64_t,
                                                 const GradientPlanes<double>&, int64_t, RowRange, bool);
template void BackwardPass<float>::correlate_in_tiles(int64_t, const GradientPlanes<float>&, int64_t, RowRange);
template void BackwardPass<double>::correlate_in_tiles(int64_t, const GradientPlanes<double>&, int64_t, RowRange);
template int64_t BackwardPass<float>::tile_sums(int64_t) const;
template int64_t BackwardPass<double>::tile_sums(int64_t) const;
template void BackwardPass<float>::add_tile_sums(int64_t, int64_t);
template void BackwardPass<double>::add_tile_sums(int64_t, int64_t);

}  // namespace winnow
