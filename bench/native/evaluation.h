// A shape laid out on a device with drawn weights and images, ready to be scored: the native core through its C interface.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "supernet.h"
#include "winnow/winnow.h"

namespace winnow::bench {

// Throws std::runtime_error with the library's text.
void require(winnow_status status, const winnow_error& error);

template <typename T, void (*close)(T*)>
struct Closer {
  void operator()(T* handle) const { close(handle); }
};
using Device = std::unique_ptr<winnow_device, Closer<winnow_device, winnow_device_close>>;
using Network = std::unique_ptr<winnow_network, Closer<winnow_network, winnow_network_destroy>>;
using Plan = std::unique_ptr<winnow_plan, Closer<winnow_plan, winnow_plan_destroy>>;
using Parameters = std::unique_ptr<winnow_parameters, Closer<winnow_parameters, winnow_parameters_destroy>>;

// variant: empty = the best here. threads: 0 = as many as allowed.
Device open_device(const std::string& variant, int64_t threads);

class Evaluation {
 public:
  // The same shape gives the same weights and images on every device and in both number types.
  Evaluation(const winnow_device* device, const Shape& shape, winnow_dtype dtype, bool timing = false);

  const winnow_plan* plan() const { return plan_.get(); }
  int64_t macs() const { return winnow_network_macs(network_.get()); }
  // Multiply-accumulates of the convolutions and the classifier, twice: 1 + 2 n passes for a tangent kernel, 1 for regions.
  double flop() const;

  void run();                            // the shape's score, for its time
  std::vector<double> tangent_kernel();  // [n, n]
  int64_t regions();
  std::vector<uint64_t> patterns(int64_t* units);

 private:
  winnow_call call();

  Shape shape_;
  Network network_;
  Plan plan_;
  Parameters parameters_;
  winnow_parameters* sets_[1];
  std::vector<float> pixels_;
  winnow_images images_;
  std::vector<double> coefficients_;
  std::vector<int32_t> states_;
  winnow_job job_ = {0, 0, 0, -1, -1};
};

}  // namespace winnow::bench
