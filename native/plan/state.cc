#include "plan/state.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <utility>

#include "abi/failure.h"
#include "kernels/kernels.h"

namespace winnow {
namespace {

constexpr int64_t kHugePage = int64_t{1} << 21;

int64_t product(std::initializer_list<int64_t> factors, const char* what) {
  int64_t result = 1;
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) {
      throw Failure(WINNOW_OUT_OF_MEMORY, std::string(what) + " would take more than 2^63 elements");
    }
  }
  return result;
}

int64_t gradient_elements_of(const Value& value, int64_t blocks) {
  return product({blocks, value.shape.elements(), kLanes}, "gradients");
}

// Own buffers that the pass at `value` reads through transient, aliased and virtual gradients of its consumers.
void reads_of(const Graph& graph, int64_t value, std::vector<int64_t>& read) {
  for (int64_t consumer : graph[value].consumers) {
    if (graph[consumer].gradient == GradientKind::kVirtual) consumer = graph[consumer].consumers[0];
    while (graph[consumer].gradient == GradientKind::kAlias) consumer = graph[consumer].consumers[0];
    if (graph[consumer].gradient == GradientKind::kTransient) {
      reads_of(graph, consumer, read);
    } else if (graph[consumer].gradient == GradientKind::kOwn) {
      read.push_back(consumer);
    }
  }
}

}  // namespace

Arena::Arena(int64_t bytes) {
  const int64_t size = (std::max<int64_t>(bytes, 1) + kHugePage - 1) / kHugePage * kHugePage;
  const auto alignment = static_cast<size_t>(bytes < kHugePage ? 64 : kHugePage);
  memory_ = std::aligned_alloc(alignment, static_cast<size_t>(bytes < kHugePage ? (bytes + 63) / 64 * 64 + 64 : size));
  if (memory_ == nullptr) {
    throw Failure(WINNOW_OUT_OF_MEMORY, "asked for " + std::to_string(bytes) + " bytes, the system refused");
  }
  if (bytes >= kHugePage) madvise(memory_, static_cast<size_t>(size), MADV_HUGEPAGE);
  std::memset(memory_, 0, static_cast<size_t>(bytes));
}

Arena::~Arena() { std::free(memory_); }

Arena::Arena(Arena&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(memory_, other.memory_);
  return *this;
}

