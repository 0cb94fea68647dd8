// The facts of this library (library.h).
#include "cuda/registry/library.h"

#include <cuda_runtime_api.h>

#include "winnow/status.h"

extern "C" WINNOW_API const winnow_cuda_facts* winnow_cuda_facts_of_library(void) {
  static const winnow_cuda_facts facts = {WINNOW_COMMIT, WINNOW_ABI_VERSION, CUDART_VERSION, WINNOW_CUDA_ARCHITECTURES};
  return &facts;
}
