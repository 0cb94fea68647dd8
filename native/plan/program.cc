#include "plan/program.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace winnow {
namespace {

const ConvolutionAttributes& convolution_of(const Value& value) { return std::get<ConvolutionAttributes>(value.attributes); }

bool same_geometry(const Value& a, const Value& b) {
  const ConvolutionAttributes &x = convolution_of(a), &y = convolution_of(b);
  return x.stride == y.stride && x.groups == y.groups && a.shape.height == b.shape.height && a.shape.width == b.shape.width;
}

}  // namespace

Program::Program(const Graph& graph, const int32_t* states, const double* coefficients, const std::vector<int64_t>& wanted,
                 bool backward, bool may_tile)
    : graph_(graph),
      runs_(static_cast<size_t>(graph.size())),
      flows_(static_cast<size_t>(graph.size())),
      sent_to_(static_cast<size_t>(graph.size())),
      summed_(static_cast<size_t>(graph.size())),
      read_(static_cast<size_t>(graph.size())),
      sends_(static_cast<size_t>(graph.size()), Sending::kNot),
      terms_(static_cast<size_t>(graph.size())),
      readers_(static_cast<size_t>(graph.size())),
      other_readers_(static_cast<size_t>(graph.size())),
      sums_(static_cast<size_t>(graph.size())),
      data_groups_(static_cast<size_t>(graph.size())),
      pointwise_(static_cast<size_t>(graph.size())),
      weight_groups_(static_cast<size_t>(graph.size())),
      joint_groups_(static_cast<size_t>(graph.size())) {
  find_running(states, coefficients, wanted);
  if (!backward) return;
  find_flow();
  find_readers();
  find_sources();
  order_backward();
  find_summed();
  plan_weights();
  join_weights(may_tile);
  plan_data(may_tile);
  plan_pools();
  sort_readers();
  find_read();
}

void Program::find_running(const int32_t* states, const double* coefficients, const std::vector<int64_t>& wanted) {
  const auto& nodes = graph_.network().nodes();
  // What a blocked operation makes of zeros counts for nothing, so it need not run.
  const auto absent = [&](int64_t choice) {
    return choice >= 0 && (states[choice] == WINNOW_SKIP || states[choice] == WINNOW_BLOCK);
  };
  std::vector<bool> exists(runs_.size());
  for (int64_t v = 0; v < graph_.size(); ++v) {
    for (const int64_t n : graph_[v].nodes) {
      const int64_t choice = nodes[static_cast<size_t>(n)].choice;
      exists[v] = exists[v] || !absent(choice);
    }
  }
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (graph_[v].operation != WINNOW_WEIGHTED_SUM) continue;
    const auto& choices = std::get<WeightedSumAttributes>(graph_[v].attributes).choices;
    for (size_t k = 0; k < choices.size(); ++k) {
      const int64_t input = graph_[v].inputs[k], choice = choices[k];
      if (!exists[input] || (choice >= 0 && states[choice] != WINNOW_RUN)) continue;
      // The node itself may be a candidate of another choice, or a merged value that only others run.
      const Node& node = nodes[static_cast<size_t>(nodes[static_cast<size_t>(graph_[v].node())].inputs[k])];
      if (absent(node.choice)) continue;
      terms_[v].push_back({input, choice < 0 ? 1.0 : coefficients[choice]});
    }
  }
  for (const int64_t value : wanted) runs_[value] = exists[value] || value == graph_.output();
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (!runs_[v]) continue;
    if (graph_[v].operation == WINNOW_NOISE) noise_ = v;
    if (graph_[v].operation == WINNOW_WEIGHTED_SUM) {
      for (const SumTerm& term : terms_[v]) runs_[term.value] = true;
    } else {
      for (const int64_t input : graph_[v].inputs) runs_[input] = true;
    }
  }
}

