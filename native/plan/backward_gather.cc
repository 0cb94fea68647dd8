// What convolutions send back: gathers over rows of gradients that are made just before they are read, or read as they lie.
#include <algorithm>

#include "plan/backward_pass.h"

namespace winnow {

template <typename T>
void BackwardPass<T>::gather_rows(const Gather& gather, const T* packed, const Shape& in, const GradientPlanes<T>& dest,
                                  const Shape& out, RowRange rows, bool add, const MakeRows& make_rows) {
  // A pool with a transient gradient asks for more than a strip: the rows that its windows reach.
  const int64_t most = strip_rows(out);
  if (rows.count() > most) {
    for (int64_t y = rows.first; y < rows.end; y += most) {
      gather_rows(gather, packed, in, dest, out, {y, std::min(y + most, rows.end)}, add, make_rows);
    }
    return;
  }
  const int64_t sy = gather.output_stride.height;
  const int64_t first_base = rows.first / sy, last_base = (rows.end - 1) / sy;
  // The rows that the terms reach, zeros where they reach beyond the planes.
  const int64_t first = first_base + gather.first_dy;
  const int64_t end = last_base + gather.last_dy + 1 + (gather.in_tiles ? to_whole_tiles(rows.count()) : 0);
  Around zeros = around(gather, in, out);
  if (gather.in_tiles) zeros.right += to_whole_tiles(out.width);
  const int64_t before = zeros.left, after = zeros.right;
  const int64_t pitch = (before + in.width + after) * kLanes, plane = (end - first) * pitch;
  T* strip = workspace_.scratch.template at<T>(0);
  for (int64_t p = 0; p < gather.planes; ++p) {
    for (int64_t y = first; y < end; ++y) {
      T* row = strip + p * plane + (y - first) * pitch;
      const bool inside = y >= 0 && y < in.height;
      std::fill(row, row + (inside ? before * kLanes : pitch), T{0});
      std::fill(row + pitch - after * kLanes, row + pitch, T{0});
    }
  }
  const RowRange inside{std::max<int64_t>(first, 0), std::min(end, in.height)};
  const GradientPlanes<T> planes{strip - first * pitch + before * kLanes, 0, plane, pitch};
  for (int64_t l = 0; l < columns_; ++l) {
    for (int64_t p = 0; p < gather.planes && inside.count() > 0; ++p) {
      make_rows(l, p, inside, Rows<T>{planes.row(0, p, inside.first), pitch});
    }
    if (gather.in_tiles) {
      gather_tiles(gather, packed, planes, l, dest, out.width, rows, add);
    } else {
      gather_planes(gather, packed, planes, l, dest, out, rows, add);
    }
  }
}

template <typename T>
void BackwardPass<T>::gather_planes(const Gather& gather, const T* packed, const GradientPlanes<T>& planes, int64_t l,
                                    const GradientPlanes<T>& dest, const Shape& out, RowRange rows, bool add) {
  const int64_t sy = gather.output_stride.height, sx = gather.output_stride.width;
  // First row of a phase, in rows of the planes.
  const auto base_of = [&](const GatherPhase& phase) { return rows.first / sy + (phase.y < rows.first % sy ? 1 : 0); };
  std::vector<const T*>& terms = workspace_.rows;
  if (l > 0) {
    for (const T*& term : terms) term += planes.step;
  } else {
    terms.clear();
    for (const GatherPhase& phase : gather.phases) {
      for (const GatherTerm& term : phase.terms) {
        terms.push_back(planes.row(l, term.plane, base_of(phase) + term.dy) + term.dx * kLanes);
      }
    }
  }
  const T* const* phase_terms = terms.data();
  for (const GatherPhase& phase : gather.phases) {
    const int64_t y = base_of(phase) * sy + phase.y;
    for (const GatherTile& tile : phase.tiles) {
      if (y >= rows.end || phase.x >= out.width) break;
      if (tile.terms == 0 && add) continue;  // a phase without taps, or a channel that other parts send to
      GatherRows<T> call{phase_terms + tile.first_term,
                         packed + tile.weights,
                         tile.terms,
                         tile.outputs,
                         planes.pitch,
                         kLanes,
                         dest.row(l, tile.first, y) + phase.x * kLanes,
                         dest.plane,
                         sy * dest.pitch,
                         sx * kLanes,
                         (rows.end - y + sy - 1) / sy,
                         (out.width - phase.x + sx - 1) / sx,
                         lanes_,
                         add};
      call.grids = tile.tap_grids();
      kernels_.gather(call);
    }
    phase_terms += phase.terms.size();
  }
}

template <typename T>
void BackwardPass<T>::convolved(int64_t v, const DataGroup& group, const T* packed, int64_t block, RowRange rows,
                                const GradientPlanes<T>& dest, bool add) {
  const Shape& shape = graph_[group.convolutions[0]].shape;
  planes_.clear();
  for (size_t k = 0; k < group.parts.size(); ++k) {
    const int64_t convolution = group.convolutions[k], norm = program_.gradient_value(convolution);
    const GradientSource& source = program_.source(norm);
    const GradientPlanes<T> from = gradient(source.value, block);
    for (int64_t o = group.parts[k].first; o < group.parts[k].first + group.parts[k].count; ++o) {
      planes_.push_back({from.from_channel(o), static_cast<T>(source.coefficient), norm, o,
                         norm == convolution ? nullptr : plane(convolution, block, o), layout_.planes[convolution].pitch});
    }
  }
  gather_rows(
      group.gather, packed, shape, dest, graph_[v].shape, rows, add,
      [&](int64_t l, int64_t plane, RowRange made, const Rows<T>& out) {
        const GradientPlane& p = planes_[static_cast<size_t>(plane)];
        const Rows<const T> from{p.gradient.row(l, 0, made.first), p.gradient.pitch};
        if (p.value != nullptr) {
          norm_rows(p.norm, l, p.channel, block, out, from, {p.value + made.first * p.pitch, p.pitch}, made.count(), false);
          return;
        }
        for (int64_t y = 0; y < made.count(); ++y) {
          kernels_.scale(out.at + y * out.pitch, from.at + y * from.pitch, p.factor, shape.width, false);
        }
      });
}

template <typename T>
void BackwardPass<T>::send(int64_t convolution, int64_t block, RowRange made, bool add) {
  const Timed timed(state_.timing, convolution, Phase::kData);
  const int64_t v = graph_[convolution].inputs[0], height = graph_[convolution].shape.height;
  const Shape& shape = graph_[v].shape;
  const T* packed = state_.packed_backward[v].data();
  for (const DataGroup& group : program_.data_groups(v)) {
    if (group.convolutions[0] == convolution) {
      // Rows of the input whose last term lies in the first `end` rows of the planes.
      const auto reached = [&](int64_t end) {
        const int64_t bases = std::max<int64_t>(0, end - std::max<int64_t>(0, group.gather.last_dy));
        return end == height ? shape.height : std::min(shape.height, bases * group.gather.output_stride.height);
      };
      const RowRange rows{made.first == 0 ? 0 : reached(made.first), reached(made.end)};
      for (int64_t l = 0; l < columns_ && rows.count() > 0; ++l) {
        gather_planes(group.gather, packed, gradient(convolution, block), l, gradient(v, block), shape, rows, add);
      }
    }
    packed += group.gather.weights;
  }
}

template void BackwardPass<float>::gather_rows(const Gather&, const float*, const Shape&, const GradientPlanes<float>&,
                                               const Shape&, RowRange, bool, const MakeRows&);
template void BackwardPass<double>::gather_rows(const Gather&, const double*, const Shape&, const GradientPlanes<double>&,
                                                const Shape&, RowRange, bool, const MakeRows&);
template void BackwardPass<float>::convolved(int64_t, const DataGroup&, const float*, int64_t, RowRange,
                                             const GradientPlanes<float>&, bool);
template void BackwardPass<double>::convolved(int64_t, const DataGroup&, const double*, int64_t, RowRange,
                                              const GradientPlanes<double>&, bool);
template void BackwardPass<float>::send(int64_t, int64_t, RowRange, bool);
template void BackwardPass<double>::send(int64_t, int64_t, RowRange, bool);

}  // namespace winnow
