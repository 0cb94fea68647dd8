#include "plan/timing.h"

#include <chrono>

namespace winnow {

void Timing::clear() {
  for (std::atomic<int64_t>& n : nanoseconds_) n.store(0, std::memory_order_relaxed);
}

std::string Timing::json(int64_t value) const {
  const int64_t values = static_cast<int64_t>(nanoseconds_.size()) / kPhases;
  const int64_t first = value < 0 ? 0 : value, end = value < 0 ? values : value + 1;
  std::string text = "{";
  for (int64_t phase = 0; phase < kPhases; ++phase) {
    int64_t total = 0;
    for (int64_t v = first; v < end; ++v) total += of(v, static_cast<Phase>(phase));
    text += std::string(phase == 0 ? "\"" : ", \"") + kPhaseNames[phase] + "\": " + std::to_string(total);
  }
  return text + "}";
}

int64_t Timed::now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace winnow
