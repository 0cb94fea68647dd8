#include "plan/state.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "kernels/kernels.h"
#include "plan/gather.h"
#include "runtime/failure.h"

namespace winnow {
namespace {

constexpr int64_t kSmallPixels = 16, kSmallOutputs = 3;

}  // namespace

int64_t elements_of(std::initializer_list<int64_t> factors, const char* what) {
  int64_t result = 1;
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) {
      throw Failure(WINNOW_OUT_OF_MEMORY, std::string(what) + " would take more than 2^63 elements");
    }
  }
  return result;
}

int64_t total_of(std::initializer_list<int64_t> parts, const char* what) {
  int64_t result = 0;
  for (const int64_t part : parts) {
    if (__builtin_add_overflow(result, part, &result)) {
      throw Failure(WINNOW_OUT_OF_MEMORY, std::string(what) + " would take more than 2^63 bytes");
    }
  }
  return result;
}

namespace {

// Own buffers that the pass at `value` reads through transient, aliased and virtual gradients of its consumers.
void reads_of(const Graph& graph, int64_t value, std::vector<int64_t>& read) {
  for (int64_t consumer : graph[value].consumers) {
    if (graph[consumer].sends) continue;
    consumer = graph.source_of(consumer);
    if (graph[consumer].gradient == GradientKind::kTransient) {
      reads_of(graph, consumer, read);
    } else if (graph[consumer].gradient == GradientKind::kOwn) {
      read.push_back(consumer);
    }
  }
}

// By value: the last value that is made from it. A norm that is applied where it is read keeps its input.
std::vector<int64_t> last_readers(const Graph& graph) {
  std::vector<int64_t> last(static_cast<size_t>(graph.size()));
  for (int64_t v = graph.size() - 1; v >= 0; --v) {
    last[v] = v == graph.output() ? graph.size() : v;
    for (const int64_t reader : graph[v].consumers) last[v] = std::max(last[v], graph[reader].lazy ? last[reader] : reader);
  }
  return last;
}

// Operations that leave part of their planes as they were: zero.
bool leaves_zeros(winnow_operation operation) { return operation == WINNOW_ZERO || operation == WINNOW_PAD_CROP; }

// Memory of values of equal planes, handed on when nobody reads it any more: the zeros around the planes stay.
class Recycling {
 public:
  using Geometry = std::array<int64_t, 5>;
  // An offset that is free when value v is made, -1 for none.
  int64_t take(const Geometry& geometry, int64_t v) {
    for (Buffer& buffer : buffers_[geometry]) {
      if (buffer.last_reader < v) return std::exchange(buffer.last_reader, INT64_MAX), buffer.offset;
    }
    return -1;
  }
  void give(const Geometry& geometry, int64_t offset, int64_t last_reader) {
    for (Buffer& buffer : buffers_[geometry]) {
      if (buffer.offset == offset) {
        buffer.last_reader = last_reader;
        return;
      }
    }
    buffers_[geometry].push_back({offset, last_reader});
  }

 private:
  struct Buffer {
    int64_t offset, last_reader;
  };
  std::map<Geometry, std::vector<Buffer>> buffers_;
};

}  // namespace

bool Layout::by_batch(const Value& convolution) const {
  const auto& a = std::get<ConvolutionAttributes>(convolution.attributes);
  const Shape& shape = convolution.shape;
  return blocks > 1 && shape.width > 1 && shape.width <= kGatherOutputs && shape.height * shape.width <= kSmallPixels &&
         a.outputs / a.groups <= kSmallOutputs;
}

Layout::Layout(const Graph& graph, int64_t batch_size, int64_t bytes_per_element, int64_t byte_budget, Halo halo)
    : batch(batch_size),
      blocks((batch_size + kLanes - 1) / kLanes),
      planes(static_cast<size_t>(graph.size())),
      most_elements_(byte_budget / bytes_per_element),
      byte_budget_(byte_budget) {
  lay_values(graph, halo);
  if (halo == Halo::kForward) return;  // nothing goes back from it
  measure_passes(graph);
  lay_gradients(graph);
  lay_sent(graph);
  count_weights(graph);
}

void Layout::add(int64_t& total, int64_t elements) const {
  if (__builtin_add_overflow(total, elements, &total) || total > most_elements_) {
    throw Failure(WINNOW_OUT_OF_MEMORY,
                  "the plan would take more than the byte budget of " + std::to_string(byte_budget_) + " bytes");
  }
}

