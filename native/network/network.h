// A decoded, validated network with inferred shapes. Immutable; plans and parameter sets share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "winnow/network.h"

namespace winnow {

struct Pair {
  int64_t height = 0, width = 0;
  bool operator==(const Pair& o) const { return height == o.height && width == o.width; }
};

struct Shape {
  int64_t channels = 0, height = 0, width = 0;
  int64_t elements() const { return channels * height * width; }
  bool operator==(const Shape& o) const { return channels == o.channels && height == o.height && width == o.width; }
};

struct InputAttributes {
  Shape shape;
};
struct ConvolutionAttributes {
  int64_t outputs;
  Pair kernel, stride, padding, dilation;
  int64_t groups;
  bool bias;
  // Whether every pixel reads the side x side (1, 3) pixels around it.
  bool is_plain(int64_t side) const {
    return kernel == Pair{side, side} && stride == Pair{1, 1} && padding == Pair{side / 2, side / 2} &&
           (side == 1 || dilation == Pair{1, 1});
  }
};
struct BatchNormAttributes {
  bool affine;
  double epsilon, momentum;
};
struct ReluAttributes {
  double cap;  // 0 for none
};
struct PoolAttributes {
  Pair kernel, stride, padding;
  bool count_include_pad;  // average pools only
};
struct WeightedSumAttributes {
  std::vector<int64_t> choices;  // one per input; -1: coefficient 1
};
struct LinearAttributes {
  int64_t outputs;
  bool bias;
};
struct ZeroAttributes {
  Pair stride;
};
struct PadCropAttributes {
  int64_t top, bottom, left, right;
};
struct ChannelSliceAttributes {
  int64_t first, count;
};
struct NoiseAttributes {
  double deviation;
};
struct NoAttributes {};  // CONCAT, GLOBAL_AVERAGE_POOL

using Attributes = std::variant<NoAttributes, InputAttributes, ConvolutionAttributes, BatchNormAttributes, ReluAttributes,
                                PoolAttributes, WeightedSumAttributes, LinearAttributes, ZeroAttributes, PadCropAttributes,
                                ChannelSliceAttributes, NoiseAttributes>;

struct Node {
  std::string name;
  winnow_operation operation;
  Attributes attributes;
  int64_t choice;  // -1: always there
  std::vector<int64_t> inputs;
  Shape shape;
  int64_t first_tensor, tensor_count;  // its tensors are consecutive, in role order
  int64_t macs, parameters;
};

struct Tensor {
  std::string name;
  winnow_role role;
  int64_t node;
  std::vector<int64_t> shape;
  int64_t elements, fan_in, fan_out;
  // The weight of a convolution or a linear layer, [out][...].
  bool of_layer() const { return role == WINNOW_CONVOLUTION_WEIGHT || role == WINNOW_LINEAR_WEIGHT; }
};

class Network {
 public:
  // Decodes a blob (include/winnow/network.h) and validates it; throws Failure(WINNOW_INVALID).
  static std::shared_ptr<const Network> decode(const void* blob, int64_t bytes);

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Tensor>& tensors() const { return tensors_; }
  int64_t choices() const { return choices_; }
  int64_t output() const { return output_; }
  int64_t parameters() const { return parameters_; }
  int64_t macs() const { return macs_; }

 private:
  friend class NetworkDecoder;
  std::vector<Node> nodes_;
  std::vector<Tensor> tensors_;
  int64_t choices_ = 0, output_ = 0, parameters_ = 0, macs_ = 0;
};

}  // namespace winnow

struct winnow_network {
  std::shared_ptr<const winnow::Network> network;
};
