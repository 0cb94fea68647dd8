#include "timer.h"

#include <algorithm>
#include <cmath>

#include "cuda/kernels/kernels.h"
#include "probe.h"
#include "work.h"

namespace winnow::bench {

using namespace machine;

Timer::Timer(const winnow_machine_table& table, int32_t index) : table_(table), own_(true) {
  winnow_machine_error error = {};
  check(table_.open(index, &machine_, &error), error);
}

Timer::Timer(const winnow_machine_table& table, winnow_machine* machine) : table_(table), machine_(machine), own_(false) {}

Timer::~Timer() {
  for (void* memory : memory_) table_.release(machine_, memory);
  if (own_) table_.close(machine_);
}

void Timer::check(int32_t code, const winnow_machine_error& error) const {
  if (code != WINNOW_MACHINE_OK) throw NativeFailure(std::string("the device failed: ") + error.text);
}

winnow_machine_facts Timer::facts() const {
  winnow_machine_facts facts;
  winnow_machine_error error = {};
  check(table_.facts(machine_, &facts, &error), error);
  return facts;
}

void* Timer::allocate(int64_t bytes) {
  void* memory = nullptr;
  winnow_machine_error error = {};
  check(table_.allocate(machine_, bytes, &memory, &error), error);
  memory_.push_back(memory);
  return memory;
}

std::vector<double> Timer::seconds(const std::vector<winnow_launch>& launches, int64_t rounds, int64_t repeats) const {
  winnow_machine_error error = {};
  winnow_recording* recording = nullptr;
  check(table_.record(machine_, launches.data(), static_cast<int64_t>(launches.size()), &recording, &error), error);
  check(table_.replay(machine_, recording, &error), error);  // the first one pays for the upload of the recording
  std::vector<double> all;
  for (int64_t round = 0; round < rounds; ++round) {
    check(table_.start(machine_, &error), error);
    for (int64_t i = 0; i < repeats; ++i) check(table_.replay(machine_, recording, &error), error);
    double milliseconds = 0;
    check(table_.stop(machine_, &milliseconds, &error), error);
    all.push_back(milliseconds / 1e3 / static_cast<double>(repeats));
  }
  table_.forget(machine_, recording);
  return all;
}

namespace {

// Work per second, of seconds that some work took.
Spread rate(double work, const std::vector<double>& seconds) {
  std::vector<double> rates;
  for (const double s : seconds) rates.push_back(work / s);
  return spread(rates);
}

template <typename T>
std::vector<winnow_launch> multiply_adds(Timer& timer, int64_t blocks, int64_t steps) {
  using Kernel = ProbeMultiplyAdd<T>;
  T* const out = static_cast<T*>(timer.allocate(blocks * Kernel::kThreads * static_cast<int64_t>(sizeof(T))));
  return {launch_of<Kernel>({out, T(0.999), T(0.001), steps}, blocks)};
}

template <typename T>
double operations(int64_t blocks, int64_t steps) {
  using Kernel = ProbeMultiplyAdd<T>;
  return 2.0 * Kernel::kThreads * Kernel::kChains * static_cast<double>(blocks) * static_cast<double>(steps);
}

}  // namespace

Ceilings ceilings_of(Timer& timer, int64_t rounds) {
  const winnow_machine_facts facts = timer.facts();
  // Eight blocks of 256 threads fill a multiprocessor; four waves of them.
  const int64_t blocks = int64_t{facts.processors} * 32, steps = 4096;
  const auto floats = multiply_adds<float>(timer, blocks, steps);
  Ceilings ceilings = {};
  // The clock has settled when three rounds in a row agree to half a percent, after a second at least and ten at most.
  const double begin = wall_seconds();
  for (bool steady = false; !steady || wall_seconds() - begin < 1;) {
    const Spread s = spread(timer.seconds(floats, 3, 8));
    steady = s.max - s.min < 0.005 * s.median;
    if (wall_seconds() - begin > 10) break;
  }
  ceilings.settled = wall_seconds() - begin;
  ceilings.floats = rate(operations<float>(blocks, steps), timer.seconds(floats, rounds, 4));
  const int64_t fewer = steps / 16;  // some devices have 64 times fewer units for doubles
  ceilings.doubles =
      rate(operations<double>(blocks, fewer), timer.seconds(multiply_adds<double>(timer, blocks, fewer), rounds, 4));
  // Arrays that no cache holds: eight times the second level, 256 MiB at least, a quarter of what is free at most.
  const int64_t most = facts.free_bytes / 8 / 16, wanted = std::max<int64_t>(int64_t{256} << 20, 8 * facts.cache_bytes) / 16;
  const int64_t count = std::min(most, wanted);
  auto* const from = static_cast<Sixteen*>(timer.allocate(16 * count));
  auto* const to = static_cast<Sixteen*>(timer.allocate(16 * count));
  const std::vector<winnow_launch> copy = {launch_of<ProbeCopy>({from, to, count}, blocks_for(count, ProbeCopy::kThreads))};
  ceilings.copy = rate(32.0 * static_cast<double>(count), timer.seconds(copy, rounds, 4));
  const std::vector<winnow_launch> nothing(1000, launch_of<ProbeCopy>({from, to, 0}, 1));
  std::vector<double> launches = timer.seconds(nothing, rounds, 1);
  for (double& s : launches) s /= static_cast<double>(nothing.size());
  ceilings.launch = spread(launches);
  return ceilings;
}

}  // namespace winnow::bench