void Program::find_flow() {
  flows_[graph_.output()] = graph_[graph_.output()].gradient != GradientKind::kNone;
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (!flows_[v]) continue;
    const auto mark = [&](int64_t input) { flows_[input] = graph_[input].gradient != GradientKind::kNone; };
    if (graph_[v].operation == WINNOW_WEIGHTED_SUM) {
      for (const SumTerm& term : terms_[v]) mark(term.value);
    } else {
      for (const int64_t input : graph_[v].inputs) mark(input);
    }
  }
}

void Program::find_sources() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    sources_.push_back({v, 1.0});
    gradient_values_.push_back(graph_[v].gradient == GradientKind::kVirtual ? graph_[v].consumers[0] : v);
  }
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (graph_[v].gradient != GradientKind::kAlias) continue;
    const int64_t sum = graph_[v].consumers[0];
    sources_[v] = {sources_[sum].value, coefficient(sum, v) * sources_[sum].coefficient};
  }
}

double Program::coefficient(int64_t sum, int64_t value) const {
  double coefficient = 0;
  for (const SumTerm& term : terms(sum)) {
    if (term.value == value) coefficient += term.coefficient;
  }
  return coefficient;
}

void Program::find_readers() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    for (const int64_t consumer : graph_[v].consumers) {
      if (!flows(consumer)) continue;
      const std::vector<SumTerm>& sum = terms(consumer);
      const bool adds = std::any_of(sum.begin(), sum.end(), [&](const SumTerm& term) { return term.value == v; });
      if (graph_[consumer].operation != WINNOW_WEIGHTED_SUM || adds) readers_[v].push_back(consumer);
    }
  }
}

void Program::order_backward() {
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (!flows_[v]) continue;
    if (graph_[v].gradient == GradientKind::kOwn) backward_.push_back({BackwardStep::kPull, v});
    // A norm over a convolution takes its sums from the correlation instead.
    if (graph_[v].operation == WINNOW_BATCH_NORM && graph_[graph_[v].inputs[0]].gradient != GradientKind::kVirtual) {
      backward_.push_back({BackwardStep::kNorm, v});
    }
    const bool waits = graph_.waits(v) && flows_[graph_[v].partner];
    if (graph_[v].sends && !waits) {
      const int64_t input = graph_[v].inputs[0];
      sends_[v] = sent_to_[input] ? Sending::kAdds : Sending::kSets;
      sent_to_[input] = true;
    }
  }
}

void Program::find_summed() {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    const bool convolution = graph_[v].operation == WINNOW_CONVOLUTION;
    const bool biased = convolution && convolution_of(graph_[v]).bias;
    if (flows_[v] && (biased || graph_[v].operation == WINNOW_BATCH_NORM)) summed_[source(v).value] = true;
  }
}

void Program::plan_weights() {
  for (int64_t v = graph_.size() - 1; v >= 0; --v) {
    if (!flows_[v] || graph_[v].operation != WINNOW_CONVOLUTION) continue;
    const ConvolutionAttributes& a = convolution_of(graph_[v]);
    const int64_t source_value = source(gradient_value(v)).value, input = graph_[v].inputs[0];
    std::vector<WeightGroup>& groups = weight_groups_[source_value];
    auto group = std::find_if(groups.begin(), groups.end(), [&](const WeightGroup& other) {
      return other.input == input && same_geometry(graph_[other.convolutions[0]], graph_[v]);
    });
    if (group == groups.end()) group = groups.insert(group, {input, source_value, a.groups, a.stride, {}, {}, {}});
    group->convolutions.push_back(v);
    std::vector<int64_t> taps;
    for (int64_t ky = 0; ky < a.kernel.height; ++ky) {
      for (int64_t kx = 0; kx < a.kernel.width; ++kx) {
        const Pair tap{ky * a.dilation.height - a.padding.height, kx * a.dilation.width - a.padding.width};
        const auto at = std::find(group->taps.begin(), group->taps.end(), tap);
        taps.push_back(at - group->taps.begin());
        if (at == group->taps.end()) group->taps.push_back(tap);
      }
    }
    group->tap_of.push_back(std::move(taps));
  }
}

int64_t terms_of(const Graph& graph, const WeightGroup& group) {
  return graph[group.input].shape.channels / group.groups * static_cast<int64_t>(group.taps.size());
}