void Layout::lay_values(const Graph& graph, Halo halo) {
  const std::vector<int64_t> last_reader = last_readers(graph);
  Recycling recycling;
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Value& value = graph[v];
    if (value.lazy) continue;
    Pair around{value.halo_height, value.halo_width};
    if (halo == Halo::kForward) {
      around = {0, 0};
      for (const int64_t reader : value.consumers) {
        if (graph[reader].operation == WINNOW_CONVOLUTION && by_batch(graph[reader])) continue;
        const Pair padding = graph[reader].padding();
        around = {std::max(around.height, padding.height), std::max(around.width, padding.width)};
      }
    }
    // What is read behind a row lies before the next, and below a plane above the next: each margin is there once.
    Planes& p = planes[v];
    p.pitch = elements_of({value.shape.width + around.width, kLanes}, "a value");
    p.plane = elements_of({value.shape.height + around.height, p.pitch}, "a value");
    p.margin = around.height * p.pitch + around.width * kLanes;
    p.block = elements_of({value.shape.channels, p.plane}, "a value");
    const Recycling::Geometry geometry{value.shape.channels, value.shape.height, value.shape.width, around.height,
                                       around.width};
    const bool recycled = halo == Halo::kForward && !leaves_zeros(value.operation);
    p.offset = recycled ? recycling.take(geometry, v) : -1;
    if (p.offset < 0) {
      p.offset = state_elements + p.margin;
      add(state_elements, elements_of({blocks, p.block}, "a value"));
      add(state_elements, p.margin);
    }
    if (recycled) recycling.give(geometry, p.offset, last_reader[v]);
  }
}

void Layout::measure_passes(const Graph& graph) {
  int64_t plane_elements = 0;  // of the largest value of one block, without zeros around
  double all_elements = 0, strips = 0;
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Value& value = graph[v];
    plane_elements = std::max(plane_elements, elements_of({value.shape.elements(), kLanes}, "a value"));
    const int64_t rows = std::min(strip_rows(value.shape), value.shape.height);
    const auto elements = static_cast<double>(value.shape.elements());
    all_elements += elements;
    strips += elements * static_cast<double>(value.shape.channels * rows * value.shape.width * kLanes);
    if (value.operation == WINNOW_CONVOLUTION || value.operation == WINNOW_AVERAGE_POOL) {
      strip_elements = std::max(strip_elements, strip_plane_elements({&value}, graph[value.inputs[0]].shape));
    }
  }
  value_strip_elements = static_cast<int64_t>(strips / std::max(1.0, all_elements));
  // A pass holds one value of a block for every transient gradient on the way to what it reads.
  std::vector<int64_t> depth(planes.size());
  int64_t deepest = 0;
  for (int64_t v = graph.size() - 1; v >= 0; --v) {
    for (const int64_t consumer : graph[v].consumers) depth[v] = std::max(depth[v], depth[consumer]);
    depth[v] = graph[v].gradient == GradientKind::kTransient ? depth[v] + 1 : 0;
    deepest = std::max(deepest, depth[v]);
  }
  add(transient_elements, elements_of({deepest, plane_elements}, "a pass"));
}

void Layout::lay_gradients(const Graph& graph) {
  gradients.resize(planes.size());
  // Gradient buffers share memory where their lives do not meet. Values are visited from the last to the first.
  struct Live {
    int64_t offset, end, last_read;
  };
  std::vector<int64_t> last_read(planes.size());
  for (int64_t v = 0; v < graph.size(); ++v) last_read[v] = v;
  for (int64_t v = 0; v < graph.size(); ++v) {
    std::vector<int64_t> read;
    reads_of(graph, v, read);
    if (graph[v].operation == WINNOW_CONVOLUTION || graph[v].operation == WINNOW_BATCH_NORM) {
      int64_t own = v;
      while (graph[own].gradient == GradientKind::kAlias) own = graph[own].consumers[0];
      read.push_back(own);
    }
    for (const int64_t source : read) last_read[source] = std::min(last_read[source], v);
  }
  std::vector<Live> live;
  const auto place = [&](int64_t v) {
    Gradients& own = gradients[v];
    if (graph[v].gradient != GradientKind::kOwn || graph[v].sends || own.size > 0) return;
    std::sort(live.begin(), live.end(), [](const Live& a, const Live& b) { return a.offset < b.offset; });
    const Shape& shape = graph[v].shape;
    own.size = elements_of({blocks, shape.elements(), kLanes}, "gradients");
    own.block = own.size / blocks, own.plane = shape.height * shape.width * kLanes, own.pitch = shape.width * kLanes;
    for (const Live& l : live) {
      if (l.offset - own.offset >= own.size) break;
      own.offset = std::max(own.offset, l.end);
    }
    live.push_back({own.offset, own.offset + own.size, last_read[v]});
    gradient_elements = std::max(gradient_elements, own.offset + own.size);
  };
  for (int64_t v = graph.size() - 1; v >= 0; --v) {
    live.erase(std::remove_if(live.begin(), live.end(), [&](const Live& l) { return l.last_read > v; }), live.end());
    place(v);
    if (graph[v].sends) place(graph[v].inputs[0]);
  }
}

