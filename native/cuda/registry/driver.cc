#include "cuda/registry/driver.h"

#include <dlfcn.h>

namespace winnow {
namespace {

// The part of the driver interface that is used, as cuda.h declares it; its numbers never change.
using Result = int;
using Handle = int;
constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;

struct Functions {
  Result (*init)(unsigned flags);
  Result (*driver_version)(int* version);
  Result (*device_count)(int* count);
  Result (*device)(Handle* device, int index);
  Result (*device_name)(char* name, int capacity, Handle device);
  Result (*device_attribute)(int* value, int attribute, Handle device);
  Result (*device_bytes)(size_t* bytes, Handle device);
  Result (*error_name)(Result error, const char** name);
};

// A function of an opened library; says which one is missing.
class Symbols {
 public:
  explicit Symbols(void* library) : library_(library) {}
  template <typename Function>
  void find(Function& function, const char* name) {
    void* const address = dlsym(library_, name);
    if (address == nullptr && missing_.empty()) missing_ = name;
    function = reinterpret_cast<Function>(address);
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

// "cuInit answers CUDA_ERROR_NO_DEVICE (100)", or "" for success.
std::string refusal(const Functions& driver, const char* call, Result result) {
  if (result == 0) return "";
  const char* name = nullptr;
  driver.error_name(result, &name);
  return std::string(call) + " answers " + (name == nullptr ? "error" : name) + " (" + std::to_string(result) + ")";
}

std::string ask(const Functions& driver, CudaDriver& answer) {
  std::string failure = refusal(driver, "cuInit", driver.init(0));
  if (failure.empty()) failure = refusal(driver, "cuDriverGetVersion", driver.driver_version(&answer.version));
  int count = 0;
  if (failure.empty()) failure = refusal(driver, "cuDeviceGetCount", driver.device_count(&count));
  for (int i = 0; i < count && failure.empty(); ++i) {
    Handle device = 0;
    char name[256] = "";
    int major = 0, minor = 0;
    size_t bytes = 0;
    failure = refusal(driver, "cuDeviceGet", driver.device(&device, i));
    if (failure.empty()) failure = refusal(driver, "cuDeviceGetName", driver.device_name(name, sizeof name, device));
    for (const auto& [value, attribute] : {std::pair(&major, kCapabilityMajor), std::pair(&minor, kCapabilityMinor)}) {
      if (failure.empty()) failure = refusal(driver, "cuDeviceGetAttribute", driver.device_attribute(value, attribute, device));
    }
    if (failure.empty()) failure = refusal(driver, "cuDeviceTotalMem", driver.device_bytes(&bytes, device));
    answer.gpus.push_back({name, 10 * major + minor, static_cast<int64_t>(bytes)});
  }
  return failure;
}

}  // namespace

CudaDriver ask_cuda_driver(const std::string& file) {
  CudaDriver answer;
  // Never closed: a driver that was initialised does not unload.
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    answer.failure = dlerror();
    return answer;
  }
  Functions driver = {};
  Symbols symbols(library);
  symbols.find(driver.init, "cuInit");
  symbols.find(driver.driver_version, "cuDriverGetVersion");
  symbols.find(driver.device_count, "cuDeviceGetCount");
  symbols.find(driver.device, "cuDeviceGet");
  symbols.find(driver.device_name, "cuDeviceGetName");
  symbols.find(driver.device_attribute, "cuDeviceGetAttribute");
  symbols.find(driver.device_bytes, "cuDeviceTotalMem_v2");
  symbols.find(driver.error_name, "cuGetErrorName");
  answer.failure = symbols.missing().empty() ? ask(driver, answer) : file + " has no " + symbols.missing();
  if (!answer.answers()) answer.gpus.clear();
  return answer;
}

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string capability_text(int capability) { return std::to_string(capability / 10) + "." + std::to_string(capability % 10); }

}  // namespace winnow
