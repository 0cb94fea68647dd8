// A driver library that answers what the environment says, so that every way in which a machine can lack a GPU is tested on any:
// DRIVER_INIT, DRIVER_VERSION, DRIVER_GPUS ("name|capability|bytes" separated by semicolons).
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "winnow/status.h"

namespace {

int number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

struct Gpu {
  std::string name;
  int capability = 0;
  size_t bytes = 0;
};

std::vector<Gpu> gpus() {
  std::vector<Gpu> all;
  const char* text = std::getenv("DRIVER_GPUS");
  std::istringstream list(text == nullptr ? "" : text);
  for (std::string one; std::getline(list, one, ';');) {
    std::istringstream fields(one);
    Gpu gpu;
    std::getline(fields, gpu.name, '|');
    char bar;
    fields >> gpu.capability >> bar >> gpu.bytes;
    all.push_back(gpu);
  }
  return all;
}

}  // namespace

extern "C" {
WINNOW_API int cuInit(unsigned) { return number("DRIVER_INIT"); }
WINNOW_API int cuDriverGetVersion(int* version) { return *version = number("DRIVER_VERSION"), 0; }
WINNOW_API int cuDeviceGetCount(int* count) { return *count = static_cast<int>(gpus().size()), 0; }
WINNOW_API int cuDeviceGet(int* device, int index) { return *device = index, 0; }
WINNOW_API int cuDeviceGetName(char* name, int capacity, int device) {
  std::snprintf(name, static_cast<size_t>(capacity), "%s", gpus()[static_cast<size_t>(device)].name.c_str());
  return 0;
}
WINNOW_API int cuDeviceGetAttribute(int* value, int attribute, int device) {
  const int capability = gpus()[static_cast<size_t>(device)].capability;
  *value = attribute == 75 ? capability / 10 : capability % 10;  // as cuda.h numbers them
  return 0;
}
WINNOW_API int cuDeviceTotalMem_v2(size_t* bytes, int device) { return *bytes = gpus()[static_cast<size_t>(device)].bytes, 0; }
WINNOW_API int cuGetErrorName(int error, const char** name) {
  *name = error == 100 ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_UNKNOWN";
  return 0;
}
}
