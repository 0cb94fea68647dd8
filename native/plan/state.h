// Memory of a plan's passes. Where everything lies is found once (Layout); a State is one job's forward pass, a Workspace one
// worker's backward pass over a block of cotangents.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "network/parameters.h"
#include "plan/graph.h"
#include "plan/timing.h"
#include "runtime/aligned.h"
#include "runtime/arenas.h"

namespace winnow {

// Passes over planes go by strips of rows of about this many pixels, or elements where that is more, every cotangent of a block
// over one strip before the next: what all cotangents read of a strip stays in the second-level cache.
constexpr int64_t kStripPixels = 256, kStripElements = 512;
// Elements of the gradient planes that such a pass makes and reads at a time.
constexpr int64_t kPassElements = 65536;
inline int64_t strip_rows(const Shape& shape) {
  return std::max<int64_t>(1, std::max(kStripPixels, kStripElements / shape.channels) / shape.width);
}

// The product; throws OUT_OF_MEMORY, naming `what`, where it passes 2^63.
int64_t elements_of(std::initializer_list<int64_t> factors, const char* what);
// The sum, likewise.
int64_t total_of(std::initializer_list<int64_t> parts, const char* what);

// Memory, zeroed where nothing else is said, lent by the device's Arenas, which outlive it.
class Arena {
 public:
  Arena(Arenas& from, int64_t bytes, Arenas::Contents contents = Arenas::Contents::kZeros)
      : from_(from), block_(from.take(bytes, contents)) {}
  ~Arena() { from_.give(block_); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  template <typename T>
  T* at(int64_t element) const {
    return static_cast<T*>(block_.memory) + element;
  }
  int64_t bytes() const { return block_.bytes; }

 private:
  Arenas& from_;
  Arenas::Block block_;
};

// Planes of one value in a State: [block][channel][row][pixel][lane] with zeros around every plane, which it shares with the next.
struct Planes {
  int64_t offset = 0;                       // of pixel (0, 0) of the first plane, elements
  int64_t pitch = 0, plane = 0, block = 0;  // elements from row to row, plane to plane, block to block
  int64_t margin = 0;                       // elements before the first plane's pixel (0, 0) and behind the last plane
};

class Layout {
 public:
  // For a backward pass every value has memory of its own, with as many zeros around its planes as weight gradients read. Where
  // nothing goes back, memory is handed on when nobody reads it any more and the zeros are those that the forward pass reads: a
  // fraction, which may stay in the cache. Throws OUT_OF_MEMORY where the sizes alone pass `byte_budget`.
  enum class Halo { kBackward, kForward };
  Layout(const Graph& graph, int64_t batch, int64_t bytes_per_element, int64_t byte_budget, Halo halo = Halo::kBackward);

  // Whether a convolution's forward pass takes the rows of the whole batch at once and reads nothing around the image: where a
  // row's call costs as much as its arithmetic (regions: 1 x 3 x 3 images, 1 and 2 channels; measured 2 times faster). With more
  // outputs the gather that shares its loads between them wins.
  bool by_batch(const Value& convolution) const;

  int64_t batch, blocks;
  int64_t lanes(int64_t block) const { return block + 1 < blocks ? kLanes : batch - block * kLanes; }  // used lanes
  std::vector<Planes> planes;  // by value; none where the value is lazy
  // Makes zeros of all memory of a state that a forward pass leaves as it is and others read: what lies around planes, lanes past
  // the batch, operations that leave part of their planes.
  template <typename T>
  void clear_around(const Graph& graph, T* state) const;
  int64_t state_elements = 0;

  // What follows is of backward passes; a layout of kForward has none of it.
  // Gradients of a value, [cotangent][block][channel][row][pixel][lane]: without zeros around, but where a convolution sends, whose
  // planes are read as they lie. Those have memory that no others write.
  struct Gradients {
    int64_t offset = 0;                       // of the first cotangent's, over the cotangents of a block
    int64_t size = 0, block = 0;              // elements from cotangent to cotangent, block to block
    int64_t first = 0, plane = 0, pitch = 0;  // of pixel (0, 0); from plane to plane, row to row
  };
  std::vector<Gradients> gradients;        // by value
  int64_t gradient_elements = 0;           // of one cotangent
  int64_t transient_elements = 0;          // of one cotangent, gradients that are made and read at once
  int64_t value_strip_elements = 0;        // mean over all elements of the strip that each lies in, of one block
  int64_t strip_elements = kPassElements;  // gradient planes that a pass holds
  int64_t correlated = 0;                  // most weights whose gradients come from what lies in one value's buffer
  int64_t prepared = 0;                    // most of them that are correlated with a value under a norm before any cotangent is
  int64_t pointwise = 0;                   // most weights of the pointwise pass to one value's gradient

