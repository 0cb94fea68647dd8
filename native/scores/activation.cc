#include <algorithm>
#include <map>
#include <vector>

#include "kernels/bits.h"
#include "scores/scores.h"

namespace winnow {
namespace {

// Units that count equally often, in whole words of a row.
struct WeightClass {
  int64_t weight, first_word, units;
};

// Agreement of units that are constant: those of blocked operations.
int64_t constant_agreement(const Plan& plan, const winnow_call& call, const winnow_job& job,
                           const std::vector<int64_t>& multiplicities) {
  int64_t agreement = 0;
  for (size_t t = 0; t < plan.taps().size(); ++t) {
    const Tap& tap = plan.taps()[t];
    if (plan.state_of(call, job, tap.node) != WINNOW_BLOCK) continue;
    agreement += multiplicities[t] * plan.graph()[tap.value].shape.elements();
  }
  return agreement;
}

// Gives every value the sum of its taps' multiplicities and puts values of equal weight side by side.
std::vector<WeightClass> weigh(const Plan& plan, const winnow_call& call, const winnow_job& job,
                               const std::vector<int64_t>& multiplicities, PatternLayout& layout) {
  std::map<int64_t, int64_t> weight_of;  // by value
  for (size_t t = 0; t < plan.taps().size(); ++t) {
    const Tap& tap = plan.taps()[t];
    if (plan.has(call, job, tap.node)) weight_of[tap.value] += multiplicities[t];
  }
  std::map<int64_t, std::vector<int64_t>> values_of;  // by weight
  for (const auto& [value, weight] : weight_of) {
    if (weight > 0) values_of[weight].push_back(value);
  }
  std::vector<WeightClass> classes;
  for (const auto& [weight, values] : values_of) {
    const int64_t first_word = (layout.bits + 63) / 64;
    layout.bits = 64 * first_word;
    for (const int64_t value : values) {
      layout.parts.push_back({value, layout.bits});
      layout.bits += plan.graph()[value].shape.elements();
    }
    classes.push_back({weight, first_word, layout.bits - 64 * first_word});
  }
  return classes;
}

}  // namespace

void activation_kernel(Plan& plan, const winnow_call& call, const std::vector<int64_t>& multiplicities, int64_t each,
                       int64_t* kernel) {
  std::vector<PatternLayout> layouts(static_cast<size_t>(call.job_count));
  std::vector<std::vector<WeightClass>> classes;
  for (int64_t j = 0; j < call.job_count; ++j) {
    classes.push_back(weigh(plan, call, call.jobs[j], multiplicities, layouts[static_cast<size_t>(j)]));
  }
  plan.patterns(call, layouts, [&](const JobPatterns& patterns) {
    const int64_t n = patterns.samples;
    int64_t* out = kernel + patterns.job * each;
    std::fill(out, out + n * n, constant_agreement(plan, call, call.jobs[patterns.job], multiplicities));
    for (const WeightClass& c : classes[static_cast<size_t>(patterns.job)]) {
      bit_kernels_of(plan.device().variant)
          .hamming_gram({patterns.rows + c.first_word, n, (c.units + 63) / 64, patterns.words, c.units, c.weight, out});
    }
  });
}

}  // namespace winnow
