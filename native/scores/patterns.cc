#include "scores/patterns.h"

#include <algorithm>
#include <map>

#include "kernels/bits.h"
#include "scores/distinct.h"
#include "winnow/scores.h"

namespace winnow {

Patterns::Patterns(const Plan& plan, const winnow_call& call, Kernels kernels, int64_t* regions, Units units)
    : plan_(plan), call_(call), kernels_(std::move(kernels)), regions_(regions), units_(units) {
  for (int64_t j = 0; j < call.job_count; ++j) lay_out(call.jobs[j]);
}

void Patterns::lay_out(const winnow_job& job) {
  std::map<int64_t, int64_t> weight_of;  // by value
  for (size_t t = 0; t < plan_.taps().size(); ++t) {
    const Tap& tap = plan_.taps()[t];
    if (!plan_.has(call_, job, tap.node)) continue;
    // Equal units distinguish no regions: without a kernel each value has one weight, whoever taps it.
    int64_t& weight = weight_of[tap.value];
    if (kernels_.values != nullptr) weight += kernels_.multiplicities[t];
  }
  std::map<int64_t, std::vector<int64_t>> values_of;  // by weight
  for (const auto& [value, weight] : weight_of) {
    if (weight > 0 || regions_ != nullptr || units_.wanted()) values_of[weight].push_back(value);
  }
  PatternLayout& layout = layouts_.emplace_back();
  std::vector<WeightClass>& classes = classes_.emplace_back();
  for (const auto& [weight, values] : values_of) {
    const int64_t first_word = (layout.bits + 63) / 64;
    layout.bits = 64 * first_word;
    for (const int64_t value : values) {
      layout.parts.push_back({value, layout.bits});
      layout.bits += plan_.graph()[value].shape.elements();
    }
    classes.push_back({weight, first_word, layout.bits - 64 * first_word});
  }
}

PatternReader Patterns::reader() const {
  PatternReader reader = {layouts_, [this](const JobPatterns& patterns) { count(patterns); }};
  if (regions_ != nullptr && !units_.wanted() && kernels_.values == nullptr) {
    reader.counted = [this](int64_t job, int64_t distinct) { regions_[job] = distinct; };
  }
  return reader;
}

int64_t Patterns::constant_agreement(const winnow_job& job) const {
  int64_t agreement = 0;
  for (size_t t = 0; t < plan_.taps().size(); ++t) {
    const Tap& tap = plan_.taps()[t];
    if (plan_.state_of(call_, job, tap.node) != WINNOW_BLOCK) continue;
    agreement += kernels_.multiplicities[t] * plan_.graph()[tap.value].shape.elements();
  }
  return agreement;
}

namespace {

// Answers of a part's units to the samples: [units][words], sample 64 w + b is bit b of word w.
std::vector<uint64_t> columns_of(const JobPatterns& patterns, int64_t first, int64_t units) {
  const int64_t words = (patterns.samples + 63) / 64;
  std::vector<uint64_t> columns(static_cast<size_t>(units * words));
  for (int64_t sample = 0; sample < patterns.samples; ++sample) {
    const uint64_t* row = patterns.rows + sample * patterns.words;
    uint64_t* column = columns.data() + sample / 64;
    for (int64_t bit = first; bit < first + units; ++bit, column += words) {
      *column |= (row[bit / 64] >> (bit % 64) & 1u) << (sample % 64);
    }
  }
  return columns;
}

}  // namespace

void Patterns::count_units(const JobPatterns& patterns) const {
  const winnow_job& job = call_.jobs[patterns.job];
  const int64_t words = (patterns.samples + 63) / 64;
  struct Part {
    int64_t distinct = 0, constant = 0, active = 0;
  };
  std::map<int64_t, Part> parts;  // by value
  std::vector<uint64_t> all;      // columns
  for (const PatternLayout::Part& part : layouts_[static_cast<size_t>(patterns.job)].parts) {
    const int64_t units = plan_.graph()[part.value].shape.elements();
    const std::vector<uint64_t> columns = columns_of(patterns, part.first, units);
    Part& found = parts[part.value];
    if (units_.by_tap != nullptr) found.distinct = distinct_rows(columns.data(), units, words);
    for (int64_t u = 0; units_.counts != nullptr && u < units; ++u) {
      int64_t active = 0;
      for (int64_t w = 0; w < words; ++w) active += __builtin_popcountll(columns[static_cast<size_t>(u * words + w)]);
      found.constant += active == 0 || active == patterns.samples;
      found.active += active;
    }
    if (units_.distinct != nullptr) all.insert(all.end(), columns.begin(), columns.end());
  }
  bool blocked = false;
  Part sum;
  for (size_t t = 0; t < plan_.taps().size(); ++t) {
    const Tap& tap = plan_.taps()[t];
    Part own;
    if (plan_.has(call_, job, tap.node)) {
      own = parts[tap.value];
    } else if (plan_.state_of(call_, job, tap.node) == WINNOW_BLOCK) {
      own = {1, plan_.graph()[tap.value].shape.elements(), 0};
      blocked = true;
    }
    sum.constant += own.constant, sum.active += own.active;
    if (units_.by_tap != nullptr)
      units_.by_tap[patterns.job * static_cast<int64_t>(plan_.taps().size()) + static_cast<int64_t>(t)] = own.distinct;
  }
  if (units_.distinct != nullptr) {
    if (blocked) all.resize(all.size() + static_cast<size_t>(words));
    units_.distinct[patterns.job] = distinct_rows(all.data(), static_cast<int64_t>(all.size()) / words, words);
  }
  if (units_.counts != nullptr) {
    int64_t* counts = units_.counts + patterns.job * WINNOW_COUNTS;
    counts[WINNOW_COUNT_LARGEST_REGION] = most_equal_rows(patterns.rows, patterns.samples, patterns.words);
    counts[WINNOW_COUNT_CONSTANT] = sum.constant;
    counts[WINNOW_COUNT_ACTIVE] = sum.active;
  }
}

void Patterns::count(const JobPatterns& patterns) const {
  if (units_.wanted()) count_units(patterns);
  if (regions_ != nullptr) regions_[patterns.job] = distinct_rows(patterns.rows, patterns.samples, patterns.words);
  if (kernels_.values == nullptr) return;
  const int64_t n = patterns.samples;
  int64_t* out = kernels_.values + patterns.job * kernels_.each;
  std::fill(out, out + n * n, constant_agreement(call_.jobs[patterns.job]));
  for (const WeightClass& c : classes_[static_cast<size_t>(patterns.job)]) {
    if (c.weight == 0) continue;
    bit_kernels_of(plan_.device().variant)
        .hamming_gram({patterns.rows + c.first_word, n, (c.units + 63) / 64, patterns.words, c.units, c.weight, out});
  }
}

}  // namespace winnow