// A gradient's sides and their sums across the lanes cost 13 multiply-adds, an input's, which serve several cotangents, 10.
bool Program::pays_in_tiles(const WeightGroup& group) const {
  const int64_t outputs = graph_[group.source].shape.channels, inputs = graph_[group.input].shape.channels;
  return group.groups == 1 && group.stride.height == 1 && group.stride.width == 1 && group.taps.size() == 9 &&
         std::all_of(group.taps.begin(), group.taps.end(),
                     [](const Pair& tap) { return std::abs(tap.height) <= 1 && std::abs(tap.width) <= 1; }) &&
         tiles_pay(graph_[group.source].shape, outputs * inputs, 13 * outputs + 10 * inputs);
}

void Program::join_weights(bool may_tile) {
  const auto one_tap = [](const WeightGroup& group) { return group.groups == 1 && group.taps.size() == 1; };
  // The rows of their inputs lie alike.
  const auto same_rows = [&](const WeightGroup& a, const WeightGroup& b) {
    const Value &x = graph_[a.input], &y = graph_[b.input];
    return x.shape.width == y.shape.width && x.halo_width == y.halo_width && a.stride == b.stride;
  };
  for (size_t v = 0; v < weight_groups_.size(); ++v) {
    std::vector<JointGroups>& joint = joint_groups_[v];
    for (const WeightGroup& group : weight_groups_[v]) {
      const bool joins =
          !joint.empty() && one_tap(*joint.back().first) && one_tap(group) && same_rows(*joint.back().first, group);
      if (!joins) joint.push_back({&group, &group, 0});
      ++joint.back().last, joint.back().terms += terms_of(graph_, group);
      joint.back().in_tiles = may_tile && pays_in_tiles(group);
    }
    std::stable_partition(joint.begin(), joint.end(), [](const JointGroups& groups) { return !groups.in_tiles; });
  }
}

void Program::plan_data(bool may_tile) {
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (graph_[v].gradient == GradientKind::kNone) continue;
    const Shape& in = graph_[v].shape;
    auto& groups = data_groups_[v];
    std::vector<const Value*> members;  // of the last group
    int64_t planes = 0;                 // of the last group
    for (const int64_t consumer : readers(v)) {
      const Value& convolution = graph_[consumer];
      if (convolution.operation != WINNOW_CONVOLUTION) continue;
      if (graph_.is_pointwise(consumer)) {
        pointwise_[v].push_back(consumer);
        continue;
      }
      const int64_t channels = convolution.shape.channels;
      if (convolution.sends) {
        members.clear();
        // Its partner, where that runs, comes before it.
        const auto with = std::find_if(groups.begin(), groups.end(),
                                       [&](const DataGroup& group) { return group.convolutions[0] == convolution.partner; });
        DataGroup& group = with == groups.end() ? groups.emplace_back() : *with;
        group.parts.push_back({&convolution, 0, channels});
        group.convolutions.push_back(consumer);
        continue;
      }
      members.push_back(&convolution);
      const bool joins = members.size() > 1 && same_geometry(*members[0], convolution) &&
                         (planes + channels) * strip_plane_elements(members, in) <= kPassElements;
      if (!joins) members = {&convolution}, planes = 0;
      const int64_t most = std::clamp<int64_t>(kPassElements / strip_plane_elements({&convolution}, in), 1, channels);
      for (int64_t first = 0; first < channels; first += most) {
        if (!joins) groups.push_back({});
        const int64_t count = std::min(most, channels - first);
        planes = joins ? planes + count : count;
        groups.back().parts.push_back({&convolution, first, count});
        groups.back().convolutions.push_back(consumer);
      }
    }
    for (DataGroup& group : groups) {
      const bool sends = graph_[group.convolutions[0]].sends;  // from planes as they lie
      group.gather = backward_gather(group.parts, in, may_tile && !sends);
    }
  }
}