Layout::Layout(const Graph& graph, int64_t batch_size, int64_t bytes_per_element, int64_t byte_budget)
    : batch(batch_size),
      blocks((batch_size + kLanes - 1) / kLanes),
      planes(static_cast<size_t>(graph.size())),
      gradient_offset(static_cast<size_t>(graph.size())),
      gradient_size(static_cast<size_t>(graph.size())),
      gradient_block(static_cast<size_t>(graph.size())) {
  const auto add = [&](int64_t& total, int64_t elements) {
    if (__builtin_add_overflow(total, elements, &total) || total > byte_budget / bytes_per_element) {
      throw Failure(WINNOW_OUT_OF_MEMORY,
                    "the plan would take more than the byte budget of " + std::to_string(byte_budget) + " bytes");
    }
  };
  for (int64_t v = 0; v < graph.size(); ++v) {
    const Value& value = graph[v];
    if (!value.lazy) {
      Planes& p = planes[v];
      p.pitch = product({value.shape.width + 2 * value.halo_width, kLanes}, "a value");
      p.plane = product({value.shape.height + 2 * value.halo_height, p.pitch}, "a value");
      p.block = product({value.shape.channels, p.plane}, "a value");
      p.offset = state_elements + value.halo_height * p.pitch + value.halo_width * kLanes;
      add(state_elements, product({blocks, p.block}, "a value"));
    }
    plane_elements = std::max(plane_elements, product({value.shape.elements(), kLanes}, "a value"));
    if (value.operation == WINNOW_CONVOLUTION || value.operation == WINNOW_AVERAGE_POOL) {
      // Rows of the gradients of everything that reads the same value, and a row of zeros.
      const Value& in = graph[value.inputs[0]];
      int64_t channels = 0, reach_height = 0, reach_width = 0, width = 0;
      for (const int64_t reader : in.consumers) {
        const Value& other = graph[reader];
        width = std::max(width, other.shape.width);
        if (other.operation == WINNOW_CONVOLUTION) {
          const auto& a = std::get<ConvolutionAttributes>(other.attributes);
          channels += other.shape.channels;
          reach_height = std::max(reach_height, a.dilation.height * (a.kernel.height - 1) + a.padding.height + 2);
          reach_width = std::max(reach_width, a.dilation.width * (a.kernel.width - 1) + a.padding.width + 2);
        } else if (other.operation == WINNOW_AVERAGE_POOL) {
          const auto& a = std::get<PoolAttributes>(other.attributes);
          channels = std::max<int64_t>(channels, 1);
          reach_height = std::max(reach_height, a.kernel.height + a.padding.height + 2);
          reach_width = std::max(reach_width, a.kernel.width + a.padding.width + 2);
        }
      }
      ring_elements = std::max(ring_elements, product({channels * (reach_height + kRowsAhead) + 1,
                                                       std::max(width, in.shape.width) + 2 * reach_width, kLanes},
                                                      "a pass"));
    }
    if (value.operation == WINNOW_CONVOLUTION) {
      const auto& a = std::get<ConvolutionAttributes>(value.attributes);
      int64_t taps = 0;
      for (const int64_t reader : graph[value.inputs[0]].consumers) {
        if (graph[reader].operation != WINNOW_CONVOLUTION) continue;
        const auto& other = std::get<ConvolutionAttributes>(graph[reader].attributes);
        taps = std::max(taps, taps + other.kernel.height * other.kernel.width);
      }
      correlation_elements = std::max(
          correlation_elements, product({a.outputs, graph[value.inputs[0]].shape.channels / a.groups, taps}, "a gradient"));
    }
  }
  // A pass holds one plane for every transient gradient on the way to what it reads.
  std::vector<int64_t> depth(planes.size());
  int64_t deepest = 0;
  for (int64_t v = graph.size() - 1; v >= 0; --v) {
    for (const int64_t consumer : graph[v].consumers) depth[v] = std::max(depth[v], depth[consumer]);
    depth[v] = graph[v].gradient == GradientKind::kTransient ? depth[v] + 1 : 0;
    deepest = std::max(deepest, depth[v]);
  }
  add(scratch_elements, product({deepest, plane_elements}, "a pass"));
  add(scratch_elements, ring_elements);

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
  for (int64_t v = graph.size() - 1; v >= 0; --v) {
    if (graph[v].gradient != GradientKind::kOwn) continue;
    live.erase(std::remove_if(live.begin(), live.end(), [&](const Live& l) { return l.last_read > v; }), live.end());
    std::sort(live.begin(), live.end(), [](const Live& a, const Live& b) { return a.offset < b.offset; });
    const int64_t size = gradient_elements_of(graph[v], blocks);
    int64_t offset = 0;
    for (const Live& l : live) {
      if (l.offset - offset >= size) break;
      offset = std::max(offset, l.end);
    }
    gradient_offset[v] = offset;
    gradient_size[v] = size;
    gradient_block[v] = size / blocks;
    live.push_back({offset, offset + size, last_read[v]});
    gradient_elements = std::max(gradient_elements, offset + size);
  }
}

int64_t Layout::lanes(int64_t block) const { return std::min(kLanes, batch - block * kLanes); }

template <typename T>
State<T>::State(const Graph& graph, const Layout& layout, Timing* timer)
    : arena(layout.state_elements * static_cast<int64_t>(sizeof(T))),
      timing(timer),
      norms(static_cast<size_t>(graph.size())),
      weights(static_cast<size_t>(graph.size())),
      packed_forward(static_cast<size_t>(graph.size())),
      packed_backward(static_cast<size_t>(graph.size())) {}

template <typename T>
Workspace<T>::Workspace(const Graph& graph, const Layout& layout, int64_t count)
    : cotangents(count),
      gradients(layout.gradient_elements * count * static_cast<int64_t>(sizeof(T))),
      scratch(layout.scratch_elements * static_cast<int64_t>(sizeof(T))),
      sums(static_cast<size_t>(graph.size())),
      alpha(static_cast<size_t>(graph.size())),
      beta(static_cast<size_t>(graph.size())),
      kappa(static_cast<size_t>(graph.size())) {
  for (int64_t v = 0; v < graph.size(); ++v) {
    const auto size = static_cast<size_t>(count * graph[v].shape.channels);
    sums[v].resize(size);
    if (graph[v].operation != WINNOW_BATCH_NORM) continue;
    alpha[v].resize(size);
    beta[v].resize(size);
    kappa[v].resize(size);
  }
}

template struct State<float>;
template struct State<double>;
template struct Workspace<float>;
template struct Workspace<double>;

}  // namespace winnow
