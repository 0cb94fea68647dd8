// Devices, their options and variants; the pool of threads behind them; status names.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include "check.h"
#include "runtime/device.h"
#include "runtime/failure.h"
#include "runtime/threads.h"

using namespace winnow;
using namespace winnow::test;

namespace {

winnow_device_options options() {
  winnow_device_options o = {};
  o.size = sizeof o;
  o.threads = 1;
  return o;
}

std::string failure_of(const winnow_device_options& o, winnow_status expected) {
  winnow_device* device = nullptr;
  winnow_error error = {};
  CHECK_EQUAL(winnow_device_open(&o, &device, &error), expected);
  CHECK(device == nullptr);
  winnow_device_close(device);
  return error.text;
}

std::string describe(const winnow_device_options& o) {
  winnow_device* device = nullptr;
  CHECK_EQUAL(winnow_device_open(&o, &device, nullptr), WINNOW_OK);
  int64_t needed = 0;
  CHECK_EQUAL(winnow_device_describe(device, nullptr, 0, &needed, nullptr), WINNOW_OK);
  std::vector<char> text(static_cast<size_t>(needed) + 1, 'x');
  CHECK_EQUAL(winnow_device_describe(device, text.data(), needed - 1, &needed, nullptr), WINNOW_INVALID);
  CHECK_EQUAL(winnow_device_describe(device, text.data(), needed, &needed, nullptr), WINNOW_OK);
  CHECK_EQUAL(text.back(), 'x');
  winnow_device_close(device);
  return text.data();
}

}  // namespace

TEST(wrong_options_are_invalid) {
  winnow_device_options o = options();
  o.size = 8;
  CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "winnow_device_options.size");
  o = options();
  o.kind = WINNOW_CUDA;
  CHECK_CONTAINS(failure_of(o, WINNOW_UNSUPPORTED), "cuda:0");
  o.kind = 2;
  CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "kind must be");
  o = options();
  o.index = 1;
  CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "index");
  for (const int64_t threads : {int64_t{-1}, int64_t{1025}, INT64_MAX}) {
    o = options();
    o.threads = threads;
    CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "threads must be in [0, 1024]");
  }
  o = options();
  o.byte_budget = -1;
  CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "byte_budget");
  o = options();
  o.variant = "sse9";
  CHECK_CONTAINS(failure_of(o, WINNOW_INVALID), "sse9");
  winnow_device* device;
  CHECK_EQUAL(winnow_device_open(nullptr, &device, nullptr), WINNOW_INVALID);
  CHECK_EQUAL(winnow_device_open(&o, nullptr, nullptr), WINNOW_INVALID);
  winnow_device_close(nullptr);
}

// A variant that this CPU has opens and says its name; one it lacks is UNSUPPORTED and never another instead.
TEST(variants) {
  const std::vector<Variant> available = available_variants();
  const auto has = [&](Variant variant) { return std::count(available.begin(), available.end(), variant) == 1; };
  CHECK(has(Variant::kReference) && has(Variant::kPortable));
  for (const Variant variant : kVariants) {
    const std::string name = variant_name(variant);
    winnow_device_options o = options();
    o.variant = name.c_str();
    if (has(variant)) {
      CHECK_CONTAINS(describe(o), "\"variant\": \"" + name + "\"");
    } else {
      CHECK_CONTAINS(failure_of(o, WINNOW_UNSUPPORTED), name);
      std::printf("variant %s skipped: this CPU lacks it\n", name.c_str());
    }
  }
}

