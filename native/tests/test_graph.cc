// What a graph merges: edges out of a node repeat operations without parameters, of which one each is left. Expected: the nodes of
// a supernet less those repeats, counted along its edges.
#include <map>
#include <string>

#include "check.h"
#include "plan/graph.h"
#include "test_networks.h"

using namespace winnow;
using namespace winnow::test;

namespace {

using Counts = std::map<winnow_operation, int64_t>;

Counts nodes_of(const Network& network) {
  Counts counts;
  for (const Node& node : network.nodes()) ++counts[node.operation];
  return counts;
}

void check_values(const std::shared_ptr<const Network>& network, const Counts& expected) {
  const Graph graph(network);
  Counts values;
  int64_t members = 0;
  for (const Value& value : graph.values()) {
    ++values[network->nodes()[static_cast<size_t>(value.node())].operation];
    members += static_cast<int64_t>(value.nodes.size());
  }
  for (const auto& [operation, count] : expected) {
    note("operation " + std::to_string(operation));
    CHECK_EQUAL(values[operation], count);
  }
  CHECK_EQUAL(members, static_cast<int64_t>(network->nodes().size()));
}

}  // namespace

// Two convolutions and a pool on every edge; a cell's first node has three edges, its third one.
TEST(nas_bench_201_has_one_relu_and_one_pool_per_node) {
  for (const int64_t stages : {1, 3}) {
    const auto network = nb201_supernet({3, 8, 8}, 3, 2, stages, stages > 1, 10).network();
    Counts expected = nodes_of(*network);
    for (int64_t cell = 0; cell < 2 * stages; ++cell) {
      for (int64_t edges = 1; edges <= 3; ++edges) {
        expected[WINNOW_RELU] -= 2 * edges - 1;
        expected[WINNOW_AVERAGE_POOL] -= edges - 1;
      }
    }
    check_values(network, expected);
  }
}

// Four operations with a ReLU in front and two pools on every edge; where the reduction cell halves, a fifth with its ReLU shifted
// by a pixel. The two inputs of a cell are read by its four nodes, each of these by those behind it.
TEST(darts_has_one_relu_and_one_pool_of_a_kind_per_node) {
  for (const bool stem : {false, true}) {
    const auto network = darts_supernet(stem ? Shape{3, 8, 8} : Shape{1, 3, 3}, stem, 10).network();
    Counts expected = nodes_of(*network);
    for (const bool reduction : {false, true}) {
      for (const int64_t edges : {4, 4, 3, 2, 1}) {
        const bool halves = reduction && edges == 4;
        expected[WINNOW_RELU] -= (halves ? 5 : 4) * edges - 1;
        expected[WINNOW_AVERAGE_POOL] -= edges - 1;
        expected[WINNOW_MAX_POOL] -= edges - 1;
        if (halves) expected[WINNOW_PAD_CROP] -= edges - 1;
      }
    }
    expected[WINNOW_RELU] -= 2;  // three inputs of the cells are one value: both of the first, and the second's first
    check_values(network, expected);
  }
}