 private:
  void lay_values(const Graph& graph, Halo halo);
  void measure_passes(const Graph& graph);
  void lay_gradients(const Graph& graph);
  void lay_sent(const Graph& graph);
  void count_weights(const Graph& graph);
  // Throws where a total passes the budget.
  void add(int64_t& total, int64_t elements) const;

  int64_t most_elements_, byte_budget_;
};

// Calls body(block, channel, row) for every row of a value.
template <typename Body>
void each_row(const Layout& layout, const Shape& shape, Body body) {
  for (int64_t b = 0; b < layout.blocks; ++b) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t y = 0; y < shape.height; ++y) body(b, c, y);
    }
  }
}

// Statistics of a batch norm: z -> scale z + shift.
struct NormState {
  std::vector<double> mean, variance, inverse_deviation, scale, shift;
  double count = 0;  // elements that the statistics are over; 0 where they are constants
  bool identity = false;
};

// What a convolution's weight gradient is made with, in one place: for every block of cotangents it is read from far away.
struct WeightState {
  TensorValues weights, bias;          // no bias: empty
  int64_t weight_tensor, bias_tensor;  // -1: none
  // Correlations of the input that a norm's backward pass needs.
  std::vector<double> input_sums;   // sum of x                [in][tap]
  std::vector<double> output_sums;  // sum of x (z - mean) / deviation   [out][in / groups][tap]
};

// Of a value that only a norm over the batch reads: the parts of its gradient's correlations that cotangents of one sample each
// share (backward.h), one joint group after the other.
struct SharedSums {
  std::vector<double> values;  // correlations of the value itself   [out][term]
  std::vector<double> inputs;  // sums of what it is correlated with [group][term]
};

template <typename T>
struct State {
  State(const Graph& graph, const Layout& layout, Arenas& arenas, Timing* timing);
  // At most: the planes, and what is made of the weights for passes to read.
  static int64_t bytes(const Graph& graph, const Layout& layout);
  // Pixel (0, 0) of a plane of a stored value.
  T* plane(const Layout& layout, int64_t value, int64_t block, int64_t channel) const {
    const Planes& p = layout.planes[static_cast<size_t>(value)];
    return arena.at<T>(p.offset + block * p.block + channel * p.plane);
  }
  Arena arena;
  Timing* timing;                               // nullptr: not timed
  std::vector<NormState> norms;                 // by value
  std::vector<WeightState> weights;             // by value
  std::vector<SharedSums> shared;               // by value; empty where correlations are taken over the whole batch
  std::vector<std::vector<T>> packed_forward;   // by convolution
  std::vector<const T*> terms;                  // of a gather or a correlation
  AlignedVector<T> lane_sums;                   // of one correlation while a backward pass is prepared, [sum][lane]
  std::vector<double> unwanted;                 // its sums over samples that stand twice
  std::vector<std::vector<T>> packed_backward;  // by value that is read, its data groups one after the other
};

// What a norm sends back of a channel: alpha * gradient + beta * value + kappa.
template <typename T>
struct NormCoefficients {
  T alpha, beta, kappa;
};

template <typename T>
struct Workspace {
  Workspace(const Graph& graph, const Layout& layout, Arenas& arenas, int64_t cotangents);
  // At most, but for a few kilobytes by channel.
  static int64_t bytes(const Layout& layout, int64_t cotangents);
  int64_t cotangents;
  Arena gradients, scratch;
  std::vector<std::vector<double>> sums;                // by value: [cotangent][channel] of its gradient
  std::vector<std::vector<NormCoefficients<T>>> norms;  // by norm: [cotangent][channel]
  std::vector<std::vector<T>> pointwise;                // by value: weights of its pointwise pass, by cotangent (pointwise.cc)
  AlignedVector<T> lane_weights;                        // those of one value and block, lane by lane
  std::vector<const T*> rows;                           // of a gather or a correlation
  AlignedVector<T> tiles;                               // what is multiplied of some tiles
  AlignedVector<T> lane_sums;                           // of the correlations with one source, [cotangent][sum][lane]
  std::vector<double> tile_sums;                        // of products of tiles, [cotangent][group][product][out][in]
  std::vector<double> correlations;                     // the same added up, [cotangent][sum]
  std::vector<double> unwanted;                         // those of the half of a pair that has no cotangent
};

}  // namespace winnow
