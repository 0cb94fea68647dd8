// Convolutions of a forward pass: rows of a block of samples, or, of small images, rows of the whole batch.
#include <algorithm>

#include "plan/forward.h"

namespace winnow {

template <typename T>
void Forward<T>::convolve(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  if (layout_.by_batch(value) && a.is_plain(1)) {
    convolve_points(v);
  } else if (layout_.by_batch(value)) {
    convolve_blocks(v);
  } else {
    convolve_rows(graph_, layout_, kernels_, v, weight_values(graph_.network(), parameters_, value.node()), state_, state_,
                  state_.packed_forward[v], false);
  }
  const TensorValues bias = bias_values(graph_.network(), parameters_, value.node());
  if (bias.empty()) return;
  winnow::each_row(layout_, value.shape, [&](int64_t b, int64_t c, int64_t y) {
    T* row = plane(v, b, c) + y * layout_.planes[v].pitch;
    kernels_.affine(row, row, T{1}, static_cast<T>(bias[static_cast<size_t>(c)]), value.shape.width);
  });
  clear_unused_lanes(v);
}

// Small images, 1x1: an output channel is a weighted sum of the input channels of its group.
template <typename T>
void Forward<T>::convolve_points(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  const int64_t input = value.inputs[0], inputs = graph_[input].shape.channels / a.groups, outputs = a.outputs / a.groups;
  const TensorValues weights = weight_values(graph_.network(), parameters_, value.node());
  std::vector<T>& packed = state_.packed_forward[v];
  packed.resize(weights.size());
  for (size_t k = 0; k < packed.size(); ++k) packed[k] = static_cast<T>(weights[k]);
  std::vector<ChannelPlanes<const T>> in(static_cast<size_t>(inputs));
  for (int64_t o = 0; o < a.outputs; ++o) {
    for (int64_t c = 0; c < inputs; ++c) in[static_cast<size_t>(c)] = channel(input, o / outputs * inputs + c);
    kernels_.weighted_sum({channel_out(v, o), in.data(), packed.data() + o * inputs, inputs, extent(value.shape), T{0}});
  }
}

// Small images: the pixels of an output row are the gather's outputs, the input pixels that reach one of them its terms, and the
// blocks of the batch its pixels. A call makes a row of the whole batch, and taps outside the image cost nothing.
template <typename T>
void Forward<T>::convolve_blocks(int64_t v) {
  const Value& value = graph_[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  const int64_t input = value.inputs[0], width = value.shape.width;
  const Shape& from = graph_[input].shape;
  const Planes &in = layout_.planes[input], &out = layout_.planes[v];
  const TensorValues weights = weight_values(graph_.network(), parameters_, value.node());
  const int64_t inputs = from.channels / a.groups, outputs = a.outputs / a.groups, taps = a.kernel.height * a.kernel.width;
  std::vector<const T*>& terms = state_.terms;
  std::vector<T>& packed = state_.packed_forward[v];
  std::vector<T> reach;
  std::vector<char> reaching;
  for (int64_t o = 0; o < a.outputs; ++o) {
    for (int64_t y = 0; y < value.shape.height; ++y) {
      terms.clear();
      packed.clear();
      for (int64_t c = 0; c < inputs; ++c) {
        const T* source = plane(input, 0, o / outputs * inputs + c);
        const int64_t first = (o * inputs + c) * taps;
        for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
          const int64_t row = y * a.stride.height - a.padding.height + ky * a.dilation.height;
          if (row < 0 || row >= from.height) continue;
          // By column of the image, what its pixel gives to each pixel of the output.
          reach.assign(static_cast<size_t>(from.width * width), T{0});
          reaching.assign(static_cast<size_t>(from.width), false);
          for (int64_t x = 0; x < width; ++x) {
            for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
              const int64_t column = x * a.stride.width - a.padding.width + kx * a.dilation.width;
              if (column < 0 || column >= from.width) continue;
              reach[static_cast<size_t>(column * width + x)] =
                  static_cast<T>(weights[static_cast<size_t>(first + ky * a.kernel.width + kx)]);
              reaching[static_cast<size_t>(column)] = true;
            }
          }
          for (int64_t column = 0; column < from.width; ++column) {
            if (!reaching[static_cast<size_t>(column)]) continue;
            terms.push_back(source + row * in.pitch + column * kLanes);
            packed.insert(packed.end(), reach.begin() + column * width, reach.begin() + (column + 1) * width);
          }
        }
      }
      kernels_.gather({terms.data(), packed.data(), static_cast<int64_t>(terms.size()), width, 0, in.block,
                       plane(v, 0, o) + y * out.pitch, kLanes, 0, out.block, 1, layout_.blocks, kLanes, false});
    }
  }
}

template <typename T>
void convolve_rows(const Graph& graph, const Layout& layout, const Kernels<T>& kernels, int64_t v, const TensorValues& weights,
                   const State<T>& from, const State<T>& to, std::vector<T>& packed, bool add) {
  const Value& value = graph[v];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  const int64_t input = value.inputs[0], inputs = graph[input].shape.channels / a.groups;
  const Gather gather = forward_gather(value, graph[input].shape);
  packed.resize(static_cast<size_t>(gather.weights));
  pack_forward(gather, weights, inputs, a.kernel.height * a.kernel.width, packed.data());
  const GatherPhase& phase = gather.phases[0];
  const Planes &in = layout.planes[input], &out = layout.planes[v];
  std::vector<const T*> rows(phase.terms.size());
  std::vector<int64_t> offsets(phase.terms.size());
  for (size_t t = 0; t < rows.size(); ++t) {
    const GatherTerm& term = phase.terms[t];
    offsets[t] = term.plane * in.plane + term.dy * in.pitch + term.dx * kLanes;
  }
  const int64_t strip = strip_rows(value.shape);
  for (int64_t b = 0; b < layout.blocks; ++b) {
    for (int64_t y = 0; y < value.shape.height; y += strip) {
      const T* base = from.plane(layout, input, b, 0) + y * a.stride.height * in.pitch;
      for (size_t t = 0; t < rows.size(); ++t) rows[t] = base + offsets[t];
      for (const GatherTile& tile : phase.tiles) {
        GatherRows<T> call{rows.data() + tile.first_term,
                           packed.data() + tile.weights,
                           tile.terms,
                           tile.outputs,
                           a.stride.height * in.pitch,
                           a.stride.width * kLanes,
                           to.plane(layout, v, b, tile.first) + y * out.pitch,
                           out.plane,
                           out.pitch,
                           kLanes,
                           std::min(strip, value.shape.height - y),
                           value.shape.width,
                           kLanes,
                           add};
        call.grids = tile.tap_grids();
        kernels.gather(call);
      }
    }
  }
}

template void Forward<float>::convolve(int64_t);
template void Forward<double>::convolve(int64_t);
template void convolve_rows(const Graph&, const Layout&, const Kernels<float>&, int64_t, const TensorValues&,
                            const State<float>&, const State<float>&, std::vector<float>&, bool);
template void convolve_rows(const Graph&, const Layout&, const Kernels<double>&, int64_t, const TensorValues&,
                            const State<double>&, const State<double>&, std::vector<double>&, bool);

}  // namespace winnow