namespace {

// WINNOW_VARIANT, what it was at the end.
class Environment {
 public:
  explicit Environment(const char* variant) {
    if (const char* before = std::getenv("WINNOW_VARIANT")) before_ = before;
    set(variant);
  }
  ~Environment() {
    unsetenv("WINNOW_VARIANT");
    if (before_) set(before_->c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  void set(const char* variant) { setenv("WINNOW_VARIANT", variant, 1); }

 private:
  std::optional<std::string> before_;
};

}  // namespace

TEST(the_environment_chooses_a_variant) {
  Environment environment("portable");
  CHECK_CONTAINS(describe(options()), "\"variant\": \"portable\"");
  environment.set("nonsense");
  const std::string unknown = failure_of(options(), WINNOW_INVALID);
  CHECK_CONTAINS(unknown, "environment variable WINNOW_VARIANT");
  for (const Variant variant : kVariants) CHECK_CONTAINS(unknown, variant_name(variant));
  for (const Variant variant : kVariants) {
    const std::vector<Variant> available = available_variants();
    if (std::count(available.begin(), available.end(), variant) == 1) continue;
    environment.set(variant_name(variant));
    CHECK_CONTAINS(failure_of(options(), WINNOW_UNSUPPORTED), "environment variable WINNOW_VARIANT");
  }
  winnow_device_options o = options();
  o.variant = "reference";  // an explicit choice is final
  CHECK_CONTAINS(describe(o), "\"variant\": \"reference\"");
}

// Any machine's CPU may have all variants: one that has the reference alone.
TEST(a_variant_that_the_cpu_lacks_is_unsupported) {
  const std::vector<Variant> present = {Variant::kReference};
  const auto refusal = [&](const char* name) {
    try {
      choose_variant(name, present);
      return std::string("chosen");
    } catch (const Failure& failure) {
      CHECK_EQUAL(failure.status(), WINNOW_UNSUPPORTED);
      return std::string(failure.what());
    }
  };
  Environment environment("portable");
  CHECK_EQUAL(refusal(nullptr), "environment variable WINNOW_VARIANT asks for portable but this CPU has: reference");
  environment.set("");
  CHECK(choose_variant(nullptr, present) == Variant::kReference);
  CHECK_EQUAL(refusal("portable"), "variant asks for portable but this CPU has: reference");
}

TEST(every_task_runs_once_for_any_count) {
  for (const int64_t count : {1, 2, 3, 8}) {
    Threads threads(count);
    CHECK_EQUAL(threads.count(), count);
    for (const int64_t tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
      std::atomic<bool> workers_in_range{true};
      threads.run(tasks, [&](int64_t index, int64_t worker) {
        ++runs[static_cast<size_t>(index)];
        if (worker < 0 || worker >= count) workers_in_range = false;
      });
      bool once = true;
      for (const auto& r : runs) once = once && r == 1;
      CHECK(once);
      CHECK(workers_in_range);
    }
  }
}

TEST(an_exception_comes_back_and_the_pool_lives_on) {
  for (const int64_t count : {1, 2, 5}) {
    Threads threads(count);
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::atomic<int64_t> started{0};
      std::string caught;
      try {
        threads.run(1000, [&](int64_t index, int64_t) {
          ++started;
          if (index == 3) throw std::runtime_error("task 3");
        });
      } catch (const std::runtime_error& e) {
        caught = e.what();
      }
      CHECK_EQUAL(caught, "task 3");
      CHECK(started >= 4);
      if (count == 1) CHECK_EQUAL(started.load(), 4);
    }
    std::atomic<int64_t> sum{0};
    threads.run(100, [&](int64_t index, int64_t) { sum += index; });
    CHECK_EQUAL(sum.load(), 4950);
  }
}

TEST(callers_take_turns) {
  Threads threads(2);
  std::atomic<int64_t> inside{0}, total{0};
  std::atomic<bool> overlapped{false};
  const auto caller = [&] {
    for (int k = 0; k < 50; ++k) {
      std::atomic<int64_t> mine{0};
      threads.run(4, [&](int64_t, int64_t) {
        if (++inside > 2) overlapped = true;
        ++mine;
        --inside;
      });
      total += mine;
    }
  };
  std::thread other(caller);
  caller();
  other.join();
  CHECK_EQUAL(total.load(), 400);
  CHECK(!overlapped);
}

TEST(status_names) {
  std::set<std::string> names;
  for (int s = WINNOW_OK; s <= WINNOW_INTERNAL; ++s) names.insert(winnow_status_name(static_cast<winnow_status>(s)));
  CHECK_EQUAL(names.size(), size_t{8});
  CHECK_EQUAL(std::string(winnow_status_name(WINNOW_CANCELLED)), "WINNOW_CANCELLED");
  CHECK_EQUAL(winnow_abi_version(), WINNOW_ABI_VERSION);
}
