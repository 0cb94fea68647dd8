package dev.winnow.engine;

import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_activation_sink;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.engine.bindings.winnow_tap;
import dev.winnow.net.NetworkGraph;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/** Nodes whose values are read after a forward pass, {@code winnow_activations}. */
final class ActivationTaps implements AutoCloseable {
  private final winnow_tap taps;
  private final int count;

  /**
   * @throws IllegalArgumentException for nodes that the graph does not have, and for none
   */
  ActivationTaps(NetworkGraph graph, List<Integer> nodes) {
    if (nodes.isEmpty()) {
      throw new IllegalArgumentException("activations of no node");
    }
    for (int node : nodes) {
      if (node < 0 || node >= graph.nodes().size()) {
        throw new IllegalArgumentException(
            "node must be in [0, " + (graph.nodes().size() - 1) + "] but was " + node);
      }
    }
    count = nodes.size();
    taps = new winnow_tap(count);
    for (int t = 0; t < count; t++) {
      taps.getPointer(t).node(nodes.get(t)).side(Winnow.WINNOW_TAP_AFTER).multiplicity(1);
    }
  }

  /** Runs the call; what {@code kind} makes of the values goes to {@code values}. */
  int read(
      winnow_plan plan,
      winnow_call call,
      int kind,
      DoublePointer values,
      long capacity,
      winnow_error error) {
    try (winnow_activation_sink sink = new winnow_activation_sink()) {
      Pointer.memset(sink, 0, sink.sizeof());
      sink.kind(kind).taps(taps).tap_count(count).values(values)._capacity(capacity);
      return Winnow.winnow_activations(plan, call, sink, 1, error);
    }
  }

  @Override
  public void close() {
    taps.close();
  }
}
