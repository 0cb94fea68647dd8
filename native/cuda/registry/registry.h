// Which GPUs can be opened, and opening one. The core links neither the driver nor the library with the code: both are found when
// a GPU is asked for, and whatever is missing is said by name.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cuda/registry/driver.h"
#include "runtime/device.h"

namespace winnow {

// Where a build puts the library: beside the file that holds this function.
std::string default_cuda_library();

// libwinnow_cuda.so, opened. It stays open for as long as the process lives.
class CudaLibrary {
 public:
  // Throws Failure(UNSUPPORTED): no such file, not loadable, of another build.
  explicit CudaLibrary(const std::string& file);
  // Why this library cannot use a GPU of that driver; empty where it can.
  std::string refusal(const CudaDriver& driver, const Gpu& gpu) const;
  std::string text() const;  // "CUDA 13.0, 80-real 90-real"
  void* function(const char* name) const;

 private:
  void* handle_;
  std::string architectures_;
  int toolkit_;
};

// The library for GPU `index`, loaded only where the driver names such a GPU that the library can use; throws
// Failure(UNSUPPORTED) that says what was found instead.
CudaLibrary open_cuda_library(const std::string& file, int index, const CudaDriver& driver);

// GPU options.index of this machine; throws as above and for an option out of range. What plans do on the host's side they do
// with a CPU device of the same options.
std::shared_ptr<const Device> open_cuda_device(const winnow_device_options& options);

// What was found, loaded and refused: "cuda driver", "cuda library", then "cuda:0" and so on, each with a sentence.
std::vector<std::pair<std::string, std::string>> describe_cuda(const std::string& file, const CudaDriver& driver);

// Whether code for `architectures` runs on a compute capability (10 major + minor): machine code within its major version, from
// its minor version on; virtual code, where the driver `compiles` it, from its version on.
bool covers(const std::string& architectures, int capability, bool compiles = true);

}  // namespace winnow
