// The list of kernels, and launches made from a kernel's type.
#pragma once

#include <cstring>
#include <type_traits>

#include "cuda/kernels/collect.h"
#include "cuda/kernels/convolution.h"
#include "cuda/kernels/correlation.h"
#include "cuda/kernels/distinct.h"
#include "cuda/kernels/draw.h"
#include "cuda/kernels/gram.h"
#include "cuda/kernels/patterns.h"
#include "cuda/kernels/pointwise.h"
#include "cuda/kernels/probe.h"
#include "cuda/machine.h"

namespace winnow::machine {

enum class KernelId : int32_t {
#define KERNEL(enumerator, ...) enumerator,
#include "cuda/kernels/kernels.inc"
#undef KERNEL
  kCount
};

template <typename Kernel>
struct IdOf;
#define KERNEL(enumerator, ...)                             \
  template <>                                               \
  struct IdOf<__VA_ARGS__> {                                \
    static constexpr KernelId value = KernelId::enumerator; \
  };
#include "cuda/kernels/kernels.inc"
#undef KERNEL

template <typename Kernel>
winnow_launch launch_of(const typename Kernel::Arguments& arguments, int64_t blocks) {
  static_assert(sizeof arguments <= WINNOW_LAUNCH_BYTES && std::is_trivially_copyable_v<typename Kernel::Arguments>);
  winnow_launch launch = {};
  launch.kernel = static_cast<int32_t>(IdOf<Kernel>::value);
  launch.blocks = blocks;
  std::memcpy(launch.arguments, &arguments, sizeof arguments);
  return launch;
}

template <typename Kernel>
typename Kernel::Arguments arguments_of(const winnow_launch& launch) {
  typename Kernel::Arguments arguments;
  std::memcpy(&arguments, launch.arguments, sizeof arguments);
  return arguments;
}

// Calls run.template operator()<Kernel>() for the kernel of a launch; false for a number that is none.
template <typename Run>
bool dispatch(int32_t kernel, Run&& run) {
  switch (static_cast<KernelId>(kernel)) {
#define KERNEL(enumerator, ...)              \
  case KernelId::enumerator:                 \
    run(static_cast<__VA_ARGS__*>(nullptr)); \
    return true;
#include "cuda/kernels/kernels.inc"
#undef KERNEL
    default:
      return false;
  }
}

}  // namespace winnow::machine
