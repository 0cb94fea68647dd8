#include "network/shapes.h"

#include "runtime/failure.h"

namespace winnow {
namespace {

[[noreturn]] void invalid(const std::string& text) { throw Failure(WINNOW_INVALID, text); }

std::string text_of(const Shape& s) {
  return std::to_string(s.channels) + "x" + std::to_string(s.height) + "x" + std::to_string(s.width);
}

// floor((side + 2 padding - dilation (kernel - 1) - 1) / stride) + 1; all arguments are at most 2^20, so nothing overflows.
int64_t windows(int64_t side, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, const Place& where) {
  const int64_t room = side + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) {
    invalid(where + ": kernel " + std::to_string(kernel) + " with dilation " + std::to_string(dilation) +
            " does not fit into side " + std::to_string(side) + " padded by " + std::to_string(padding));
  }
  return room / stride + 1;
}

void require_inputs(const Node& node, int64_t low, int64_t high, const Place& where) {
  const auto count = static_cast<int64_t>(node.inputs.size());
  if (count < low || count > high) {
    invalid(where + " must have " + std::to_string(low) + (high == low ? "" : " or more") + " inputs but has " +
            std::to_string(count));
  }
}

Shape windowed(const Shape& in, int64_t channels, Pair kernel, Pair stride, Pair padding, Pair dilation, const Place& where) {
  return {channels, windows(in.height, kernel.height, stride.height, padding.height, dilation.height, where),
          windows(in.width, kernel.width, stride.width, padding.width, dilation.width, where)};
}

Shape shape_of(const Network& network, const Node& node, const Place& where) {
  const auto input = [&](size_t k) -> const Shape& { return network.nodes()[node.inputs[k]].shape; };
  constexpr int64_t kMany = kMaxElements;
  switch (node.operation) {
    case WINNOW_INPUT:
      require_inputs(node, 0, 0, where);
      return std::get<InputAttributes>(node.attributes).shape;
    case WINNOW_CONVOLUTION: {
      require_inputs(node, 1, 1, where);
      const auto& a = std::get<ConvolutionAttributes>(node.attributes);
      if (input(0).channels % a.groups != 0 || a.outputs % a.groups != 0) {
        invalid(where + ": groups " + std::to_string(a.groups) + " must divide " + std::to_string(input(0).channels) +
                " input and " + std::to_string(a.outputs) + " output channels");
      }
      return windowed(input(0), a.outputs, a.kernel, a.stride, a.padding, a.dilation, where);
    }
    case WINNOW_AVERAGE_POOL:
    case WINNOW_MAX_POOL: {
      require_inputs(node, 1, 1, where);
      const auto& a = std::get<PoolAttributes>(node.attributes);
      return windowed(input(0), input(0).channels, a.kernel, a.stride, a.padding, {1, 1}, where);
    }
    case WINNOW_BATCH_NORM:
    case WINNOW_RELU:
    case WINNOW_NOISE:
      require_inputs(node, 1, 1, where);
      return input(0);
    case WINNOW_WEIGHTED_SUM:
      require_inputs(node, 1, kMany, where);
      for (size_t k = 1; k < node.inputs.size(); ++k) {
        if (!(input(k) == input(0))) {
          invalid(where + ": input " + std::to_string(k) + " is " + text_of(input(k)) + " but input 0 is " + text_of(input(0)));
        }
      }
      return input(0);
    case WINNOW_CONCAT: {
      require_inputs(node, 1, kMany, where);
      Shape s{0, input(0).height, input(0).width};
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        if (input(k).height != s.height || input(k).width != s.width) {
          invalid(where + ": input " + std::to_string(k) + " is " + text_of(input(k)) + " but input 0 is " + text_of(input(0)));
        }
        s.channels = checked_add(s.channels, input(k).channels, where + " channels");
      }
      return s;
    }
    case WINNOW_GLOBAL_AVERAGE_POOL:
      require_inputs(node, 1, 1, where);
      return {input(0).channels, 1, 1};
    case WINNOW_LINEAR:
      require_inputs(node, 1, 1, where);
      return {std::get<LinearAttributes>(node.attributes).outputs, 1, 1};
    case WINNOW_ZERO: {
      require_inputs(node, 1, 1, where);
      const Pair stride = std::get<ZeroAttributes>(node.attributes).stride;
      return {input(0).channels, (input(0).height + stride.height - 1) / stride.height,
              (input(0).width + stride.width - 1) / stride.width};
    }
    case WINNOW_PAD_CROP: {
      require_inputs(node, 1, 1, where);
      const auto& a = std::get<PadCropAttributes>(node.attributes);
      return {input(0).channels, input(0).height + a.top + a.bottom, input(0).width + a.left + a.right};
    }
    case WINNOW_CHANNEL_SLICE: {
      require_inputs(node, 1, 1, where);
      const auto& a = std::get<ChannelSliceAttributes>(node.attributes);
      const int64_t channels = input(0).channels;
      if (a.first < 0 || a.count < 1 || a.first > channels || a.count > channels - a.first) {
        invalid(where + ": channels [" + std::to_string(a.first) + ", +" + std::to_string(a.count) +
                ") are not within the input's " + std::to_string(channels));
      }
      return {a.count, input(0).height, input(0).width};
    }
  }
  throw Failure(WINNOW_INTERNAL, where + ": shape not inferred");
}

}  // namespace

