#include "cuda/plan/value_reader.h"

#include <algorithm>

namespace winnow {

template <typename T>
ValueReader<T>::ValueReader(const Machine& machine, const Graph& graph, const MachineLayout& layout, const Memory<T>& memory,
                            int64_t passes)
    : machine_(machine),
      graph_(graph),
      layout_(layout),
      memory_(memory),
      scale_(static_cast<size_t>(passes * layout.norm_channels())),
      shift_(scale_) {
  const auto bytes = static_cast<int64_t>(scale_.size() * sizeof(double));
  machine_.download(scale_.data(), memory_.norms.scale, bytes);
  machine_.download(shift_.data(), memory_.norms.shift, bytes);
}

template <typename T>
void ValueReader<T>::read(int64_t pass, const Program& row, int64_t value, double* out) {
  const Shape& shape = graph_[value].shape;
  const int64_t channel = layout_.batch() * shape.height * shape.width;
  if (!row.runs(value)) {
    std::fill_n(out, shape.channels * channel, 0.0);
    return;
  }
  // A lazy norm is not stored: its input is, and what it makes of it is known.
  const bool lazy = graph_[value].lazy;
  const int64_t stored = lazy ? graph_[value].inputs[0] : value;
  planes_.resize(static_cast<size_t>(shape.channels * channel));
  machine_.download(planes_.data(), memory_.values + pass * layout_.value_elements() + layout_.value(stored),
                    static_cast<int64_t>(planes_.size() * sizeof(T)));
  const T* plane = planes_.data();
  for (int64_t c = 0; c < shape.channels; ++c) {
    const auto norm = static_cast<size_t>(pass * layout_.norm_channels() + layout_.norm(value) + c);
    const double scale = lazy ? scale_[norm] : 1, shift = lazy ? shift_[norm] : 0;
    for (int64_t i = 0; i < channel; ++i) *out++ = scale * static_cast<double>(*plane++) + shift;
  }
}

template class ValueReader<float>;
template class ValueReader<double>;

}  // namespace winnow
