// The back end of a loaded machine table (machine.h). The device registry loads a library, checks the version and makes one.
#pragma once

#include <memory>

#include "cuda/machine.h"
#include "runtime/backend.h"

namespace winnow {

// Device `index` of a table; throws Failure(INVALID) for an index that is not there, DEVICE_FAILED with the machine's text.
std::shared_ptr<const Backend> open_machine(const winnow_machine_table& table, int32_t index);

// Whether a machine's plans have such a pass, for every operation and number type that plans have.
bool machine_runs(winnow_pass pass);

}  // namespace winnow
