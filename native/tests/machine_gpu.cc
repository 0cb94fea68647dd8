// The first GPU. Where there is none the program says why and returns 77, which ctest reports as skipped; with WINNOW_REQUIRE_GPU
// set, as a machine that promises one sets it, that is a failure.
#include <memory>

#include "check.h"
#include "cuda/registry/registry.h"
#include "machine_under_test.h"
#include "runtime/failure.h"

namespace winnow::test {
namespace {

constexpr int kSkipped = 77;
std::unique_ptr<const MachineUnderTest> gpu;

std::string open_first_gpu() {
  try {
    const CudaLibrary library = open_cuda_library(WINNOW_CUDA_LIBRARY_FILE, 0, ask_cuda_driver());
    gpu = std::make_unique<const MachineUnderTest>(
        *reinterpret_cast<winnow_machine_entry>(library.function(WINNOW_MACHINE_SYMBOL))(), 0);
    return "";
  } catch (const Failure& failure) {
    return failure.what();
  }
}

}  // namespace

const MachineUnderTest& MachineUnderTest::get() { return *gpu; }

}  // namespace winnow::test

int main(int argc, char** argv) {
  const std::string reason = winnow::test::open_first_gpu();
  if (!reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return std::getenv("WINNOW_REQUIRE_GPU") == nullptr ? winnow::test::kSkipped : 1;
  }
  const int code = winnow::test::run(argc, argv);
  winnow::test::gpu.reset();
  return code;
}
