// One kernel on the planes of one convolution for one block of samples, by strips of rows as a plan goes.
#pragma once

#include "kernels/kernels.h"
#include "runtime/aligned.h"
#include "work.h"

namespace winnow::bench {

// Planes of the layer with zeros around; the same numbers in both types.
template <typename T>
class LayerPlanes {
 public:
  LayerPlanes(const SquareConvolution& convolution, int64_t channels, int64_t side);
  void gather(const Kernels<T>& kernels);     // the forward pass into `gathered`
  void correlate(const Kernels<T>& kernels);  // the weight gradient into `correlated`

  int64_t terms() const { return terms_; }  // of an output
  int64_t weights() const { return channels_ * terms_; }

  AlignedVector<T> gathered;    // [channel][row][pixel][lane]
  AlignedVector<T> correlated;  // tiles of [row][term][lane]

 private:
  const T* const* taps_of(int64_t output, int64_t y);  // of its terms from row y on

  SquareConvolution convolution_;
  int64_t channels_, side_, terms_, pitch_, plane_, strip_;
  AlignedVector<T> inputs_, gradients_, weights_;
  std::vector<const T*> taps_, strip_taps_, gradient_planes_;  // [channel][tap], shifted; those of a strip; [channel]
  std::vector<TapGrid> grids_;                                 // of one output's terms
};

class Layer final : public Work {
 public:
  Layer(const winnow_device* device, const Shape& shape);
  void run() override;
  Cost cost() const override;
  Verdict verdict(const std::string& variant) override;  // against the reference variant in double

 private:
  bool gather_;
  SquareConvolution convolution_;
  int64_t channels_, side_;
  const Kernels<float>& kernels_;
  LayerPlanes<float> planes_;
};

}  // namespace winnow::bench
