#include "cuda/plan/layout.h"

#include <algorithm>
#include <string>

#include "plan/state.h"
#include "runtime/failure.h"

namespace winnow {

int64_t Lifetimes::place(int64_t elements, int64_t first, int64_t last) {
  live_.erase(std::remove_if(live_.begin(), live_.end(), [&](const Live& l) { return l.last < first; }), live_.end());
  std::sort(live_.begin(), live_.end(), [](const Live& a, const Live& b) { return a.offset < b.offset; });
  int64_t offset = 0;
  for (const Live& l : live_) {
    if (l.offset - offset >= elements) break;
    offset = std::max(offset, l.end);
  }
  live_.push_back({offset, offset + elements, last});
  elements_ = std::max(elements_, offset + elements);
  return offset;
}

std::vector<int32_t> union_of(const std::vector<const int32_t*>& rows, int64_t choices) {
  std::vector<int32_t> states(static_cast<size_t>(choices), WINNOW_SKIP);
  for (const int32_t* row : rows) {
    for (size_t c = 0; c < states.size(); ++c) {
      if (row[c] == WINNOW_RUN || (row[c] == WINNOW_MUTE && states[c] != WINNOW_RUN)) states[c] = row[c];
    }
  }
  return states;
}

MachineLayout::MachineLayout(const Graph& graph, int64_t batch, const std::vector<int32_t>& states,
                             const std::vector<int64_t>& wanted, bool backward)
    : graph_(graph),
      batch_(batch),
      size_(graph.size()),
      all_(graph, states.data(), std::vector<double>(states.size(), 1.0).data(), wanted, backward),
      values_(static_cast<size_t>(size_), -1),
      norms_(values_),
      gradients_(values_),
      sums_(values_) {
  lay_values();
  if (!backward) return;
  lay_gradients();
  lay_sums();
}

std::vector<int64_t> MachineLayout::inputs(int64_t sum) const {
  std::vector<int64_t> values;
  for (const SumTerm& term : all_.terms(sum)) {
    if (std::find(values.begin(), values.end(), term.value) == values.end()) values.push_back(term.value);
  }
  return values;
}

void MachineLayout::lay_values() {
  for (int64_t v = 0; v < size_; ++v) {
    if (!all_.runs(v)) continue;
    const Value& value = graph_[v];
    for (const int64_t input : inputs(v)) terms_[{v, input}] = static_cast<int32_t>(2 * size_) + term_count_++;
    if (value.operation == WINNOW_BATCH_NORM) {
      norms_[v] = norm_channels_;
      norm_channels_ += value.shape.channels;
    }
    if (value.lazy) continue;
    const int64_t elements = elements_of({batch_, value.shape.elements()}, "values");
    if (elements > INT32_MAX) {
      throw Failure(WINNOW_UNSUPPORTED, "node " + graph_.network().nodes()[static_cast<size_t>(value.node())].name + ": " +
                                            std::to_string(elements) + " elements of a batch are too many for this device");
    }
    values_[v] = value_elements_;
    value_elements_ += elements;
  }
}

bool MachineLayout::stored(int64_t v) const {
  const GradientKind kind = graph_[v].gradient;
  return all_.flows(v) && (kind == GradientKind::kOwn || kind == GradientKind::kTransient);
}

void MachineLayout::lay_gradients() {
  const auto buffer_of = [&](int64_t v) { return all_.source(all_.gradient_value(v)).value; };
  // The last step that reads a buffer; steps are values, from the last to the first.
  std::vector<int64_t> last_read(static_cast<size_t>(size_));
  for (int64_t v = 0; v < size_; ++v) last_read[v] = v;
  for (int64_t v = size_ - 1; v >= 0; --v) {
    if (!all_.flows(v)) continue;
    last_read[buffer_of(v)] = std::min(last_read[buffer_of(v)], v);
    for (const int64_t reader : all_.readers(v)) last_read[buffer_of(reader)] = std::min(last_read[buffer_of(reader)], v);
  }
  if (graph_.input_gradient()) last_read[0] = -1;  // handed out at the end
  for (int64_t v = size_ - 1; v >= 0; --v) {
    if (!stored(v)) continue;
    const int64_t elements = elements_of({batch_, graph_[v].shape.elements()}, "gradients");
    gradients_[v] = lifetimes_.place(elements, size_ - v, size_ - last_read[v]);
  }
  for (int64_t v = 0; v < size_; ++v) {
    if (all_.flows(v)) gradients_[v] = gradients_[buffer_of(v)];
  }
}

void MachineLayout::lay_sums() {
  for (int64_t v = 0; v < size_; ++v) {
    const std::vector<WeightGroup>& groups = all_.weight_groups(v);
    if (groups.empty()) continue;
    sums_[v] = sum_channels_;
    sum_channels_ += graph_[v].shape.channels;
    for (size_t g = 0; g < groups.size(); ++g) {
      const int64_t inputs = graph_[groups[g].input].shape.channels / groups[g].groups;
      correlations_[{v, g}] = correlation_elements_;
      correlation_elements_ += graph_[v].shape.channels * inputs * static_cast<int64_t>(groups[g].taps.size());
      for (size_t k = 0; k < groups[g].convolutions.size(); ++k) {
        const int64_t convolution = groups[g].convolutions[k];
        if (graph_[convolution].gradient != GradientKind::kVirtual) continue;
        const auto taps = static_cast<int64_t>(groups[g].tap_of[k].size());
        const int64_t first = prepared_elements_, second = first + inputs * groups[g].groups * taps;
        prepared_[convolution] = {first, second};
        prepared_elements_ = second + graph_[v].shape.channels * inputs * taps;
      }
    }
  }
}

void MachineLayout::fill(const Program& row, uint8_t* present, double* factor) const {
  std::fill(present, present + slots(), uint8_t{0});
  std::fill(factor, factor + slots(), 0.0);
  const auto set = [&](int32_t slot, double value) {
    present[slot] = 1;
    factor[slot] = value;
  };
  for (int64_t v = 0; v < size_; ++v) {
    if (row.runs(v)) set(runs(v), 1);
    if (row.flows(v)) set(flows(v), row.source(v).coefficient);
  }
  for (const auto& [key, slot] : terms_) {
    const auto [sum, value] = key;
    const std::vector<SumTerm>& terms = row.terms(sum);
    if (std::none_of(terms.begin(), terms.end(), [v = value](const SumTerm& term) { return term.value == v; })) continue;
    const double coefficient = row.coefficient(sum, value);
    set(slot, coefficient);
    if (row.flows(sum)) set(slot + term_count_, coefficient * row.source(sum).coefficient);
  }
}

}  // namespace winnow
