// What a launch has to do at least: the arithmetic of its formula, and every byte of its inputs and outputs once.
#pragma once

#include "cuda/machine.h"

namespace winnow::bench {

struct KernelWork {
  double flops = 0, bytes = 0;  // both 0: nothing is claimed of this kernel
  bool doubles = false;         // in which number type
  KernelWork& operator+=(const KernelWork& o) {
    flops += o.flops;
    bytes += o.bytes;
    doubles = o.doubles;
    return *this;
  }
};

// Every operation of every pass is counted as there, as it is in the networks of bench/shapes. Lists that the launch points to
// are read from the machine.
KernelWork work_of(const winnow_machine_table& table, winnow_machine* machine, const winnow_launch& launch);

// "Convolution<float>", as kernels.inc names its type.
const char* kernel_name(int32_t kernel);

}  // namespace winnow::bench
