#include "plan/graph.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "runtime/failure.h"

namespace winnow {
namespace {

// What makes two parameter-free values equal: operation, attributes, inputs. Nothing for operations that own tensors.
std::vector<int64_t> key_of(const Node& node, const std::vector<int64_t>& inputs) {
  std::vector<int64_t> key;
  key.reserve(8 + inputs.size());
  key.push_back(node.operation);
  const auto add = [&](std::initializer_list<int64_t> numbers) { key.insert(key.end(), numbers); };
  switch (node.operation) {
    case WINNOW_RELU:
      key.push_back(0);
      std::memcpy(&key.back(), &std::get<ReluAttributes>(node.attributes).cap, sizeof(double));
      break;
    case WINNOW_AVERAGE_POOL:
    case WINNOW_MAX_POOL: {
      const auto& a = std::get<PoolAttributes>(node.attributes);
      add({a.kernel.height, a.kernel.width, a.stride.height, a.stride.width, a.padding.height, a.padding.width,
           a.count_include_pad});
      break;
    }
    case WINNOW_PAD_CROP: {
      const auto& a = std::get<PadCropAttributes>(node.attributes);
      add({a.top, a.bottom, a.left, a.right});
      break;
    }
    case WINNOW_CHANNEL_SLICE: {
      const auto& a = std::get<ChannelSliceAttributes>(node.attributes);
      add({a.first, a.count});
      break;
    }
    case WINNOW_GLOBAL_AVERAGE_POOL:
    case WINNOW_ZERO:
      add({node.shape.channels, node.shape.height, node.shape.width});
      break;
    default:
      return {};
  }
  key.insert(key.end(), inputs.begin(), inputs.end());
  return key;
}

void require_consumable(const Network& network, const Node& node) {
  for (const int64_t input : node.inputs) {
    const Node& source = network.nodes()[static_cast<size_t>(input)];
    if (source.choice >= 0 && node.operation != WINNOW_WEIGHTED_SUM && node.choice != source.choice) {
      throw Failure(WINNOW_INVALID, "node " + node.name + " reads " + source.name + " of choice " +
                                        std::to_string(source.choice) +
                                        ": only a weighted sum or a node of the same choice may");
    }
  }
}

}  // namespace

bool plan_supports(winnow_operation operation) {
  switch (operation) {
    case WINNOW_INPUT:
    case WINNOW_CONVOLUTION:
    case WINNOW_BATCH_NORM:
    case WINNOW_RELU:
    case WINNOW_AVERAGE_POOL:
    case WINNOW_MAX_POOL:
    case WINNOW_WEIGHTED_SUM:
    case WINNOW_CONCAT:
    case WINNOW_GLOBAL_AVERAGE_POOL:
    case WINNOW_LINEAR:
    case WINNOW_ZERO:
    case WINNOW_PAD_CROP:
    case WINNOW_CHANNEL_SLICE:
    case WINNOW_NOISE:
      return true;
    default:
      return false;
  }
}

Graph::Graph(std::shared_ptr<const Network> network, Differentiation differentiation)
    : network_(std::move(network)), differentiation_(differentiation) {
  add_values();
  add_consumers();
  choose_gradients();
  choose_senders();
  choose_halos();
}

void Graph::add_values() {
  std::map<std::vector<int64_t>, int64_t> known;
  const auto& nodes = network_->nodes();
  value_of_.resize(nodes.size());
  values_.reserve(nodes.size());
  for (size_t n = 0; n < nodes.size(); ++n) {
    const Node& node = nodes[n];
    if (!plan_supports(node.operation)) {
      throw Failure(WINNOW_UNSUPPORTED, "node " + node.name + ": operation " + std::to_string(node.operation) +
                                            " is not in this build (see winnow_supports)");
    }
    require_consumable(*network_, node);
    std::vector<int64_t> inputs;
    inputs.reserve(node.inputs.size());
    for (const int64_t input : node.inputs) inputs.push_back(value_of(input));
    const std::vector<int64_t> key = key_of(node, inputs);
    const auto found = key.empty() ? known.end() : known.find(key);
    if (found != known.end()) {
      values_[static_cast<size_t>(found->second)].nodes.push_back(static_cast<int64_t>(n));
      value_of_[n] = found->second;
      continue;
    }
    Value value{node.operation, node.attributes, std::move(inputs), node.shape, {static_cast<int64_t>(n)}, {}};
    if (node.operation == WINNOW_LINEAR) {
      const auto& a = std::get<LinearAttributes>(node.attributes);
      const Shape in = (*this)[value.inputs[0]].shape;
      value.operation = WINNOW_CONVOLUTION;
      value.attributes = ConvolutionAttributes{a.outputs, {in.height, in.width}, {1, 1}, {0, 0}, {1, 1}, 1, a.bias};
    }
    value_of_[n] = size();
    if (!key.empty()) known.emplace(key, size());
    values_.push_back(std::move(value));
  }
}

void Graph::add_consumers() {
  for (int64_t v = 0; v < size(); ++v) {
    for (const int64_t input : values_[v].inputs) {
      std::vector<int64_t>& consumers = values_[input].consumers;
      if (consumers.empty() || consumers.back() != v) consumers.push_back(v);
    }
  }
  for (Value& value : values_) {
    if (value.operation != WINNOW_BATCH_NORM || twice()) continue;
    value.lazy = !value.consumers.empty() && value.node() != network_->output();
    for (const int64_t consumer : value.consumers) {
      const winnow_operation reader = values_[consumer].operation;
      value.lazy = value.lazy && (reader == WINNOW_WEIGHTED_SUM || reader == WINNOW_RELU);
    }
  }
}

namespace {

bool is_transient(winnow_operation operation) {
  return operation == WINNOW_RELU || operation == WINNOW_AVERAGE_POOL || operation == WINNOW_MAX_POOL;
}

}  // namespace

void Graph::choose_gradients() {
  std::vector<bool> learned(values_.size());
  for (int64_t v = 0; v < size(); ++v) {
    Value& value = values_[v];
    learned[v] = value.operation == WINNOW_CONVOLUTION || value.operation == WINNOW_BATCH_NORM ||
                 (value.operation == WINNOW_INPUT && input_gradient());
    for (const int64_t input : value.inputs) learned[v] = learned[v] || learned[input];
    if (value.operation == WINNOW_ZERO) learned[v] = false;
    if (!learned[v]) continue;
    value.gradient = GradientKind::kOwn;
    if (value.operation == WINNOW_INPUT) continue;  // it is handed out
    if (twice()) continue;
    if (v == output() || value.consumers.size() != 1) {
      if (v != output() && is_transient(value.operation)) value.gradient = GradientKind::kTransient;
      continue;
    }
    const Value& consumer = values_[value.consumers[0]];
    const auto uses = std::count(consumer.inputs.begin(), consumer.inputs.end(), v);
    if (consumer.operation == WINNOW_WEIGHTED_SUM && uses == 1) {
      value.gradient = GradientKind::kAlias;
    } else if (is_transient(value.operation)) {
      value.gradient = GradientKind::kTransient;
    } else if (value.operation == WINNOW_CONVOLUTION && consumer.operation == WINNOW_BATCH_NORM) {
      value.gradient = GradientKind::kVirtual;
    }
  }
}

// Their weights are found anew for every cotangent, which must be little beside what a pass over the planes costs.
bool Graph::is_pointwise(int64_t convolution) const {
  constexpr int64_t kPixelsAWeight = 16;
  const Value& value = (*this)[convolution];
  const Value& input = (*this)[value.inputs[0]];
  const auto& a = std::get<ConvolutionAttributes>(value.attributes);
  return value.gradient == GradientKind::kVirtual && !input.lazy && a.is_plain(1) && a.groups == 1 &&
         input.shape.channels * input.shape.channels <= kPixelsAWeight * input.shape.height * input.shape.width;
}

int64_t Graph::source_of(int64_t v) const {
  if ((*this)[v].gradient == GradientKind::kVirtual) v = (*this)[v].consumers[0];
  while ((*this)[v].gradient == GradientKind::kAlias) v = (*this)[v].consumers[0];
  return v;
}

// Depthwise convolutions share no arithmetic with others that read their input, and a gradient for each would be kept until the
// input's is made: a cell of DARTS has 16 of one value (3 MB a cotangent in all, 0.9 so; 9 % of its kernel). Read as they lie, with
// zeros around, they need not be copied either (7 %).
void Graph::choose_senders() {
  for (int64_t v = 0; v < output(); ++v) {
    Value& value = values_[static_cast<size_t>(v)];
    if (value.operation != WINNOW_CONVOLUTION || value.gradient != GradientKind::kOwn || twice()) continue;
    Value& input = values_[static_cast<size_t>(value.inputs[0])];
    value.sends = std::get<ConvolutionAttributes>(value.attributes).groups == input.shape.channels &&
                  input.gradient != GradientKind::kNone;
    if (value.sends) input.gradient = GradientKind::kOwn;
  }
  pair_senders();
}

// Two that send in one pass read and write what they add to once, which is as much as they read of their own. The one whose gradient
// is made first waits for the other; of each shape one at a time does, so that there is memory for two.
void Graph::pair_senders() {
  const auto alike = [](const Value& a, const Value& b) {
    const auto &x = std::get<ConvolutionAttributes>(a.attributes), &y = std::get<ConvolutionAttributes>(b.attributes);
    return a.shape == b.shape && x.stride == y.stride && x.dilation == y.dilation;
  };
  std::vector<int64_t> waiting;
  for (int64_t v = size() - 1; v >= 0; --v) {
    Value& value = values_[static_cast<size_t>(v)];
    if (!value.sends) continue;
    const auto before =
        std::find_if(waiting.begin(), waiting.end(), [&](int64_t w) { return (*this)[w].shape == value.shape; });
    if (before != waiting.end()) {
      if (value.partner == *before) waiting.erase(before);
      continue;
    }
    const std::vector<int64_t>& others = (*this)[value.inputs[0]].consumers;
    const auto partner = std::find_if(others.rbegin(), others.rend(), [&](int64_t o) {
      const Value& other = (*this)[o];
      return o < v && other.sends && alike(other, value);
    });
    if (partner == others.rend()) continue;
    value.partner = *partner;
    values_[static_cast<size_t>(*partner)].partner = v;
    waiting.push_back(v);
  }
}

Pair Value::padding() const {
  if (operation == WINNOW_CONVOLUTION) return std::get<ConvolutionAttributes>(attributes).padding;
  if (operation == WINNOW_AVERAGE_POOL) return std::get<PoolAttributes>(attributes).padding;
  return {0, 0};
}

void Graph::choose_halos() {
  for (const Value& value : values_) {
    const Pair padding = value.padding();
    for (const int64_t input : value.inputs) {
      values_[input].halo_height = std::max(values_[input].halo_height, padding.height);
      values_[input].halo_width = std::max(values_[input].halo_width, padding.width);
    }
  }
}

}  // namespace winnow
