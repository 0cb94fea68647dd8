#include "plan/activations.h"

namespace winnow {

template <typename T>
void read_value(const Graph& graph, const Layout& layout, const State<T>& state, int64_t value, double* out) {
  const Shape& shape = graph[value].shape;
  const int64_t pixels = shape.height * shape.width;
  // A lazy norm is not stored: its input is, and what it makes of it is known.
  const bool lazy = graph[value].lazy;
  const int64_t stored = lazy ? graph[value].inputs[0] : value;
  const int64_t pitch = layout.planes[static_cast<size_t>(stored)].pitch;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const NormState& norm = state.norms[static_cast<size_t>(value)];
    const double scale = lazy ? norm.scale[static_cast<size_t>(c)] : 1, shift = lazy ? norm.shift[static_cast<size_t>(c)] : 0;
    for (int64_t n = 0; n < layout.batch; ++n, out += pixels) {
      const T* plane = state.plane(layout, stored, n / kLanes, c) + n % kLanes;
      for (int64_t y = 0; y < shape.height; ++y) {
        for (int64_t x = 0; x < shape.width; ++x)
          out[y * shape.width + x] = scale * double{plane[y * pitch + x * kLanes]} + shift;
      }
    }
  }
}

template void read_value(const Graph&, const Layout&, const State<float>&, int64_t, double*);
template void read_value(const Graph&, const Layout&, const State<double>&, int64_t, double*);

}  // namespace winnow
