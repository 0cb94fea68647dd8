// NVIDIA GPUs of this machine as their driver names them. Nothing is linked: the driver is opened when somebody asks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace winnow {

struct Gpu {
  std::string name;
  int capability;  // 10 major + minor: 90 is compute capability 9.0
  int64_t bytes;   // of memory, used or not
};

struct CudaDriver {
  std::string failure;    // why it does not answer; empty where it does
  int version = 0;        // newest CUDA that it runs, 1000 major + 10 minor
  std::vector<Gpu> gpus;  // in the driver's order
  bool answers() const { return failure.empty(); }
};

// Asks the driver library of that file name; never throws for what is missing.
CudaDriver ask_cuda_driver(const std::string& file = "libcuda.so.1");

std::string cuda_version_text(int version);   // "13.0"
std::string capability_text(int capability);  // "9.0"

}  // namespace winnow
