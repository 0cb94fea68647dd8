#include "plan/gather.h"

#include <algorithm>
#include <array>

namespace winnow {
namespace {

const ConvolutionAttributes& attributes_of(const Value& convolution) {
  return std::get<ConvolutionAttributes>(convolution.attributes);
}

// A tile's terms as grids of taps. The first distance between rows, and between taps, that is found counts for all.
void find_grids(const std::vector<GatherTerm>& terms, GatherTile& tile) {
  struct Row {
    const GatherTerm* first;
    int64_t taps;
  };
  const auto end = static_cast<size_t>(tile.first_term + tile.terms);
  const auto near = [](int64_t distance) { return distance > 0 && distance <= kGridSpacing; };
  const auto distance = [&](size_t t) {  // to the term before it, 0 where that is in another row
    const GatherTerm &a = terms[t - 1], &b = terms[t];
    return a.plane == b.plane && a.dy == b.dy ? b.dx - a.dx : 0;
  };
  int64_t across = 0, down = 0;
  std::vector<Row> rows;
  for (auto t = static_cast<size_t>(tile.first_term); t < end;) {
    Row row{&terms[t], 1};
    for (size_t next = t + 1; next < end && row.taps < kGridTaps && near(distance(next)); ++next, ++row.taps) {
      if (across == 0) across = distance(next);
      if (across != distance(next)) break;
    }
    if (row.taps == 4) row.taps = 3;  // which the kernel does not have
    t += static_cast<size_t>(row.taps);
    rows.push_back(row);
  }
  for (size_t k = 0; k < rows.size(); ++k) {
    const bool alike = k > 0 && rows[k].taps == rows[k - 1].taps && rows[k].first->plane == rows[k - 1].first->plane &&
                       rows[k].first->dx == rows[k - 1].first->dx;
    const int64_t apart = alike ? rows[k].first->dy - rows[k - 1].first->dy : 0;
    if (down == 0 && near(apart)) down = apart;
    if (apart > 0 && apart == down) {
      ++tile.grids.back().rows;
    } else {
      tile.grids.push_back({1, rows[k].taps});
    }
  }
  tile.spacing = {std::max<int64_t>(1, down), std::max<int64_t>(1, across)};
}

bool are_tileable(const std::vector<ConvolutionPart>& parts) {
  return std::all_of(parts.begin(), parts.end(), [&](const ConvolutionPart& part) {
    const ConvolutionAttributes& a = attributes_of(*part.convolution);
    return a.is_plain(3) && a.groups == 1;
  });
}

// Cuts `planes` output planes from `first` on into tiles over the phase's terms [first_term, end).
void add_tiles(Gather& gather, GatherPhase& phase, int64_t first, int64_t planes, int64_t first_term) {
  const auto terms = static_cast<int64_t>(phase.terms.size()) - first_term;
  const int64_t tiles = (planes + kGatherOutputs - 1) / kGatherOutputs;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t begin = planes * t / tiles, end = planes * (t + 1) / tiles;  // even tiles: 7 is 3 + 4, not 6 + 1
    phase.tiles.push_back({first + begin, end - begin, first_term, terms, gather.weights, {}, {1, 1}});
    if (end - begin == 1 && gather.input_stride == Pair{1, 1}) find_grids(phase.terms, phase.tiles.back());
    gather.weights += terms * (end - begin);
  }
}

void lay_tiles(Gather& gather, const std::vector<ConvolutionPart>& parts, int64_t outputs) {
  GatherPhase phase{0, 0, {}, {}};
  int64_t plane = 0;
  for (size_t k = 0; k < parts.size(); ++k) {
    for (int64_t o = parts[k].first; o < parts[k].first + parts[k].count; ++o) {
      phase.terms.push_back({plane++, 0, 0, static_cast<int64_t>(k), o, 0, 0});
    }
  }
  phase.tiles.push_back({0, outputs, 0, plane, 0, {}, {1, 1}});
  gather.weights = kTileProducts * plane * outputs;
  gather.phases.push_back(std::move(phase));
  gather.first_dy = gather.first_dx = -1, gather.last_dy = gather.last_dx = 1;
}

void find_range(Gather& gather) {
  bool first = true;
  for (const GatherPhase& phase : gather.phases) {
    for (const GatherTerm& term : phase.terms) {
      gather.first_dy = first ? term.dy : std::min(gather.first_dy, term.dy);
      gather.last_dy = first ? term.dy : std::max(gather.last_dy, term.dy);
      gather.first_dx = first ? term.dx : std::min(gather.first_dx, term.dx);
      gather.last_dx = first ? term.dx : std::max(gather.last_dx, term.dx);
      first = false;
    }
  }
}

// The same along one axis.
int64_t cells(int64_t window, int64_t side, int64_t kernel, int64_t stride, int64_t padding, bool count_padding) {
  const int64_t first = window * stride - padding, last = first + kernel;
  if (count_padding) return std::min(last, side + padding) - first;
  return std::min(last, side) - std::max<int64_t>(first, 0);
}

}  // namespace

