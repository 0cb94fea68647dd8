#include "work.h"

#include "evaluation.h"
#include "hamming.h"
#include "layer.h"

namespace winnow::bench {

void require(winnow_status status, const winnow_error& error) {
  if (status != WINNOW_OK) throw NativeFailure(std::string(winnow_status_name(status)) + ": " + error.text);
}

DeviceHandle open_device(const std::string& variant, int64_t threads) {
  const winnow_device_options options = {sizeof options, WINNOW_CPU, 0, threads, variant.empty() ? nullptr : variant.c_str(), 0,
                                         nullptr};
  winnow_device* device = nullptr;
  winnow_error error;
  require(winnow_device_open(&options, &device, &error), error);
  return DeviceHandle(device);
}

double Cost::floor(const Probe& probe) const { return flop / 1e9 / probe.gflops + words / 1e9 / probe.gigawords_per_second; }

std::unique_ptr<Work> make_work(const winnow_device* device, const Shape& shape) {
  if (shape.score == "hamming") return std::make_unique<Hamming>(device, shape);
  if (shape.score == "gather" || shape.score == "correlate") return std::make_unique<Layer>(device, shape);
  return std::make_unique<Evaluation>(device, shape, WINNOW_F32);
}

}  // namespace winnow::bench