// A gradient that is sent is read at once, so all of one shape share memory, with as many zeros as the widest reads. Where one
// waits for another, its channels follow those of the other.
void Layout::lay_sent(const Graph& graph) {
  std::map<std::array<int64_t, 3>, std::vector<int64_t>> alike;
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Shape& shape = graph[v].shape;
    if (graph[v].sends) alike[{shape.channels, shape.height, shape.width}].push_back(v);
  }
  for (const auto& [key, senders] : alike) {
    const Shape shape{key[0], key[1], key[2]};
    Around zeros{0, 0, 0, 0};
    for (const int64_t v : senders) {
      const Shape& input = graph[graph[v].inputs[0]].shape;
      const Around own = around(backward_gather({{&graph[v], 0, shape.channels}}, input), shape, input);
      zeros = {std::max(zeros.top, own.top), std::max(zeros.bottom, own.bottom), std::max(zeros.left, own.left),
               std::max(zeros.right, own.right)};
    }
    const bool pairs = std::any_of(senders.begin(), senders.end(), [&](int64_t v) { return graph[v].partner >= 0; });
    Gradients planes_of;
    const int64_t beside = std::max(zeros.left, zeros.right), above = std::max(zeros.top, zeros.bottom);
    planes_of.pitch = elements_of({beside + shape.width, kLanes}, "gradients");
    planes_of.plane = elements_of({above + shape.height, planes_of.pitch}, "gradients");
    planes_of.block = elements_of({pairs ? 2 : 1, shape.channels, planes_of.plane}, "gradients");
    planes_of.first = above * planes_of.pitch + beside * kLanes;
    planes_of.size = elements_of({blocks, planes_of.block}, "gradients") + planes_of.first;
    planes_of.offset = gradient_elements;
    gradient_elements += planes_of.size;
    for (const int64_t v : senders) {
      gradients[v] = planes_of;
      if (graph.waits(v)) gradients[v].first += shape.channels * planes_of.plane;
    }
  }
}

// Before convolutions share a correlation: no fewer than there are sums.
void Layout::count_weights(const Graph& graph) {
  std::vector<int64_t> correlated_with(planes.size()), sent_to(planes.size());
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Value& value = graph[v];
    if (value.operation != WINNOW_CONVOLUTION || value.gradient == GradientKind::kNone) continue;
    const auto& a = std::get<ConvolutionAttributes>(value.attributes);
    const int64_t input = value.inputs[0], inputs = graph[input].shape.channels;
    const int64_t weights =
        elements_of({value.shape.channels, inputs / a.groups, a.kernel.height, a.kernel.width}, "the weights of a convolution");
    add(correlated_with[graph.source_of(v)], weights);
    if (value.gradient == GradientKind::kVirtual) prepared = std::max(prepared, weights);
    if (graph.is_pointwise(v)) add(sent_to[input], sent_to[input] == 0 ? weights + inputs * (inputs + 1) : weights);
  }
  for (int64_t v = 0; v < graph.size(); ++v) {
    correlated = std::max(correlated, correlated_with[v]);
    const std::vector<int64_t>& readers = graph[v].consumers;
    if (readers.size() == 1 && graph[readers[0]].operation == WINNOW_BATCH_NORM)
      prepared = std::max(prepared, correlated_with[v]);
  }
  pointwise = *std::max_element(sent_to.begin(), sent_to.end());
}

