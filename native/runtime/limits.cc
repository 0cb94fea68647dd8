#include "runtime/limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace winnow {
namespace {

// The process's own cgroup as /proc/self/cgroup names it: "0::<path>" in version 2, "5:cpu,cpuacct:<path>" in version 1.
std::string cgroup_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controller.empty() ? controllers == ",," : controllers.find("," + controller + ",") != std::string::npos) {
      return line.substr(second + 1);
    }
  }
  return "";
}

// Calls visit(folder) for the process's cgroup and every ancestor up to the mount point: a limit holds for all below it.
template <typename Visit>
void each_cgroup(const std::string& mount, std::string path, Visit visit) {
  while (true) {
    visit(mount + path);
    if (path.empty() || path == "/") return;
    path.resize(path.find_last_of('/'));
  }
}

int64_t cpu_quota() {
  int64_t best = INT64_MAX;
  each_cgroup("/sys/fs/cgroup", cgroup_path(""), [&](const std::string& folder) {
    std::ifstream file(folder + "/cpu.max");
    std::string quota;
    double period;
    if (file >> quota >> period && quota != "max" && period > 0) {
      best = std::min(best, static_cast<int64_t>(std::stod(quota) / period + 0.999));
    }
  });
  each_cgroup("/sys/fs/cgroup/cpu", cgroup_path("cpu"), [&](const std::string& folder) {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
    double quota, period;
    if (quota_file >> quota && period_file >> period && quota > 0 && period > 0) {
      best = std::min(best, static_cast<int64_t>(quota / period + 0.999));
    }
  });
  return best;
}

int64_t memory_limit() {
  int64_t best = INT64_MAX;
  const auto read = [&](const std::string& name) {
    std::ifstream file(name);
    int64_t bytes;
    if (file >> bytes && bytes > 0) best = std::min(best, bytes);  // "max" does not parse and stays unlimited
  };
  each_cgroup("/sys/fs/cgroup", cgroup_path(""), [&](const std::string& folder) { read(folder + "/memory.max"); });
  each_cgroup("/sys/fs/cgroup/memory", cgroup_path("memory"),
              [&](const std::string& folder) { read(folder + "/memory.limit_in_bytes"); });
  return best;
}

}  // namespace

int64_t usable_threads() {
  int64_t count = std::max<int64_t>(1, std::thread::hardware_concurrency());
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) count = std::min<int64_t>(count, CPU_COUNT(&mask));
  return std::max<int64_t>(1, std::min(count, cpu_quota()));
}

int64_t usable_bytes() {
  const int64_t physical = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return std::min(physical, memory_limit());
}

}  // namespace winnow
