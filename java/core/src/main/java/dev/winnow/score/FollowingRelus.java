package dev.winnow.score;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which ReLU a layer's value comes to. */
final class FollowingRelus {
  private FollowingRelus() {}

  /**
   * For each node the first ReLU in the network's order that its value reaches on a way without
   * another ReLU, as the ReLU's place among the graph's; nodes that reach none, as classifiers, are
   * left out, and so is what a candidate skips.
   */
  static Map<Integer, Integer> of(NetworkGraph graph, Row row) {
    List<Node> nodes = graph.nodes();
    BitSet[] behind = new BitSet[nodes.size()]; // whose values are in the node's
    Map<Integer, Integer> following = new HashMap<>();
    int relu = 0;
    for (int n = 0; n < behind.length; n++) {
      Node node = nodes.get(n);
      behind[n] = new BitSet();
      boolean isRelu = node.operation() instanceof Operation.Relu;
      if (Layers.has(node, row)) {
        for (int k = 0; k < node.inputs().size(); k++) {
          if (Connectivity.passes(node, k, row)) {
            behind[n].or(behind[node.inputs().get(k)]);
          }
        }
        if (isRelu) {
          int place = relu;
          behind[n].stream().forEach(before -> following.putIfAbsent(before, place));
          behind[n].clear();
        } else {
          behind[n].set(n);
        }
      }
      relu += isRelu ? 1 : 0;
    }
    return following;
  }
}
