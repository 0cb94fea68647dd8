// A library with GPU code as far as the registry looks at one: its facts are what the environment says (LIBRARY_COMMIT,
// LIBRARY_TOOLKIT, LIBRARY_ARCHITECTURES), its code is none.
#include <cstdlib>

#include "cuda/registry/library.h"
#include "winnow/status.h"

extern "C" WINNOW_API const winnow_cuda_facts* winnow_cuda_facts_of_library(void) {
  static winnow_cuda_facts facts;
  facts = {std::getenv("LIBRARY_COMMIT"), WINNOW_ABI_VERSION, std::atoi(std::getenv("LIBRARY_TOOLKIT")),
           std::getenv("LIBRARY_ARCHITECTURES")};
  return &facts;
}
