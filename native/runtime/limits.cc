#include "runtime/limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace winnow {
namespace {

// The process's own cgroup as proc/self/cgroup names it: "0::<path>" in version 2, "5:cpu,cpuacct:<path>" in version 1.
std::string cgroup_path(const std::string& root, const std::string& controller) {
  std::ifstream file(root + "/proc/self/cgroup");
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

// Calls visit(folder) for the process's cgroup and every ancestor up to the mount point: a limit holds for all below it. Of a
// group that a container does not see, the mount point is what limits it.
template <typename Visit>
void each_cgroup(const std::string& mount, std::string path, Visit visit) {
  while (true) {
    visit(mount + path);
    if (path.empty()) return;
    const size_t parent = path.find_last_of('/');
    path.resize(parent == std::string::npos ? 0 : parent);
  }
}

// A file that is not there, "max" and -1 are no limit, nor is what is no number.
void lower(int64_t& best, int64_t limit) {
  if (limit > 0) best = std::min(best, limit);
}

// Microseconds of processors in each period; a part of a processor takes a thread of its own.
void lower(int64_t& best, std::istream& quota_file, std::istream& period_file) {
  int64_t quota, period;
  if (quota_file >> quota && period_file >> period && period > 0) lower(best, quota / period + (quota % period > 0));
}

}  // namespace

int64_t container_threads(const std::string& root) {
  int64_t best = INT64_MAX;
  each_cgroup(root + "/sys/fs/cgroup", cgroup_path(root, ""), [&](const std::string& folder) {
    std::ifstream file(folder + "/cpu.max");
    lower(best, file, file);
  });
  each_cgroup(root + "/sys/fs/cgroup/cpu", cgroup_path(root, "cpu"), [&](const std::string& folder) {
    std::ifstream quota(folder + "/cpu.cfs_quota_us"), period(folder + "/cpu.cfs_period_us");
    lower(best, quota, period);
  });
  return best;
}

int64_t container_bytes(const std::string& root) {
  int64_t best = INT64_MAX;
  const auto read = [&](const std::string& name) {
    std::ifstream file(name);
    int64_t bytes;
    if (file >> bytes) lower(best, bytes);
  };
  each_cgroup(root + "/sys/fs/cgroup", cgroup_path(root, ""), [&](const std::string& folder) { read(folder + "/memory.max"); });
  each_cgroup(root + "/sys/fs/cgroup/memory", cgroup_path(root, "memory"),
              [&](const std::string& folder) { read(folder + "/memory.limit_in_bytes"); });
  return best;
}

int64_t usable_threads(const std::string& root) {
  int64_t count = std::max<int64_t>(1, std::thread::hardware_concurrency());
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) count = std::min<int64_t>(count, CPU_COUNT(&mask));
  return std::max<int64_t>(1, std::min(count, container_threads(root)));
}

int64_t usable_bytes(const std::string& root) {
  const int64_t physical = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return std::min(physical, container_bytes(root));
}

}  // namespace winnow
