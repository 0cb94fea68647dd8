// What this process may use: the smaller of the machine, the affinity mask and the container's limits (cgroup v2 and v1).
#pragma once

#include <cstdint>

namespace winnow {

int64_t usable_threads();  // >= 1
int64_t usable_bytes();    // physical memory or the container's limit

}  // namespace winnow
