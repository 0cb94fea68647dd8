// What a backward pass takes by minimal filtering (kernels/kernels.h, TileRow): what convolutions send back, and the correlations behind
// their weights' gradients.
#include <algorithm>

#include "plan/backward_pass.h"

namespace winnow {

// A few tiles at a time and of those a row of products: what is multiplied of all planes stays in the first-level cache, or nearly.
template <typename T>
void BackwardPass<T>::gather_tiles(const Gather& gather, const T* packed, const GradientPlanes<T>& planes, int64_t l,
                                   const GradientPlanes<T>& dest, int64_t width, RowRange rows, bool add) {
  constexpr int64_t kTiles = 8;
  const int64_t outputs = gather.phases[0].tiles[0].outputs, input_plane = kTiles * kLanes;
  // A line more from product to product: they would else often lie a power of two apart.
  const int64_t input_step = gather.planes * input_plane + kLanes;
  workspace_.tiles.resize(std::max(workspace_.tiles.size(), static_cast<size_t>(kTileSide * input_step)));
  T* const inputs = workspace_.tiles.data();
  for (int64_t y = rows.first; y < rows.end; y += 2) {
    for (int64_t x = 0; x < width; x += 2 * kTiles) {
      const int64_t pixels = std::min(2 * kTiles, width - x), tiles = (pixels + 1) / 2;
      const Rows<T> out{dest.row(l, 0, y) + x * kLanes, dest.pitch};
      for (int64_t row = 0; row < kTileSide; ++row) {
        for (int64_t p = 0; p < gather.planes; ++p) {
          const Rows<const T> in{planes.row(0, p, y - 1) + (x - 1) * kLanes, planes.pitch};
          kernels_.tile_inputs({in, row, 1, tiles, inputs + p * input_plane, input_step, lanes_});
        }
        const T* const weights = packed + row * kTileSide * gather.planes * outputs;
        kernels_.tile_outputs({inputs, input_step, input_plane, weights, gather.planes, outputs, row, out, dest.plane,
                               std::min<int64_t>(2, rows.end - y), pixels, lanes_, add});
      }
    }
  }
}

// Some rows of tiles at a time and of those a row of products: the inputs' sides serve all columns, a column's sides all inputs.
template <typename T>
void BackwardPass<T>::correlate_in_tiles(int64_t v, const GradientPlanes<T>& planes, int64_t block, RowRange rows) {
  const Shape& shape = graph_[v].shape;
  const int64_t outputs = shape.channels, tiles = shape.width / 2, pitch = tile_sums(v);
  const int64_t most = std::max<int64_t>(1, kTilesAtOnce / tiles);  // rows of tiles
  // A line more from product to product: they would else often lie a power of two apart.
  const auto step_of = [&](int64_t channels) { return channels * most * tiles * kLanes + kLanes; };
  int64_t elements = kTileSide * step_of(outputs);
  for (const JointGroups& groups : program_.joint_groups(v)) {
    if (groups.in_tiles) elements += kTileSide * step_of(graph_[groups.first->input].shape.channels);
  }
  workspace_.tiles.resize(std::max(workspace_.tiles.size(), static_cast<size_t>(elements)));
  T* const gradient_sides = workspace_.tiles.data();
  T* const first_side = gradient_sides + kTileSide * step_of(outputs);
  for (int64_t y = rows.first; y < rows.end; y += 2 * most) {
    const int64_t here = std::min(most, (rows.end - y) / 2), each = here * tiles * kLanes;  // elements of a plane's product
    for (int64_t row = 0; row < kTileSide; ++row) {
      // Calls body(input, its channels, its sides, the row's sums of the first cotangent) for every group.
      const auto each_group = [&](auto body) {
        T* sides = first_side;
        double* sums = workspace_.tile_sums.data();
        for (const JointGroups& groups : program_.joint_groups(v)) {
          if (!groups.in_tiles) continue;
          const int64_t input = groups.first->input, inputs = graph_[input].shape.channels,
                        products = outputs * inputs * kTileSide;
          const Timed timed(state_.timing, input, Phase::kWeights);
          body(input, inputs, sides, sums + row * products);
          sides += kTileSide * step_of(inputs), sums += kTileSide * products;
        }
      };
      each_group([&](int64_t input, int64_t inputs, T* sides, double*) {
        const int64_t input_pitch = layout_.planes[input].pitch;
        for (int64_t c = 0; c < inputs; ++c) {
          const Rows<const T> in{plane(input, block, c) + (y - 1) * input_pitch - kLanes, input_pitch};
          kernels_.tile_inputs({in, row, here, tiles, sides + c * each, step_of(inputs), lanes_});
        }
      });
      for (int64_t column = 0; column < columns_; ++column) {
        for (int64_t o = 0; o < outputs; ++o) {
          const Rows<const T> in{planes.row(column, o, y), planes.pitch};
          kernels_.tile_gradients({in, row, here, tiles, gradient_sides + o * each, step_of(outputs), lanes_});
        }
        each_group([&](int64_t, int64_t inputs, const T* sides, double* first) {
          const int64_t l = paired(block) ? 2 * column : column;
          double* const sums = first + l * pitch;
          double* const next = l + 1 < count_ ? sums + pitch : workspace_.unwanted.data();
          kernels_.correlate_tiles({gradient_sides, sides, step_of(outputs), step_of(inputs), kTileSide, outputs, inputs,
                                    here * tiles, sums, paired(block) ? next : nullptr, lanes_});
        });
      }
    }
  }
}

template <typename T>
int64_t BackwardPass<T>::tile_sums(int64_t v) const {
  int64_t sums = 0;
  for (const JointGroups& groups : program_.joint_groups(v)) {
    if (groups.in_tiles) sums += kTileProducts * graph_[v].shape.channels * graph_[groups.first->input].shape.channels;
  }
  return sums;
}

template <typename T>
void BackwardPass<T>::add_tile_sums(int64_t v, int64_t sums) {
  const int64_t outputs = graph_[v].shape.channels, pitch = tile_sums(v);
  // Of one axis: r of p.
  constexpr double kTaps[3][kTileSide] = {{1, 0.5, 0.5, 0}, {0, 0.5, -0.5, 0}, {0, 0.5, 0.5, -1}};
  for (int64_t l = 0; l < count_; ++l) {
    const double* from = workspace_.tile_sums.data() + l * pitch;
    double* to = workspace_.correlations.data() + l * sums;
    for (const JointGroups& groups : program_.joint_groups(v)) {
      const int64_t pairs = outputs * groups.terms / 9;
      for (int64_t i = 0; groups.in_tiles && i < pairs; ++i) {
        double columns[kTileSide][3] = {};  // of the rows of products: their sums by column of taps
        for (int64_t row = 0; row < kTileSide; ++row) {
          for (int64_t k = 0; k < kTileSide; ++k) {
            const double sum = from[(row * kTileSide + k) * pairs + i];
            for (int64_t x = 0; x < 3; ++x) columns[row][x] += kTaps[x][k] * sum;
          }
        }
        for (size_t t = 0; t < 9; ++t) {
          const Pair tap = groups.first->taps[t];
          double sum = 0;
          for (int64_t row = 0; row < kTileSide; ++row) sum += kTaps[tap.height + 1][row] * columns[row][tap.width + 1];
          to[i * 9 + static_cast<int64_t>(t)] = sum;
        }
      }
      if (groups.in_tiles) from += kTileProducts * pairs;
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
