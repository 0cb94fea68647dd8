// A device whose kernels run on the host, block after block: the whole back end of cuda/ without a GPU.
#pragma once

#include <memory>

#include "cuda/backend.h"
#include "cuda/emulation/emulation.h"
#include "runtime/device.h"
#include "runtime/limits.h"
#include "runtime/threads.h"

namespace winnow::test {

// Device 0 has 16 GiB, device 1 one MiB; `byte_budget` 0: all of it.
inline winnow_device* open_emulated_device(int32_t index = 0, int64_t byte_budget = 0) {
  auto device = std::make_shared<Device>();
  device->variant = Variant::kPortable;
  device->threads = 1;
  device->byte_budget = byte_budget > 0 ? byte_budget : int64_t{16} << 30;
  device->pool = std::make_shared<Threads>(1);
  device->backend = open_machine(*winnow_machine_functions(), index);
  return new winnow_device{device};
}

}  // namespace winnow::test