void overflow(const std::string& what) { invalid(what + " overflow"); }

Shape infer(const Network& network, const Node& node, const Place& where) {
  const Shape shape = shape_of(network, node, where);
  const int64_t sides[] = {shape.channels, shape.height, shape.width};
  for (int64_t side : sides) {
    if (side < 1 || side > kMaxSide) {
      invalid(where + " has shape " + text_of(shape) + ": each side must be in [1, " + std::to_string(kMaxSide) + "]");
    }
  }
  if (shape.channels * shape.height > kMaxElements / shape.width) {
    invalid(where + " has shape " + text_of(shape) + ": more than 2^40 elements");
  }
  return shape;
}

void add_tensors(std::vector<Tensor>& tensors, const Network& network, const Node& node, int64_t index) {
  const auto add = [&](const char* suffix, winnow_role role, std::initializer_list<int64_t> shape, int64_t fan_in,
                       int64_t fan_out) {
    tensors.push_back({node.name + suffix, role, index, shape, 0, fan_in, fan_out});
  };
  if (node.operation == WINNOW_CONVOLUTION) {
    const auto& a = std::get<ConvolutionAttributes>(node.attributes);
    const int64_t inputs = network.nodes()[node.inputs[0]].shape.channels / a.groups;
    const int64_t area = a.kernel.height * a.kernel.width;
    const int64_t fan_in = inputs * area, fan_out = a.outputs * area;  // at most 2^60
    add(".weight", WINNOW_CONVOLUTION_WEIGHT, {a.outputs, inputs, a.kernel.height, a.kernel.width}, fan_in, fan_out);
    if (a.bias) add(".bias", WINNOW_CONVOLUTION_BIAS, {a.outputs}, fan_in, fan_out);
  } else if (node.operation == WINNOW_LINEAR) {
    const auto& a = std::get<LinearAttributes>(node.attributes);
    const int64_t inputs = network.nodes()[node.inputs[0]].shape.elements();
    add(".weight", WINNOW_LINEAR_WEIGHT, {a.outputs, inputs}, inputs, a.outputs);
    if (a.bias) add(".bias", WINNOW_LINEAR_BIAS, {a.outputs}, inputs, a.outputs);
  } else if (node.operation == WINNOW_BATCH_NORM) {
    const int64_t channels = node.shape.channels;
    if (std::get<BatchNormAttributes>(node.attributes).affine) {
      add(".weight", WINNOW_NORM_SCALE, {channels}, channels, channels);
      add(".bias", WINNOW_NORM_SHIFT, {channels}, channels, channels);
    }
    add(".running_mean", WINNOW_RUNNING_MEAN, {channels}, channels, channels);
    add(".running_var", WINNOW_RUNNING_VARIANCE, {channels}, channels, channels);
  }
}

void count(Tensor* tensors, Node& node, const Place& where) {
  node.macs = 0;
  node.parameters = 0;
  for (int64_t t = 0; t < node.tensor_count; ++t) {
    Tensor& tensor = tensors[t];
    tensor.elements = 1;
    for (int64_t side : tensor.shape) {
      tensor.elements = checked_multiply(tensor.elements, side, where + " " + tensor.name.c_str());
    }
    if (tensor.role == WINNOW_CONVOLUTION_WEIGHT) {
      node.macs = checked_multiply(tensor.elements, node.shape.height * node.shape.width, where + " multiply-accumulates");
    } else if (tensor.role == WINNOW_LINEAR_WEIGHT) {
      node.macs = tensor.elements;
    }
    if (tensor.elements > kMaxElements) invalid(where + ": tensor " + tensor.name + " has more than 2^40 elements");
    if (tensor.role != WINNOW_RUNNING_MEAN && tensor.role != WINNOW_RUNNING_VARIANCE) {
      node.parameters = checked_add(node.parameters, tensor.elements, where + " parameters");
    }
  }
}

}  // namespace winnow
