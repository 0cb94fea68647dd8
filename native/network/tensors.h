// Which tensors a node has, and what lies in them.
#pragma once

#include "network/parameters.h"

namespace winnow {

// Values of a node's tensor by role; throws where it is unset.
TensorValues tensor_values(const Network& network, const Parameters& parameters, int64_t node, winnow_role role);
// Index of that tensor, -1 where the node has none.
int64_t tensor_index(const Network& network, int64_t node, winnow_role role);
// The weights of a convolution's or a linear layer's node.
TensorValues weight_values(const Network& network, const Parameters& parameters, int64_t node);
// Their bias; empty where they have none.
TensorValues bias_values(const Network& network, const Parameters& parameters, int64_t node);
// The tensors that hold them.
int64_t weight_tensor(const Network& network, int64_t node);
int64_t bias_tensor(const Network& network, int64_t node);

}  // namespace winnow
