package dev.winnow.verify;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Job;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.net.NetworkGraph;
import dev.winnow.score.ChannelSaliency;
import dev.winnow.score.ConnectionSensitivity;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.LayeredScore;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.PassScore;
import dev.winnow.score.Passes;
import dev.winnow.score.SignedSensitivity;
import dev.winnow.score.SynapticFlow;
import dev.winnow.score.WeightNorm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The scores of a golden case that add up over its layers, layer by layer. */
final class LayerSums {
  private static final Initialization ANY = Initialization.PYTORCH_DEFAULT; // weights are given

  private static final PassScore MODULI = new ConnectionSensitivity(1, ANY);

  private static final PassScore SALIENCY = new ChannelSaliency(1, ANY);

  private static final PassScore PRESERVATION = new GradientSignalPreservation(1, ANY);

  private static final List<PassScore> OF_THE_LOSS =
      List.of(
          new GradientNorm(1, ANY),
          new WeightNorm(1, ANY),
          new SignedSensitivity(1, ANY),
          MODULI,
          SALIENCY,
          PRESERVATION);

  private static final PassScore NORMALISED_FLOW = new SynapticFlow(SynapticFlow.Kept.ALL, ANY);

  private static final List<PassScore> FLOWS =
      List.of(new SynapticFlow(SynapticFlow.Kept.NONE, ANY), NORMALISED_FLOW);

  /**
   * Multiple of the recorded difference between number types that float32 may differ by (README of
   * the cases).
   */
  static final double MEASURED = 20;

  /**
   * Relative error of a layer's float32 term: a ReLU so close to 0 that its sign depends on the
   * order of a sum moves the gradients behind it. The recorded terms themselves differ between
   * number types by up to 3.6e-4 (a layer of c1_nb201_full_n5), their sums by 2.3e-5.
   */
  private static final double FLIPPED = 1e-3;

  /**
   * The published code rounds the saliency of every channel to float32 and adds up in it, even
   * where its network is in float64: 16 roundings of pairwise sums over 2^16 weights.
   */
  private static final double SUMMED_IN_FLOAT32 = 16 * 0x1p-24;

  /** Names of the recorded scores. */
  static final List<String> NAMES =
      Stream.concat(OF_THE_LOSS.stream(), FLOWS.stream()).map(PassScore::name).toList();

  private final RecordedJson json;
  private final List<PassScore> ofTheLoss;
  private final List<PassScore> flows;
  private final List<Check> checks;
  private final Monitor monitor;

  /**
   * @param runs of a recorded score, whether it can be computed; asked once for each
   */
  LayerSums(RecordedJson json, Predicate<NetworkScore> runs, List<Check> checks, Monitor monitor) {
    this.json = json;
    this.ofTheLoss = recorded(json, OF_THE_LOSS).stream().filter(runs).toList();
    this.flows = recorded(json, FLOWS).stream().filter(runs).toList();
    this.checks = checks;
    this.monitor = monitor;
  }

  /**
   * Those that read the gradients of the loss, or the weights alone.
   *
   * @param job of labelled images
   */
  void verifyLoss(Plan plan, Job job) {
    if (ofTheLoss.isEmpty()) {
      return;
    }
    // The moduli are wanted beside a signed sum, recorded or not.
    List<PassScore> scores = new ArrayList<>(ofTheLoss);
    scores.add(MODULI);
    Precision precision = plan.options().precision();
    Passes.compute(
        plan,
        List.of(job),
        scores,
        (j, values) -> {
          Map<String, Double> moduli = values.get(ofTheLoss.size()).layers();
          for (int s = 0; s < ofTheLoss.size(); s++) {
            PassScore score = ofTheLoss.get(s);
            // A signed sum is as exact as that of the moduli.
            boolean signed = score instanceof SignedSensitivity;
            Map<String, Double> sizes = signed ? moduli : values.get(s).layers();
            compare(score.name(), values.get(s), sizes, precision);
          }
        },
        monitor);
  }

  /** Synaptic flows, in float64 as published. */
  void verifyFlows(Engine engine, NetworkGraph graph, Job job) {
    Precision precision = Precision.FLOAT64;
    if (flows.isEmpty()) {
      return;
    }
    try (Plan plan = engine.plan(graph, new PlanOptions(1, precision))) {
      for (PassScore flow : flows) {
        Passes.compute(
            plan,
            List.of(job),
            List.of(flow),
            (j, value) ->
                compare(flow.name(), value.get(0), sizes(flow, value.get(0).layers()), precision),
            monitor);
      }
    }
  }

  /** Before a norm a term is what is left of numbers as large as the others' that cancel. */
  private static Map<String, Double> sizes(PassScore flow, Map<String, Double> terms) {
    if (flow != NORMALISED_FLOW) {
      return terms;
    }
    Map<String, Double> sizes = new HashMap<>(terms);
    sizes.replaceAll((layer, term) -> Collections.max(terms.values()));
    return sizes;
  }

  private static List<PassScore> recorded(RecordedJson json, List<PassScore> scores) {
    return scores.stream().filter(score -> json.at("proxies").has(score.name())).toList();
  }

  /**
   * @param sizes of the layers' terms, to which errors are relative
   */
  private void compare(
      String name, LayeredScore value, Map<String, Double> sizes, Precision precision) {
    RecordedJson proxy = json.at("proxies").at(name);
    boolean float32 = precision == Precision.FLOAT32;
    String field = float32 ? "value" : "value_f64";
    String label = " " + Bounds.label(precision);
    double float64 = name.equals(SALIENCY.name()) ? SUMMED_IN_FLOAT32 : Bounds.FLOAT64;
    RecordedJson layers = proxy.at("per_layer");
    double[] expected = new double[layers.size()];
    double[] computed = new double[layers.size()];
    double[] allowed = new double[layers.size()];
    double size = 0;
    for (int l = 0; l < expected.length; l++) {
      RecordedJson layer = layers.at(l);
      String layerName = layer.at("layer").text();
      expected[l] = layer.at(field).number();
      computed[l] = value.layers().getOrDefault(layerName, Double.NaN); // a miss
      double own = Math.abs(sizes.getOrDefault(layerName, Double.NaN));
      double rounding = Math.abs(layer.at("value").number() - layer.at("value_f64").number());
      allowed[l] = float32 ? Math.max(FLIPPED * own, MEASURED * rounding) : float64 * own;
      size += own;
    }
    checks.add(Check.worst(name + " layers" + label, expected, computed, allowed));
    double sum = proxy.at(field).number();
    double bound = float32 ? Bounds.stated(proxy.at("tolerance"), sum) : float64 * size;
    checks.add(new Check(name + label, sum, value.score().published(), bound));
  }
}