int64_t strip_plane_elements(const std::vector<const Value*>& readers, const Shape& in) {
  int64_t reach_height = 0, reach_width = 0;
  for (const Value* reader : readers) {
    Pair kernel, stride, dilation{1, 1};
    if (reader->operation == WINNOW_CONVOLUTION) {
      const ConvolutionAttributes& a = attributes_of(*reader);
      kernel = a.kernel, stride = a.stride, dilation = a.dilation;
    } else {
      const auto& a = std::get<PoolAttributes>(reader->attributes);
      kernel = a.kernel, stride = a.stride;
    }
    // Phases of a stride round their reach up.
    reach_height = std::max(reach_height, dilation.height * (kernel.height - 1) + (stride.height > 1 ? 3 : 0));
    reach_width = std::max(reach_width, dilation.width * (kernel.width - 1) + (stride.width > 1 ? 3 : 0));
  }
  const int64_t rows = std::min(strip_rows(in), in.height);
  const int64_t width = std::max(in.width, readers[0]->shape.width);
  return elements_of({rows + to_whole_tiles(rows) + reach_height, width + to_whole_tiles(width) + 2 * reach_width, kLanes},
                     "a pass");
}

int64_t window_cells(const PoolAttributes& p, const Shape& image, int64_t y, int64_t x) {
  return cells(y, image.height, p.kernel.height, p.stride.height, p.padding.height, p.count_include_pad) *
         cells(x, image.width, p.kernel.width, p.stride.width, p.padding.width, p.count_include_pad);
}

bool tiles_pay(const Shape& image, int64_t pairs, int64_t rest) {
  const int64_t rows = std::min(strip_rows(image), image.height);
  const int64_t tiled = tiles_of(rows) * tiles_of(image.width) * kTilePixels * kTilePixels;
  return 36 * pairs * rows * image.width > tiled * (9 * pairs + 4 * rest);
}

Around around(const Gather& gather, const Shape& in, const Shape& out) {
  const auto before = [](int64_t first) { return std::max<int64_t>(0, -first); };
  const auto after = [](int64_t last, int64_t from, int64_t to, int64_t stride) {
    return std::max<int64_t>(0, (to - 1) / stride + last - (from - 1));
  };
  return {before(gather.first_dy), after(gather.last_dy, in.height, out.height, gather.output_stride.height),
          before(gather.first_dx), after(gather.last_dx, in.width, out.width, gather.output_stride.width)};
}

