package dev.winnow.score;

import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A score and what it is made of.
 *
 * @param score the number
 * @param layers the terms by the layer's canonical name, in the network's order; empty for a score
 *     that is no sum over layers
 */
public record LayeredScore(Score score, Map<String, Double> layers) {
  public LayeredScore {
    layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
  }

  /** Of no layers. */
  static LayeredScore of(Score score) {
    return new LayeredScore(score, Map.of());
  }

  /**
   * The same of a derivative of the logits' sum, which says nothing where that is fixed; what the
   * published program prints stays.
   */
  LayeredScore whereSumVaries(NetworkGraph graph, Row row) {
    if (score.value().isEmpty() || Connectivity.sumVaries(graph, row)) {
      return this;
    }
    String reason =
        "the logits' sum over a batch does not depend on the images: all of it comes out of norms";
    return new LayeredScore(Score.undefined(reason, score.published()), layers);
  }

  /**
   * The sum of terms in their order.
   *
   * @param connected whether a path leads from the image to the logits, where that matters
   */
  static LayeredScore sum(Map<String, Double> layers, boolean connected) {
    double sum = 0;
    for (double term : layers.values()) {
      sum += term;
    }
    return new LayeredScore(of(sum, connected), layers);
  }

  static Score of(double sum, boolean connected) {
    if (!connected) {
      return Score.undefined("no path leads from the image to the logits", sum);
    }
    return Double.isFinite(sum)
        ? Score.of(sum)
        : Score.undefined("the sum over the layers is not finite", sum);
  }
}
