// One kernel on the planes of one convolution, 3x3 with stride 1 and as many outputs as inputs, for one block of samples.
#pragma once

#include "kernels/kernels.h"
#include "runtime/aligned.h"
#include "work.h"

namespace winnow::bench {

// Planes of the layer with zeros around; the same numbers in both types.
template <typename T>
class LayerPlanes {
 public:
  LayerPlanes(int64_t channels, int64_t side);
  void gather(const Kernels<T>& kernels);     // the forward pass into `gathered`
  void correlate(const Kernels<T>& kernels);  // the weight gradient into `correlated`

  AlignedVector<T> gathered;    // [channel][row][pixel][lane]
  AlignedVector<T> correlated;  // tiles of [row][term][lane]

 private:
  int64_t channels_, side_, pitch_, plane_;
  AlignedVector<T> inputs_, gradients_, weights_;
  std::vector<const T*> taps_, gradient_planes_;  // [channel][tap], shifted; [channel]
};

class Layer final : public Work {
 public:
  Layer(const winnow_device* device, const Shape& shape);
  void run() override;
  Cost cost() const override;
  Verdict verdict(const std::string& variant) override;  // against the reference variant in double

 private:
  bool gather_;
  int64_t channels_, side_;
  const Kernels<float>& kernels_;
  LayerPlanes<float> planes_;
};

}  // namespace winnow::bench
