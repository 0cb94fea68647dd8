#include <set>
#include <vector>

#include "scores/distinct.h"
#include "scores/scores.h"

namespace winnow {

void linear_regions(Plan& plan, const winnow_call& call, int64_t* regions) {
  std::vector<PatternLayout> layouts(static_cast<size_t>(call.job_count));
  for (int64_t j = 0; j < call.job_count; ++j) {
    // Equal units say nothing new: each distinct value counts once.
    PatternLayout& layout = layouts[static_cast<size_t>(j)];
    std::set<int64_t> values;
    for (const Tap& tap : plan.taps()) {
      if (!plan.has(call, call.jobs[j], tap.node) || !values.insert(tap.value).second) continue;
      layout.parts.push_back({tap.value, layout.bits});
      layout.bits += plan.graph()[tap.value].shape.elements();
    }
  }
  plan.patterns(call, layouts, [&](const JobPatterns& patterns) {
    regions[patterns.job] = distinct_rows(patterns.rows, patterns.samples, patterns.words);
  });
}

}  // namespace winnow
