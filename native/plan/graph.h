// A network as values: equal parameter-free operations on equal inputs are one value, linear layers are convolutions, and it
// is known for every value who consumes it and how its gradient is held.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "network/network.h"

namespace winnow {

// How the gradient of a value exists in a backward pass.
enum class GradientKind {
  kNone,       // nothing upstream has parameters
  kOwn,        // in a buffer of its own
  kAlias,      // coefficient times the gradient of the one weighted sum that consumes the value
  kTransient,  // made block by block where the value's input needs it (ReLU, pools)
  kVirtual     // a convolution under a batch norm: made row by row from the norm's gradient
};

// What a graph's values are differentiated to.
enum class Differentiation {
  kParameters,  // nothing before the first parameter has a gradient
  kInput,       // the input too
  kTwice        // the input too, and every value and every gradient is stored by itself: passes with tangents add to them
};

struct Value {
  winnow_operation operation;  // a LINEAR is a CONVOLUTION over the whole plane here
  Attributes attributes;
  std::vector<int64_t> inputs;  // values
  Shape shape;
  std::vector<int64_t> nodes;      // members: nodes of the network with this value, ascending
  std::vector<int64_t> consumers;  // values, ascending, each once
  GradientKind gradient = GradientKind::kNone;
  bool lazy = false;                        // a batch norm that is applied where it is read and never stored
  bool sends = false;                       // a convolution that adds to its input's gradient when its own is made
  int64_t partner = -1;                     // of a sender: the one that sends to the same input in the same pass
  int64_t halo_height = 0, halo_width = 0;  // zeros that consumers read around every plane
  int64_t node() const { return nodes.front(); }
  // Of the zeros that it reads around its input; none for operations that do not.
  Pair padding() const;
};

class Graph {
 public:
  // Throws Failure(INVALID) for a network that no row can run (a choice's node feeding something outside the choice that is not
  // a weighted sum), UNSUPPORTED for an operation that is not built yet.
  explicit Graph(std::shared_ptr<const Network> network, Differentiation differentiation = Differentiation::kParameters);

  const Network& network() const { return *network_; }
  const std::shared_ptr<const Network>& shared_network() const { return network_; }
  const std::vector<Value>& values() const { return values_; }
  const Value& operator[](int64_t value) const { return values_[static_cast<size_t>(value)]; }
  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  int64_t output() const { return value_of_[static_cast<size_t>(network_->output())]; }
  bool input_gradient() const { return differentiation_ != Differentiation::kParameters; }
  bool twice() const { return differentiation_ == Differentiation::kTwice; }
  int64_t value_of(int64_t node) const { return value_of_[static_cast<size_t>(node)]; }
  // Whether a sender's gradient is made before its partner's, with which it is sent.
  bool waits(int64_t sender) const { return (*this)[sender].partner >= 0 && (*this)[sender].partner < sender; }
  // Whether a convolution of one tap under a norm is differentiated without planes of its gradient (pointwise.cc); its own are not
  // read.
  bool is_pointwise(int64_t convolution) const;
  // The value whose gradient is that of a kAlias or kVirtual value, up to a factor and a norm: v itself of any other.
  int64_t source_of(int64_t v) const;

 private:
  void add_values();
  void add_consumers();
  void choose_gradients();
  void choose_senders();
  void pair_senders();
  void choose_halos();

  std::shared_ptr<const Network> network_;
  Differentiation differentiation_;
  std::vector<Value> values_;
  std::vector<int64_t> value_of_;  // by node
};

// Whether the device's plans know an operation; all passes, both number types.
bool plan_supports(winnow_operation operation);

}  // namespace winnow
