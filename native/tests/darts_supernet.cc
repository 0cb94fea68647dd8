// The DARTS supernet of TE-NAS: one normal cell and one reduction cell (numbers of its search configuration).
#include <string>

#include "test_networks.h"

namespace winnow::test {
namespace {

constexpr int64_t kOperations = 8, kEdges = 14;

ConvolutionAttributes square(int64_t outputs, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                             int64_t groups) {
  return {outputs, {kernel, kernel}, {stride, stride}, {padding, padding}, {dilation, dilation}, groups, false};
}

class Cells {
 public:
  explicit Cells(NetworkBuilder& network) : b_(network) {}

  // first_choice + edge * 8 + operation: none, skip, sep 3, sep 5, dil 3, dil 5, average pool, max pool.
  int64_t cell(const std::string& name, int64_t s0, int64_t s1, int64_t channels, bool reduction, int64_t first_choice) {
    std::vector<int64_t> states = {relu_conv_norm(name + ".preprocess0", s0, square(channels, 1, 1, 0, 1, 1), -1),
                                   relu_conv_norm(name + ".preprocess1", s1, square(channels, 1, 1, 0, 1, 1), -1)};
    int64_t edge = 0;
    for (int64_t node = 2; node < 6; ++node) {
      std::vector<int64_t> terms, choices;
      for (int64_t from = 0; from < node; ++from, ++edge) {
        const std::string at = name + "." + std::to_string(node) + "-" + std::to_string(from) + ".";
        const int64_t stride = reduction && from < 2 ? 2 : 1, first = first_choice + kOperations * edge;
        const int64_t x = states[static_cast<size_t>(from)];
        const PoolAttributes pool{{3, 3}, {stride, stride}, {1, 1}, false};
        terms.insert(terms.end(), {stride == 1 ? x : factorised(at + "skip_connect", x, channels, first + 1),
                                   separable(at + "sep_conv_3x3", x, channels, 3, stride, first + 2),
                                   separable(at + "sep_conv_5x5", x, channels, 5, stride, first + 3),
                                   depthwise(at + "dil_conv_3x3", "", x, channels, 3, stride, 2, first + 4),
                                   depthwise(at + "dil_conv_5x5", "", x, channels, 5, stride, 2, first + 5),
                                   b_.average_pool(at + "avg_pool_3x3", x, pool, first + 6),
                                   b_.max_pool(at + "max_pool_3x3", x, pool, first + 7)});
        for (int64_t operation = 1; operation < kOperations; ++operation) choices.push_back(first + operation);
      }
      states.push_back(b_.weighted_sum(name + "." + std::to_string(node), terms, choices));
    }
    return b_.concat(name, {states.begin() + 2, states.end()});
  }

 private:
  int64_t relu_conv_norm(const std::string& name, int64_t x, const ConvolutionAttributes& a, int64_t choice) {
    return b_.batch_norm(name + ".bn", b_.convolution(name + ".conv", b_.relu(name + ".relu", x, choice), a, choice), choice);
  }
  // ReLU, depthwise, pointwise, norm; the padding keeps the size at stride 1.
  int64_t depthwise(const std::string& name, const std::string& which, int64_t x, int64_t channels, int64_t kernel,
                    int64_t stride, int64_t dilation, int64_t choice) {
    x = b_.relu(name + ".relu" + which, x, choice);
    x = b_.convolution(name + ".dw" + which, x,
                       square(channels, kernel, stride, dilation * (kernel - 1) / 2, dilation, channels), choice);
    x = b_.convolution(name + ".pw" + which, x, square(channels, 1, 1, 0, 1, 1), choice);
    return b_.batch_norm(name + ".bn" + which, x, choice);
  }
  int64_t separable(const std::string& name, int64_t x, int64_t channels, int64_t kernel, int64_t stride, int64_t choice) {
    return depthwise(name, "2", depthwise(name, "1", x, channels, kernel, stride, 1, choice), channels, kernel, 1, 1, choice);
  }
  // Halves of the channels from the even pixels and from the odd ones, zeros past the image.
  int64_t factorised(const std::string& name, int64_t x, int64_t channels, int64_t choice) {
    x = b_.relu(name + ".relu", x, choice);
    const int64_t odd = b_.add(name + ".shift", WINNOW_PAD_CROP, {x}, {-1, 1, -1, 1}, choice);
    const int64_t half = channels / 2;
    const int64_t first = b_.convolution(name + ".conv1", x, square(half, 1, 2, 0, 1, 1), choice);
    const int64_t second = b_.convolution(name + ".conv2", odd, square(channels - half, 1, 2, 0, 1, 1), choice);
    return b_.batch_norm(name + ".bn", b_.concat(name + ".concat", {first, second}, choice), choice);
  }

  NetworkBuilder& b_;
};

}  // namespace

NetworkBuilder darts_supernet(Shape input, bool stem, int64_t classes) {
  NetworkBuilder b(input, 2 * kEdges * kOperations);
  Cells cells(b);
  const int64_t x = stem ? b.batch_norm("stem.bn", b.convolution("stem.conv", 0, 1, 3, 1, 1)) : 0;
  const int64_t normal = cells.cell("cells.0", x, x, 1, false, 0);
  const int64_t reduction = cells.cell("cells.1", x, normal, 2, true, kEdges * kOperations);
  const int64_t last = b.relu("last.relu", b.batch_norm("last.bn", reduction));
  b.linear("classifier", b.global_average_pool("last.pool", last), classes);
  return b;
}

}  // namespace winnow::test
