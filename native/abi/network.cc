#include "network/network.h"

#include "abi/guard.h"

using namespace winnow;

namespace {

void require_index(int64_t index, size_t count, const char* what) {
  if (index < 0 || index >= static_cast<int64_t>(count)) {
    throw Failure(WINNOW_INVALID,
                  std::string(what) + " must be in [0, " + std::to_string(count) + ") but was " + std::to_string(index));
  }
}

}  // namespace

winnow_status winnow_network_create(const void* blob, int64_t bytes, winnow_network** network, winnow_error* error) {
  return guard(error, [&] {
    require(blob, "blob");
    require(network, "network");
    *network = new winnow_network{Network::decode(blob, bytes)};
  });
}

void winnow_network_destroy(winnow_network* network) { delete network; }

// Counts of a null network are 0: these calls have no way to fail.
int64_t winnow_network_node_count(const winnow_network* network) {
  return network == nullptr ? 0 : static_cast<int64_t>(network->network->nodes().size());
}

int64_t winnow_network_choice_count(const winnow_network* network) {
  return network == nullptr ? 0 : network->network->choices();
}

int64_t winnow_network_tensor_count(const winnow_network* network) {
  return network == nullptr ? 0 : static_cast<int64_t>(network->network->tensors().size());
}

int64_t winnow_network_parameters(const winnow_network* network) {
  return network == nullptr ? 0 : network->network->parameters();
}

int64_t winnow_network_macs(const winnow_network* network) { return network == nullptr ? 0 : network->network->macs(); }

winnow_status winnow_network_node(const winnow_network* network, int64_t index, winnow_node_info* info, winnow_error* error) {
  return guard(error, [&] {
    require(network, "network");
    require(info, "info");
    require_index(index, network->network->nodes().size(), "node");
    const Node& node = network->network->nodes()[static_cast<size_t>(index)];
    *info = {node.name.c_str(), node.operation,   0,         node.choice,    node.shape.channels,
             node.shape.height, node.shape.width, node.macs, node.parameters};
  });
}

winnow_status winnow_network_tensor(const winnow_network* network, int64_t index, winnow_tensor_info* info,
                                    winnow_error* error) {
  return guard(error, [&] {
    require(network, "network");
    require(info, "info");
    require_index(index, network->network->tensors().size(), "tensor");
    const Tensor& tensor = network->network->tensors()[static_cast<size_t>(index)];
    *info = {tensor.name.c_str(), tensor.role,     static_cast<int32_t>(tensor.shape.size()),
             {1, 1, 1, 1},        tensor.elements, tensor.node};
    for (size_t k = 0; k < tensor.shape.size(); ++k) info->shape[k] = tensor.shape[k];
  });
}
