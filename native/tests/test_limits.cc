// Limits of containers, read below a root of the test's own that holds what the kernel would show (cgroups(7): cpu.max is
// "quota period", cpu.cfs_quota_us is -1 without a quota). Expected: the smallest quota over its period, rounded up; the fewest
// bytes; of the group and all above it.
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "check.h"
#include "runtime/limits.h"

using namespace winnow;
using namespace winnow::test;

namespace {

// A folder in the temporary directory, gone with this.
class Root {
 public:
  Root() {
    std::string name = (std::filesystem::temp_directory_path() / "winnow-limits-XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Root() { std::filesystem::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  Root& file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return *this;
  }
  Root& in_group(const std::string& lines) { return file("proc/self/cgroup", lines); }
  // Version 2, version 1; `name` is relative to the mount point.
  Root& group(const std::string& name, const std::string& text) { return file("sys/fs/cgroup/" + name, text); }
  Root& cpu(const std::string& group, const std::string& quota, const std::string& period) {
    this->group("cpu/" + group + "cpu.cfs_quota_us", quota);
    return this->group("cpu/" + group + "cpu.cfs_period_us", period);
  }

  int64_t threads() const { return container_threads(path_); }
  int64_t bytes() const { return container_bytes(path_); }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST(without_files_nothing_limits) {
  const Root root;
  CHECK_EQUAL(root.threads(), INT64_MAX);
  CHECK_EQUAL(root.bytes(), INT64_MAX);
  CHECK_EQUAL(container_threads(root.path() + "/nowhere"), INT64_MAX);
  CHECK_EQUAL(container_bytes(root.path() + "/nowhere"), INT64_MAX);
}

// A part of a processor is a thread more, and the least quota is one.
TEST(quotas_are_rounded_up) {
  struct Case {
    const char *quota, *period;
    int64_t threads;
  };
  for (const Case& c : {Case{"200000", "100000", 2},
                        {"200001", "100000", 3},
                        {"199999", "100000", 2},
                        {"150000", "100000", 2},
                        {"100000", "100000", 1},
                        {"50000", "100000", 1},
                        {"1000", "1000000", 1},
                        {"1", "1000000", 1},
                        {"7000", "2000", 4},
                        {"102400000", "100000", 1024}}) {
    note(std::string(c.quota) + " of " + c.period);
    CHECK_EQUAL(Root().group("cpu.max", std::string(c.quota) + " " + c.period + "\n").threads(), c.threads);
    CHECK_EQUAL(Root().cpu("", std::string(c.quota) + "\n", std::string(c.period) + "\n").threads(), c.threads);
  }
}

TEST(version_2_of_nested_groups) {
  Root root;
  root.in_group("0::/slice/pod/container\n")
      .group("slice/pod/container/cpu.max", "max 100000\n")
      .group("slice/pod/container/memory.max", "max\n");
  CHECK_EQUAL(root.threads(), INT64_MAX);
  CHECK_EQUAL(root.bytes(), INT64_MAX);
  // Of the group, of one above it, at the mount point; groups beside it are others'.
  root.group("slice/other/cpu.max", "100000 100000\n").group("slice/other/memory.max", "1\n");
  CHECK_EQUAL(root.threads(), INT64_MAX);
  CHECK_EQUAL(root.bytes(), INT64_MAX);
  root.group("cpu.max", "800000 100000\n").group("memory.max", "8000000000\n");
  CHECK_EQUAL(root.threads(), 8);
  CHECK_EQUAL(root.bytes(), 8000000000);
  root.group("slice/cpu.max", "300000 100000\n").group("slice/memory.max", "3000000000\n");
  CHECK_EQUAL(root.threads(), 3);
  CHECK_EQUAL(root.bytes(), 3000000000);
  root.group("slice/pod/container/cpu.max", "200000 100000\n").group("slice/pod/container/memory.max", "2000000000\n");
  CHECK_EQUAL(root.threads(), 2);
  CHECK_EQUAL(root.bytes(), 2000000000);
}

// A controller each has its own group, among several of a line; a mount of version 2 without controllers is beside them.
TEST(version_1_of_nested_groups) {
  Root root;
  root.in_group("12:cpuset:/set\n11:memory:/user/job\n5:cpu,cpuacct:/batch/job\n1:name=systemd:/\n0::/unified\n")
      .cpu("batch/job/", "-1\n", "100000\n")
      .group("memory/user/job/memory.limit_in_bytes", "9223372036854771712\n")  // what the kernel shows without a limit
      .cpu("user/job/", "100000\n", "100000\n")
      .group("memory/batch/job/memory.limit_in_bytes", "1\n")
      .group("cpuacct/batch/job/cpu.cfs_quota_us", "1\n");
  CHECK_EQUAL(root.threads(), INT64_MAX);
  CHECK_EQUAL(root.bytes(), 9223372036854771712);
  root.cpu("batch/", "250000\n", "100000\n").group("memory/user/memory.limit_in_bytes", "5000000000\n");
  CHECK_EQUAL(root.threads(), 3);
  CHECK_EQUAL(root.bytes(), 5000000000);
  root.cpu("batch/job/", "25000\n", "50000\n").group("memory/user/job/memory.limit_in_bytes", "4096\n");
  CHECK_EQUAL(root.threads(), 1);
  CHECK_EQUAL(root.bytes(), 4096);
}

// A container's mount point is its own group, whatever the host calls it.
TEST(a_group_that_is_not_seen_is_the_mount_point) {
  Root second;
  second.in_group("0::/../host/container\n").group("cpu.max", "400000 100000\n").group("memory.max", "4000000\n");
  CHECK_EQUAL(second.threads(), 4);
  CHECK_EQUAL(second.bytes(), 4000000);
  Root first;
  first.in_group("4:memory:/docker/0123\n3:cpu:/docker/0123\n")
      .cpu("", "400000\n", "100000\n")
      .group("memory/memory.limit_in_bytes", "4000000\n");
  CHECK_EQUAL(first.threads(), 4);
  CHECK_EQUAL(first.bytes(), 4000000);
}

TEST(malformed_files_limit_nothing) {
  for (const char* text :
       {"", "\n", "max", "max max\n", "100000", "100000 \n", "100000 0\n", "100000 -1\n", "0 100000\n", "-100000 100000\n",
        "many 100000\n", "100000 many\n", "nan 100000\n", "1e400 100000\n", "99999999999999999999 100000\n", "\xff\xfe"}) {
    note(text);
    CHECK_EQUAL(Root().group("cpu.max", text).threads(), INT64_MAX);
  }
  for (const char* text : {"", "\n", "0\n", "-1\n", "all\n", "nan\n", "99999999999999999999\n", "\xff\xfe"}) {
    note(text);
    CHECK_EQUAL(Root().cpu("", text, "100000\n").threads(), INT64_MAX);
    CHECK_EQUAL(Root().cpu("", "100000\n", text).threads(), INT64_MAX);
    CHECK_EQUAL(Root().group("memory.max", text).bytes(), INT64_MAX);
    CHECK_EQUAL(Root().group("memory/memory.limit_in_bytes", text).bytes(), INT64_MAX);
  }
  CHECK_EQUAL(Root().group("cpu/cpu.cfs_quota_us", "100000\n").threads(), INT64_MAX);  // no file of the period
}

// What does not name a group leaves the mount point.
TEST(malformed_lists_of_groups_leave_the_mount_point) {
  for (const char* text : {"", "\n", "nonsense\n", ":\n", "::\n", "0::\n", "0::nonsense\n", "0::/\n", "0:/\n0::/", "\xff\n"}) {
    note(text);
    Root root;
    root.in_group(text).group("cpu.max", "500000 100000\n").group("memory/memory.limit_in_bytes", "5000000\n");
    CHECK_EQUAL(root.threads(), 5);
    CHECK_EQUAL(root.bytes(), 5000000);
  }
}

TEST(usable_is_the_least_of_machine_affinity_and_container) {
  const Root free;
  cpu_set_t all;
  CHECK_EQUAL(sched_getaffinity(0, sizeof all, &all), 0);
  CHECK_EQUAL(usable_threads(free.path()), int64_t{CPU_COUNT(&all)});
  CHECK_EQUAL(usable_bytes(free.path()), int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE));
  CHECK(usable_threads() >= 1 && usable_threads() <= usable_threads(free.path()));
  CHECK(usable_bytes() >= 1 && usable_bytes() <= usable_bytes(free.path()));
  Root tight;
  tight.group("cpu.max", "100 100000\n").group("memory.max", "1048576\n");
  CHECK_EQUAL(usable_threads(tight.path()), 1);
  CHECK_EQUAL(usable_bytes(tight.path()), 1048576);
  Root wide;
  wide.group("cpu.max", "102400000000 100000\n").group("memory.max", "9223372036854775807\n");
  CHECK_EQUAL(usable_threads(wide.path()), usable_threads(free.path()));
  CHECK_EQUAL(usable_bytes(wide.path()), usable_bytes(free.path()));
  // This thread on one of its processors.
  int one = 0;
  while (!CPU_ISSET(one, &all)) ++one;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(one, &mask);
  CHECK_EQUAL(sched_setaffinity(0, sizeof mask, &mask), 0);
  CHECK_EQUAL(usable_threads(free.path()), 1);
  CHECK_EQUAL(sched_setaffinity(0, sizeof all, &all), 0);
}
