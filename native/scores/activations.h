// What is read of activations at taps; include/winnow/scores.h says what each sink holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "winnow/scores.h"

namespace winnow {

class ActivationSinks {
 public:
  // Against a checked call; throws INVALID. What is not taken is 0.
  ActivationSinks(const Plan& plan, const winnow_call& call, const winnow_activation_sink* sinks, int64_t count);

  // Values that the taps read, each once.
  std::vector<int64_t> values() const;
  // Thread-safe for different jobs.
  void take(const JobActivations& activations) const;

 private:
  struct Place {
    int64_t node, value;
  };
  struct Sink {
    int32_t kind;
    double* values;
    int64_t each;  // doubles of one batch
  };
  struct Tap {
    size_t sink;
    Place place;
    int64_t offset;  // in one batch of the sink
  };
  void take(const JobActivations& activations, const Tap& tap, double* out) const;
  // Row that a job's ROWS of a place begin at.
  int64_t first_row(const winnow_job& job, const Place& place) const;
  Place place_of(const winnow_tap& tap, const std::string& what) const;
  int64_t size_of(int32_t kind, int64_t value) const;

  const Plan& plan_;
  const winnow_call& call_;
  int64_t batches_;  // of the largest input
  std::vector<Sink> sinks_;
  std::map<int64_t, std::vector<Tap>> taps_;  // by value
};

}  // namespace winnow
