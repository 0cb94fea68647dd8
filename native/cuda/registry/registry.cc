#include "cuda/registry/registry.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "cuda/backend.h"
#include "cuda/registry/library.h"
#include "runtime/failure.h"

namespace winnow {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Failure(WINNOW_UNSUPPORTED, text); }

std::string gpu_text(const Gpu& gpu) {
  char memory[32];
  std::snprintf(memory, sizeof memory, "%.1f GiB", static_cast<double>(gpu.bytes) / (1 << 30));
  return gpu.name + ", compute capability " + capability_text(gpu.capability) + ", " + memory;
}

std::string names_of(const std::vector<Gpu>& gpus) {
  std::string text;
  for (size_t i = 0; i < gpus.size(); ++i)
    text += (i == 0 ? "" : "; ") + ("cuda:" + std::to_string(i)) + " " + gpu_text(gpus[i]);
  return text.empty() ? "no GPU" : text;
}

}  // namespace

std::string default_cuda_library() {
  Dl_info self = {};
  const std::string name = "libwinnow_cuda.so";
  if (dladdr(reinterpret_cast<const void*>(&default_cuda_library), &self) == 0 || self.dli_fname == nullptr) return name;
  const std::string file = self.dli_fname;
  const size_t slash = file.find_last_of('/');
  return slash == std::string::npos ? "./" + name : file.substr(0, slash + 1) + name;
}

bool covers(const std::string& architectures, int capability, bool compiles) {
  std::istringstream list(architectures);
  for (std::string one; list >> one;) {
    const int version = std::atoi(one.c_str());
    const bool code = one.find("-virtual") == std::string::npos, text = one.find("-real") == std::string::npos;
    if (code && version / 10 == capability / 10 && version <= capability) return true;
    if (text && compiles && version <= capability) return true;
  }
  return false;
}

CudaLibrary::CudaLibrary(const std::string& file) {
  if (access(file.c_str(), R_OK) != 0) refuse("this build has no GPU code: no file " + file);
  handle_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle_ == nullptr) refuse(dlerror());
  const auto facts_of = reinterpret_cast<winnow_cuda_facts_function>(function(WINNOW_CUDA_FACTS));
  const winnow_cuda_facts& facts = *facts_of();
  if (facts.abi != WINNOW_ABI_VERSION || std::string(facts.commit) != WINNOW_COMMIT) {
    refuse(file + " is of another build: ABI " + std::to_string(facts.abi) + ", commit " + facts.commit +
           "; the core has ABI " + std::to_string(WINNOW_ABI_VERSION) + ", commit " WINNOW_COMMIT);
  }
  architectures_ = facts.architectures;
  toolkit_ = facts.toolkit;
}

std::string CudaLibrary::refusal(const CudaDriver& driver, const Gpu& gpu) const {
  // Within one major version any driver runs any toolkit's machine code, and compiles virtual code of toolkits up to its own.
  if (driver.version / 1000 < toolkit_ / 1000) {
    return "the driver is too old: it runs CUDA up to " + cuda_version_text(driver.version) + ", the library needs " +
           cuda_version_text(toolkit_ / 1000 * 1000);
  }
  if (!covers(architectures_, gpu.capability)) {
    return "compute capability " + capability_text(gpu.capability) + " is not covered: the library has code for " +
           architectures_;
  }
  if (!covers(architectures_, gpu.capability, driver.version >= toolkit_)) {
    return "the driver is too old: it compiles code of CUDA up to " + cuda_version_text(driver.version) +
           ", and for compute capability " + capability_text(gpu.capability) + " the library has only code of CUDA " +
           cuda_version_text(toolkit_) + " to be compiled";
  }
  return "";
}

std::string CudaLibrary::text() const { return "CUDA " + cuda_version_text(toolkit_) + ", code for " + architectures_; }

void* CudaLibrary::function(const char* name) const {
  void* const address = dlsym(handle_, name);
  if (address == nullptr) refuse(dlerror());
  return address;
}

CudaLibrary open_cuda_library(const std::string& file, int index, const CudaDriver& driver) {
  const std::string device = "cuda:" + std::to_string(index);
  if (!driver.answers()) refuse(device + ": no NVIDIA driver answers: " + driver.failure);
  if (index < 0 || index >= static_cast<int>(driver.gpus.size())) {
    refuse("there is no " + device + ": the driver has " + names_of(driver.gpus));
  }
  const Gpu& gpu = driver.gpus[static_cast<size_t>(index)];
  const CudaLibrary library(file);
  const std::string refusal = library.refusal(driver, gpu);
  if (!refusal.empty()) refuse(device + " (" + gpu_text(gpu) + "): " + refusal);
  return library;
}

std::shared_ptr<const Device> open_cuda_device(const winnow_device_options& options) {
  if (options.index < 0) throw Failure(WINNOW_INVALID, "index must be >= 0 but was " + std::to_string(options.index));
  if (options.variant != nullptr) {
    throw Failure(WINNOW_INVALID, std::string("variant is the CPU's; a GPU has none, but it was ") + options.variant);
  }
  winnow_device_options host = options;
  host.kind = WINNOW_CPU;
  host.index = 0;
  auto device = std::make_shared<Device>(*open_device(host));
  const std::string file = options.library == nullptr ? default_cuda_library() : options.library;
  const CudaDriver driver = ask_cuda_driver();
  const CudaLibrary library = open_cuda_library(file, options.index, driver);
  const winnow_machine_table& machine = *reinterpret_cast<winnow_machine_entry>(library.function(WINNOW_MACHINE_SYMBOL))();
  device->byte_budget = options.byte_budget > 0 ? options.byte_budget : driver.gpus[static_cast<size_t>(options.index)].bytes;
  device->backend = open_machine(machine, options.index);
  return device;
}

std::vector<std::pair<std::string, std::string>> describe_cuda(const std::string& file, const CudaDriver& driver) {
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back("cuda driver", driver.answers() ? "runs CUDA up to " + cuda_version_text(driver.version)
                                                     : "none answers: " + driver.failure);
  if (access(file.c_str(), R_OK) != 0) {
    facts.emplace_back("cuda library", "not in this build: no file " + file);
  } else if (driver.gpus.empty()) {
    facts.emplace_back("cuda library", file + ", not loaded: no GPU");
  }
  for (size_t i = 0; i < driver.gpus.size(); ++i) {
    std::string state;
    try {
      const CudaLibrary library(file);
      if (i == 0) facts.emplace_back("cuda library", file + ", loaded: " + library.text());
      state = library.refusal(driver, driver.gpus[i]);
      state = state.empty() ? "usable" : "refused: " + state;
    } catch (const Failure& failure) {
      if (i == 0 && facts.size() == 1) facts.emplace_back("cuda library", std::string("refused: ") + failure.what());
      state = "refused: no library";
    }
    facts.emplace_back("cuda:" + std::to_string(i), gpu_text(driver.gpus[i]) + ": " + state);
  }
  return facts;
}

}  // namespace winnow