template <typename T>
void Layout::clear_around(const Graph& graph, T* state) const {
  for (int64_t v = 0; v < graph.size(); ++v) {
    if (graph[v].lazy) continue;
    const Planes& p = planes[v];
    const Shape& shape = graph[v].shape;
    const int64_t beside = p.pitch - shape.width * kLanes;
    T* at = state + p.offset - p.margin;
    if (batch % kLanes != 0 || leaves_zeros(graph[v].operation)) {
      std::fill_n(at, blocks * p.block + p.margin, T{0});
      continue;
    }
    for (int64_t plane = 0; plane < blocks * shape.channels; ++plane, at += p.plane) {
      std::fill_n(at, p.margin, T{0});
      for (int64_t y = 1; y < shape.height; ++y) std::fill_n(at + p.margin + y * p.pitch - beside, beside, T{0});
    }
    std::fill_n(at, p.margin, T{0});
  }
}

template <typename T>
State<T>::State(const Graph& graph, const Layout& layout, Arenas& arenas, Timing* timer)
    : arena(arenas, layout.state_elements * static_cast<int64_t>(sizeof(T)), Arenas::Contents::kAny),
      timing(timer),
      norms(static_cast<size_t>(graph.size())),
      weights(static_cast<size_t>(graph.size())),
      shared(static_cast<size_t>(graph.size())),
      packed_forward(static_cast<size_t>(graph.size())),
      packed_backward(static_cast<size_t>(graph.size())) {
#ifdef __SANITIZE_ADDRESS__  // what is not cleared must not be read: a test sees it
  std::fill_n(arena.at<T>(0), layout.state_elements, std::numeric_limits<T>::quiet_NaN());
#endif
  layout.clear_around(graph, arena.at<T>(0));
}

template <typename T>
int64_t State<T>::bytes(const Graph& graph, const Layout& layout) {
  // Packed forward and backward, in tiles four times as many, and two sums in double of each; sums by lane of one value's.
  constexpr int64_t kOfAWeight = 5 * sizeof(T) + 2 * sizeof(double), kOfASum = kLanes * sizeof(T) + sizeof(double);
  return total_of({elements_of({layout.state_elements, sizeof(T)}, "a state"),
                   elements_of({graph.network().parameters(), kOfAWeight}, "packed weights"),
                   elements_of({layout.prepared, kOfASum}, "correlations")},
                  "a state");
}

template <typename T>
int64_t Workspace<T>::bytes(const Layout& layout, int64_t cotangents) {
  // A sum by lane and one in double of each weight that is correlated; half of a pair may have no cotangent. Weights of a pointwise
  // pass, and the same by lane.
  constexpr int64_t kOfASum = kLanes * sizeof(T) + sizeof(double), kOfAWeight = (1 + kLanes) * sizeof(T);
  const int64_t planes = total_of({layout.gradient_elements, layout.transient_elements}, "gradients");
  return total_of(
      {elements_of({cotangents, planes, sizeof(T)}, "gradients"), elements_of({layout.strip_elements, sizeof(T)}, "gradients"),
       elements_of({cotangents, layout.correlated, kOfASum}, "correlations"),
       elements_of({layout.correlated, sizeof(double)}, "correlations"),
       elements_of({cotangents, layout.pointwise, kOfAWeight}, "correlations")},
      "a backward pass");
}

template <typename T>
Workspace<T>::Workspace(const Graph& graph, const Layout& layout, Arenas& arenas, int64_t count)
    : cotangents(count),
      gradients(arenas, layout.gradient_elements * count * static_cast<int64_t>(sizeof(T))),
      scratch(arenas, (layout.strip_elements + count * layout.transient_elements) * static_cast<int64_t>(sizeof(T))),
      sums(static_cast<size_t>(graph.size())),
      norms(static_cast<size_t>(graph.size())),
      pointwise(static_cast<size_t>(graph.size())) {
  for (int64_t v = 0; v < graph.size(); ++v) {
    const auto size = static_cast<size_t>(count * graph[v].shape.channels);
    sums[v].resize(size);
    if (graph[v].operation == WINNOW_BATCH_NORM) norms[v].resize(size);
  }
  // So that no pass allocates; a page that none of them touches costs nothing.
  lane_sums.reserve(static_cast<size_t>(count * layout.correlated * kLanes));
  correlations.reserve(static_cast<size_t>(count * layout.correlated));
}

template struct State<float>;
template struct State<double>;
template struct Workspace<float>;
template struct Workspace<double>;

}  // namespace winnow
