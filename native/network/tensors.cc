#include "network/tensors.h"

namespace winnow {

int64_t tensor_index(const Network& network, int64_t node, winnow_role role) {
  const Node& owner = network.nodes()[static_cast<size_t>(node)];
  for (int64_t t = owner.first_tensor; t < owner.first_tensor + owner.tensor_count; ++t) {
    if (network.tensors()[static_cast<size_t>(t)].role == role) return t;
  }
  return -1;
}

TensorValues tensor_values(const Network& network, const Parameters& parameters, int64_t node, winnow_role role) {
  return parameters.values(tensor_index(network, node, role));
}

namespace {

bool is_linear(const Network& network, int64_t node) {
  return network.nodes()[static_cast<size_t>(node)].operation == WINNOW_LINEAR;
}

}  // namespace

int64_t weight_tensor(const Network& network, int64_t node) {
  return tensor_index(network, node, is_linear(network, node) ? WINNOW_LINEAR_WEIGHT : WINNOW_CONVOLUTION_WEIGHT);
}

int64_t bias_tensor(const Network& network, int64_t node) {
  return tensor_index(network, node, is_linear(network, node) ? WINNOW_LINEAR_BIAS : WINNOW_CONVOLUTION_BIAS);
}

TensorValues weight_values(const Network& network, const Parameters& parameters, int64_t node) {
  return parameters.values(weight_tensor(network, node));
}

TensorValues bias_values(const Network& network, const Parameters& parameters, int64_t node) {
  const int64_t tensor = bias_tensor(network, node);
  return tensor < 0 ? TensorValues() : parameters.values(tensor);
}

}  // namespace winnow
