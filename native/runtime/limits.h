// What this process may use: the smaller of the machine, the affinity mask and the container's limits (cgroup v2 and v1). `root`
// holds proc/ and sys/; tests make their own.
#pragma once

#include <cstdint>
#include <string>

namespace winnow {

int64_t usable_threads(const std::string& root = "/");  // >= 1
int64_t usable_bytes(const std::string& root = "/");    // physical memory or the container's limit

// The container's limits alone; INT64_MAX without one.
int64_t container_threads(const std::string& root);
int64_t container_bytes(const std::string& root);

}  // namespace winnow
