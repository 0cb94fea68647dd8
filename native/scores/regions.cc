#include <map>
#include <vector>

#include "scores/distinct.h"
#include "scores/scores.h"

namespace winnow {

void linear_regions(Plan& plan, const winnow_call& call, int64_t* regions) {
  // Equal units say nothing new: each distinct value counts once.
  std::map<int64_t, Tap> by_value;
  for (const Tap& tap : plan.taps()) {
    Tap& merged = by_value.try_emplace(tap.value, Tap{tap.value, {}}).first->second;
    merged.nodes.insert(merged.nodes.end(), tap.nodes.begin(), tap.nodes.end());
  }
  std::vector<Tap> taps;
  for (const auto& [value, tap] : by_value) taps.push_back(tap);
  std::vector<std::vector<uint64_t>> all(static_cast<size_t>(call.job_count));
  plan.patterns(call, taps, false, [&](const JobPatterns& patterns) {
    std::vector<uint64_t>& rows = all[static_cast<size_t>(patterns.job)];
    rows.insert(rows.end(), patterns.patterns, patterns.patterns + plan.batch() * patterns.words);
    const int64_t samples = call.inputs[call.jobs[patterns.job].input].samples;
    if ((patterns.batch_index + 1) * plan.batch() < samples) return;
    regions[patterns.job] = distinct_rows(rows.data(), samples, patterns.words);
    std::vector<uint64_t>().swap(rows);
  });
}

}  // namespace winnow
