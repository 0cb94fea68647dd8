// A device whose plans run on a machine's table of functions: the emulation's, or a GPU's.
#pragma once

#include <memory>

#include "cuda/backend.h"
#include "runtime/device.h"
#include "runtime/threads.h"

namespace winnow::test {

inline std::shared_ptr<const Device> machine_device(const winnow_machine_table& table, int32_t index = 0,
                                                    int64_t byte_budget = int64_t{16} << 30) {
  auto device = std::make_shared<Device>();
  device->variant = Variant::kPortable;
  device->threads = 1;
  device->byte_budget = byte_budget;
  device->pool = std::make_shared<Threads>(1);
  device->backend = open_machine(table, index);
  return device;
}

}  // namespace winnow::test