void Program::plan_pools() {
  pools_.resize(flows_.size());
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!flows_[v] || graph_[v].operation != WINNOW_AVERAGE_POOL) continue;
    const auto& a = std::get<PoolAttributes>(graph_[v].attributes);
    const Shape &in = graph_[graph_[v].inputs[0]].shape, &out = graph_[v].shape;
    Value ones{WINNOW_CONVOLUTION, ConvolutionAttributes{1, a.kernel, a.stride, a.padding, {1, 1}, 1, false}, {}, out, {}, {}};
    ones.shape.channels = 1;
    PoolGradient& pool = pools_[static_cast<size_t>(v)];
    pool.gather = backward_gather({{&ones, 0, 1}}, {1, in.height, in.width});
    const auto first = static_cast<double>(window_cells(a, in, 0, 0));
    for (int64_t y = 0; y < out.height; ++y) pool.row_share.push_back(1.0 / static_cast<double>(window_cells(a, in, y, 0)));
    for (int64_t x = 0; x < out.width; ++x) pool.column_share.push_back(first / static_cast<double>(window_cells(a, in, 0, x)));
    pool.windows = a.kernel == Pair{3, 3} && a.stride == Pair{1, 1} && a.padding == Pair{1, 1};
  }
}

void Program::sort_readers() {
  const auto is_sum = [&](int64_t reader) { return graph_[reader].operation == WINNOW_WEIGHTED_SUM; };
  for (int64_t v = 0; v < graph_.size(); ++v) {
    SumGradients& sums = sums_[static_cast<size_t>(v)];
    add_sums(v, &SumGradient::direct, sums);
    for (const int64_t reader : readers(v)) {
      const Value& value = graph_[reader];
      // One pool only: what it counts of a window decides the shares.
      if (sums.pool < 0 && value.operation == WINNOW_AVERAGE_POOL && pool(reader).windows &&
          value.gradient == GradientKind::kTransient && std::all_of(readers(reader).begin(), readers(reader).end(), is_sum)) {
        sums.pool = reader;
        add_sums(reader, &SumGradient::pooled, sums);
      } else if (!is_sum(reader) && value.operation != WINNOW_CONVOLUTION) {
        other_readers_[static_cast<size_t>(v)].push_back(reader);
      }
    }
  }
}

const WeightGroup* Program::plain_correlation(int64_t source) const {
  const std::vector<WeightGroup>& groups = weight_groups(source);
  return groups.size() == 1 && groups[0].stride == Pair{1, 1} && terms_of(graph_, groups[0]) == 1 ? groups.data() : nullptr;
}

// A source that is there already gets a second factor.
void Program::add_sums(int64_t value, double SumGradient::*factor, SumGradients& sums) const {
  for (const int64_t reader : readers(value)) {
    if (graph_[reader].operation != WINNOW_WEIGHTED_SUM) continue;
    const GradientSource& from = source(reader);
    auto sum = std::find_if(sums.each.begin(), sums.each.end(), [&](const SumGradient& s) { return s.source == from.value; });
    if (sum == sums.each.end()) sum = sums.each.insert(sum, {from.value, 0, 0});
    (*sum).*factor += coefficient(reader, value) * from.coefficient;
  }
}

void Program::find_read() {
  read_[graph_.output()] = true;
  for (int64_t v = 0; v < graph_.size(); ++v) {
    if (!flows_[v]) continue;
    const Value& value = graph_[v];
    switch (value.operation) {
      case WINNOW_CONVOLUTION:
        read_[value.inputs[0]] = true;
        if (value.gradient == GradientKind::kVirtual && !graph_.is_pointwise(v)) read_[v] = true;
        break;
      case WINNOW_BATCH_NORM:
        if (graph_[value.inputs[0]].gradient != GradientKind::kVirtual) read_[value.inputs[0]] = true;
        break;
      case WINNOW_MAX_POOL:
        read_[value.inputs[0]] = read_[v] = true;
        break;
      case WINNOW_RELU:
        read_[v] = true;
        break;
      default:
        break;  // linear: what it sends back does not depend on values
    }
  }
}

}  // namespace winnow