Gather forward_gather(const Value& convolution, const Shape& in) {
  const ConvolutionAttributes& a = attributes_of(convolution);
  Gather gather;
  gather.input_stride = a.stride;
  gather.planes = in.channels;
  gather.phases.push_back({});
  GatherPhase& phase = gather.phases[0];
  const int64_t group_in = in.channels / a.groups, group_out = a.outputs / a.groups;
  for (int64_t g = 0; g < a.groups; ++g) {
    const auto first_term = static_cast<int64_t>(phase.terms.size());
    for (int64_t c = 0; c < group_in; ++c) {
      for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
        for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
          phase.terms.push_back({g * group_in + c, ky * a.dilation.height - a.padding.height,
                                 kx * a.dilation.width - a.padding.width, 0, 0, ky * a.kernel.width + kx, c});
        }
      }
    }
    add_tiles(gather, phase, g * group_out, group_out, first_term);
  }
  find_range(gather);
  return gather;
}

Gather backward_gather(const std::vector<ConvolutionPart>& parts, const Shape& in, bool may_tile) {
  Gather gather;
  gather.output_stride = attributes_of(*parts[0].convolution).stride;
  for (const ConvolutionPart& part : parts) gather.planes += part.count;
  // A plane's sides and an output's sums cost 16 multiply-adds each.
  if (may_tile && are_tileable(parts) && tiles_pay(in, gather.planes * in.channels, 16 * (gather.planes + in.channels))) {
    gather.in_tiles = true;
    lay_tiles(gather, parts, in.channels);
    return gather;
  }
  // Tiles must not straddle a group of any convolution; with groups the terms differ from group to group.
  int64_t groups = 1;
  for (const ConvolutionPart& part : parts) groups = std::max(groups, attributes_of(*part.convolution).groups);
  const int64_t group_in = in.channels / groups;
  for (int64_t py = 0; py < gather.output_stride.height; ++py) {
    for (int64_t px = 0; px < gather.output_stride.width; ++px) {
      GatherPhase phase{py, px, {}, {}};
      for (int64_t g = 0; g < groups; ++g) {
        const auto first_term = static_cast<int64_t>(phase.terms.size());
        int64_t plane = 0;
        for (size_t k = 0; k < parts.size(); ++k) {
          const ConvolutionAttributes& a = attributes_of(*parts[k].convolution);
          // Output channels that read this group's input channels: all of an ungrouped convolution.
          const int64_t outputs = a.outputs / a.groups, group_first = a.groups == 1 ? 0 : g * outputs;
          const int64_t first = std::max(parts[k].first, group_first);
          for (int64_t o = first; o < std::min(parts[k].first + parts[k].count, group_first + outputs); ++o) {
            // From the last tap on, so that terms go forward through the planes.
            for (int64_t ky = a.kernel.height - 1; ky >= 0; --ky) {
              const int64_t dy = py + a.padding.height - ky * a.dilation.height;
              if (dy % a.stride.height != 0) continue;
              for (int64_t kx = a.kernel.width - 1; kx >= 0; --kx) {
                const int64_t dx = px + a.padding.width - kx * a.dilation.width;
                if (dx % a.stride.width != 0) continue;
                phase.terms.push_back({plane + o - parts[k].first, dy / a.stride.height, dx / a.stride.width,
                                       static_cast<int64_t>(k), o, ky * a.kernel.width + kx, 0});
              }
            }
          }
          plane += parts[k].count;
        }
        add_tiles(gather, phase, g * group_in, group_in, first_term);
      }
      gather.phases.push_back(std::move(phase));
    }
  }
  find_range(gather);
  return gather;
}

template <typename T>
void pack_forward(const Gather& gather, const TensorValues& weights, int64_t inputs, int64_t taps, T* packed) {
  const GatherPhase& phase = gather.phases[0];
  for (const GatherTile& tile : phase.tiles) {
    T* out = packed + tile.weights;
    for (int64_t t = 0; t < tile.terms; ++t) {
      const GatherTerm& term = phase.terms[static_cast<size_t>(tile.first_term + t)];
      for (int64_t o = 0; o < tile.outputs; ++o) {
        *out++ = static_cast<T>(weights[static_cast<size_t>(((tile.first + o) * inputs + term.in) * taps + term.tap)]);
      }
    }
  }
}

