// Where the time of a call goes, by value and phase: what a plan made with `timing` describes. A plan made without it has no
// Timing, and a Timed over nullptr does nothing.
//
// Nanoseconds are of the monotonic clock, added up over the threads: some 25 ns a reading, cheap enough for a strip of rows, where
// the clock of a thread's CPU time is a system call. On a busy machine all phases stretch alike.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace winnow {

enum class Phase {
  kForward,  // its value, and its patterns
  kPrepare,  // packed weights and first correlations, once a job
  kData,     // its gradient: what its readers send back, or the cotangent that enters
  kWeights,  // gradients of the weights of convolutions that read it
  kNorm,     // sums of a batch norm's gradient
  kSink      // what becomes of the gradients of a job; of the plan's output
};
constexpr const char* kPhaseNames[] = {"forward", "prepare", "data", "weights", "norm", "sink"};
constexpr int64_t kPhases = 6;

class Timing {
 public:
  explicit Timing(int64_t values) : nanoseconds_(static_cast<size_t>(values * kPhases)) {}
  void clear();
  // From any thread.
  void add(int64_t value, Phase phase, int64_t nanoseconds) {
    nanoseconds_[static_cast<size_t>(value * kPhases + static_cast<int64_t>(phase))].fetch_add(nanoseconds,
                                                                                               std::memory_order_relaxed);
  }
  int64_t of(int64_t value, Phase phase) const {
    return nanoseconds_[static_cast<size_t>(value * kPhases + static_cast<int64_t>(phase))].load(std::memory_order_relaxed);
  }
  // {"forward": 12, ...} of one value; of all with value = -1.
  std::string json(int64_t value) const;

 private:
  std::vector<std::atomic<int64_t>> nanoseconds_;  // [value][phase]
};

// Adds the time of its scope.
class Timed {
 public:
  Timed(Timing* timing, int64_t value, Phase phase)
      : timing_(timing), value_(value), phase_(phase), begin_(timing == nullptr ? 0 : now()) {}
  ~Timed() {
    if (timing_ != nullptr) timing_->add(value_, phase_, now() - begin_);
  }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  static int64_t now();

  Timing* timing_;
  int64_t value_;
  Phase phase_;
  int64_t begin_;
};

}  // namespace winnow
