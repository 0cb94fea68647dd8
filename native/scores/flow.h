// Synaptic flow of one row: one image of ones goes forward through absolute weights, beside each value what it and its tangent
// along the weights add up to.
//
// A plan's lanes are samples, and one image would fill one lane of sixteen. Here lanes are neighbouring pixels: a field holds
// [value, value + tangent][channel][row][pixel] with zeros around every plane, those behind a row or a plane being those before the
// next, and the gather kernel takes a plane whose rows follow each other as one long row of blocks of eight, zeros between the rows
// among them. Of W and its tangent direction W,
//     v' = W v,   t' = W t + W v = W (v + t),
// so both need the same gather: two forward passes of one image.
//
// An image of ones is the same everywhere, and what a layer makes of it differs only near the borders: pixels that are `edge` or
// more away from all of them see equal neighbourhoods, so they are equal. A field is therefore that of an image
// with one such row and one such column, as small as 2 edge + 1; every window that reaches further widens it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "network/parameters.h"
#include "plan/gather.h"
#include "plan/program.h"
#include "runtime/scratch.h"

namespace winnow {

class Flow {
 public:
  Flow(const Graph& graph, const Kernels<double>& kernels, const Program& program, const Parameters& parameters,
       Arenas& arenas);

  // Sum over the weights w of convolutions and linear layers of w dR/dw, R the sum of the outputs, all parameters absolute, norms
  // passing their input on. Throws UNSUPPORTED for noise, INVALID for a negative coefficient.
  double total();

 private:
  static constexpr int64_t kImages = 2, kBlock = 8;  // value, value + tangent; pixels that the gather takes at once

  struct Field {
    Shape full, shape;           // in the network's own image, in the smaller one
    Pair edge;                   // rows and columns at either border that may differ from those in the middle
    int64_t halo, pitch, plane;  // zeros on every side; doubles from row to row, plane to plane
    double* memory;              // enough for `full`, and for kLanes that run over the end
    int64_t head() const { return halo * (pitch + 1); }       // zeros before the first pixel, and behind the last
    int64_t image() const { return shape.channels * plane; }  // doubles from image to image
    int64_t elements() const { return kImages * image() + head(); }
    double* at(int64_t image, int64_t channel) { return memory + image * this->image() + channel * plane + head(); }
  };
  using Shared = std::shared_ptr<Field>;

  // A field as a window of a stride sees it: `plane` and `pitch` between what neighbouring outputs read.
  struct Source {
    Shared field;    // stride 1
    double* phases;  // else [image][channel][row and column by the stride's remainder][row][column]
    Pair stride;
    int64_t halo, pitch, plane;                                       // of a phase
    int64_t image;                                                    // doubles from image to image
    const double* at(int64_t channel, int64_t dy, int64_t dx) const;  // of the first image
  };

  // The smallest field of a value, `full` in the network's own image.
  Shared make(const Shape& full, Pair edge);
  // Whoever fills it clears what lies around its planes.
  Shared allocate(const Shape& full, int64_t height, int64_t width, Pair edge);
  // The same field of an image with more rows and columns in the middle.
  Shared widen(const Shared& field, int64_t height, int64_t width);
  // Value v's result of windows over its input, nothing computed yet, and the input as wide as they need it.
  struct Windows {
    Shared in, out;
  };
  Windows windows(int64_t v, Pair kernel, Pair stride, Pair padding, Pair dilation);
  Source source(const Shared& in, Pair stride);
  // What `inputs_` read of both images, for `outputs` planes from channel `first` on, or for `planes` that follow each other in `out`
  // and in what they read.
  void gather(const Source& source, const double* weights, int64_t outputs, Field& out, int64_t first, int64_t planes = 1);
  void clear_halo(Field& field) const;
  // Memory of a convolution in tiles, until the next one's.
  double* tiles(int64_t elements);

  Shared compute(int64_t v);
  Shared convolve(int64_t v);
  void convolve_taps(const TensorValues& weights, const ConvolutionAttributes& a, const Source& from, Field& out);
  // One of 3x3 taps and stride 1 (tiles.h).
  void convolve_tiles(const TensorValues& weights, Field& in, Field& out);
  Shared add(int64_t v);
  Shared average(int64_t v);
  Shared maximise(int64_t v);
  Shared average_all(int64_t v);
  Shared rectify(int64_t v, double cap);
  // Copies `rows` x `pixels` of every plane from one field to another.
  Shared rearrange(int64_t v);

  const Graph& graph_;
  const Kernels<double>& kernels_;
  const Program& program_;
  const Parameters& parameters_;
  int64_t halo_ = 0;
  Scratch scratch_;
  std::map<std::vector<int64_t>, std::vector<double*>> spare_;  // memory of fields that are gone, by full shape
  std::vector<Shared> fields_;                                  // by value; nullptr: zeros, or read for the last time
  std::vector<const double*> inputs_;                           // of a gather, in the first image
  std::vector<double> packed_;                                  // its weights
  double* tiles_ = nullptr;
  int64_t tiles_elements_ = 0;
};

}  // namespace winnow