// The weights' sides of the products of one pair of planes, 3x3 taps as they lie in the tensor: turned round, as they go back.
std::array<double, kTileProducts> tile_weights(const TensorValues& weights, int64_t first) {
  const auto sides = [](double g0, double g1, double g2) {
    const double a = g0 + kTileA2 * g2, of_a = kTileA * g1, b = g0 + kTileB2 * g2, of_b = kTileB * g1;
    std::array<double, kTileSide> v{g0, g2, a + of_a, a - of_a, b + of_b, b - of_b};
    for (size_t k = 0; k < kTileSide; ++k) v[k] *= kTileShares[k];
    return v;
  };
  const auto tap = [&](int64_t y, int64_t x) { return weights[static_cast<size_t>(first + (2 - y) * 3 + 2 - x)]; };
  std::array<std::array<double, kTileSide>, 3> columns;
  for (int64_t x = 0; x < 3; ++x) columns[static_cast<size_t>(x)] = sides(tap(0, x), tap(1, x), tap(2, x));
  std::array<double, kTileProducts> products;
  for (size_t y = 0; y < kTileSide; ++y) {
    const std::array<double, kTileSide> row = sides(columns[0][y], columns[1][y], columns[2][y]);
    std::copy(row.begin(), row.end(), products.begin() + static_cast<int64_t>(y) * kTileSide);
  }
  return products;
}

template <typename T>
void pack_tiles(const Gather& gather, int64_t inputs, const std::vector<TensorValues>& weights, T* packed) {
  const GatherPhase& phase = gather.phases[0];
  for (const GatherTile& tile : phase.tiles) {
    for (int64_t t = 0; t < tile.terms; ++t) {
      const GatherTerm& term = phase.terms[static_cast<size_t>(t)];
      for (int64_t c = 0; c < tile.outputs; ++c) {
        const std::array<double, kTileProducts> products =
            tile_weights(weights[static_cast<size_t>(term.part)], (term.out * inputs + tile.first + c) * 9);
        for (int64_t p = 0; p < kTileProducts; ++p) {
          const int64_t row = p / kTileSide, at = ((row * tile.terms + t) * tile.outputs + c) * kTileSide + p % kTileSide;
          packed[tile.weights + at] = static_cast<T>(products[static_cast<size_t>(p)]);
        }
      }
    }
  }
}

template <typename T>
void pack_backward(const Gather& gather, const std::vector<ConvolutionPart>& parts, const Shape& in,
                   const std::vector<TensorValues>& weights, T* packed) {
  if (gather.in_tiles) return pack_tiles(gather, in.channels, weights, packed);
  for (const GatherPhase& phase : gather.phases) {
    for (const GatherTile& tile : phase.tiles) {
      T* out = packed + tile.weights;
      for (int64_t t = 0; t < tile.terms; ++t) {
        const GatherTerm& term = phase.terms[static_cast<size_t>(tile.first_term + t)];
        const ConvolutionAttributes& a = attributes_of(*parts[static_cast<size_t>(term.part)].convolution);
        const int64_t inputs = in.channels / a.groups, taps = a.kernel.height * a.kernel.width;
        const TensorValues& w = weights[static_cast<size_t>(term.part)];
        for (int64_t c = 0; c < tile.outputs; ++c) {
          const int64_t channel = (tile.first + c) % inputs;  // within its group
          *out++ = static_cast<T>(w[static_cast<size_t>((term.out * inputs + channel) * taps + term.tap)]);
        }
      }
    }
  }
}

template void pack_forward(const Gather&, const TensorValues&, int64_t, int64_t, float*);
template void pack_forward(const Gather&, const TensorValues&, int64_t, int64_t, double*);
template void pack_backward(const Gather&, const std::vector<ConvolutionPart>&, const Shape&, const std::vector<TensorValues>&,
                            float*);
template void pack_backward(const Gather&, const std::vector<ConvolutionPart>&, const Shape&, const std::vector<TensorValues>&,
                            double*);

}  // namespace winnow
