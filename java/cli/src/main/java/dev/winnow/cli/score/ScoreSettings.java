package dev.winnow.cli.score;

import static dev.winnow.cli.config.Setting.Type.NUMBER;
import static dev.winnow.cli.config.Setting.Type.WHOLE_NUMBER;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.config.Setting;
import dev.winnow.compute.Initialization;
import dev.winnow.compute.Plan.NormMode;
import dev.winnow.data.ImageSet;
import dev.winnow.net.Shape;
import dev.winnow.score.ActivationKernelLogDeterminant;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import dev.winnow.score.BlockTrainability;
import dev.winnow.score.ChannelSaliency;
import dev.winnow.score.ClassJacobianCorrelation;
import dev.winnow.score.ConnectionSensitivity;
import dev.winnow.score.Direction;
import dev.winnow.score.EffectiveRank;
import dev.winnow.score.FeatureEntropy;
import dev.winnow.score.GaussianComplexity;
import dev.winnow.score.GradientModulusVariance;
import dev.winnow.score.GradientNorm;
import dev.winnow.score.GradientSignAgreement;
import dev.winnow.score.GradientSignalPreservation;
import dev.winnow.score.InverseGradientVariation;
import dev.winnow.score.JacobianCovariance;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.MacCount;
import dev.winnow.score.MeanGradientProduct;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.NtkNorm;
import dev.winnow.score.ParameterCount;
import dev.winnow.score.PatternWeightedVariance;
import dev.winnow.score.Protocol;
import dev.winnow.score.Sampling;
import dev.winnow.score.SignedSensitivity;
import dev.winnow.score.SmallestCorrelationEigenvalue;
import dev.winnow.score.SynapticFlow;
import dev.winnow.score.UnitPatternCount;
import dev.winnow.score.WeightNorm;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.SearchSpace;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * On what {@code winnow score} computes: each score's own protocol, changed by {@code --set}.
 *
 * <p>{@code channels}, {@code cellsPerStage}, {@code stages} and {@code classes} change the network
 * of every score but the region count, whose thin network is part of its definition.
 */
public final class ScoreSettings {
  /** The scores there are, by name, in a line each. */
  public static final Map<String, String> DESCRIPTIONS = descriptions();

  /** Names of the scores there are. */
  public static final List<String> NAMES = List.copyOf(DESCRIPTIONS.keySet());

  /** Keys that say how large the networks are. */
  public static final Set<String> NETWORK =
      Set.of("channels", "cellsPerStage", "stages", "classes");

  /** Every key. */
  public static final List<Setting> SETTINGS =
      List.of(
          Setting.of(
              "channels",
              WHOLE_NUMBER,
              "channels C of the first stage; default 3 for ntk, the benchmark's for others"),
          Setting.of(
              "cellsPerStage",
              WHOLE_NUMBER,
              "cells N of a stage; default 1 for ntk, the benchmark's for others"),
          Setting.of("stages", WHOLE_NUMBER, "stages (resolutions); default 3"),
          Setting.of("classes", WHOLE_NUMBER, "outputs; default: those of the data"),
          Setting.oneOf(
              "init",
              "weights; default kaiming for ntk (over fan_out), regions, zico and az (over fan_in),"
                  + " pytorch-default for others",
              "kaiming",
              "pytorch-default"),
          Setting.of("ntk.batch", WHOLE_NUMBER, "images of one NTK; default 72"),
          Setting.of(
              "regions.patchSide",
              WHOLE_NUMBER,
              "height and width of a patch in pixels; default 3"),
          Setting.of(
              "regions.batch", WHOLE_NUMBER, "patches that share batch statistics; default 1000"),
          Setting.of("regions.batches", WHOLE_NUMBER, "batches of one count; default 3"),
          Setting.of(
              "nwot.batch",
              WHOLE_NUMBER,
              "images of one activation kernel; default 128, with nwot.hooks=relus"
                  + " gradients.batch"),
          Setting.oneOf(
              "nwot.hooks",
              "what counts: relus-and-wrappers as nas-without-training (default), relus as NASLib,"
                  + " on the images of the gradients",
              "relus-and-wrappers",
              "relus"),
          Setting.of(
              "gradients.batch",
              WHOLE_NUMBER,
              "images of the passes of grad_norm, snip, fisher, plain, grasp, knas, jacov and"
                  + " epe_nas; default 64"),
          Setting.of(
              "zico.batch",
              WHOLE_NUMBER,
              "images of each of the two batches of zico, zico_released, zico_bc, lswag_gradients"
                  + " and lswag; default 128"),
          Setting.of("zico_bc.beta", NUMBER, "weight of zico_bc's correction; default 1"),
          Setting.of(
              "lswag.first",
              NUMBER,
              "share of the layers that come before those of lswag, in [0, 1); default 0"),
          Setting.of(
              "lswag.last", NUMBER, "share of them at which those of lswag end, to 1; default 1"),
          Setting.of("swap.batch", WHOLE_NUMBER, "images of swap and swap_regularised; default 16"),
          Setting.of(
              "swap.draws",
              WHOLE_NUMBER,
              "draws of the weights, always N(0, 1), in one repeat of swap and swap_regularised;"
                  + " default 32"),
          Setting.of(
              "swap_regularised.mu", NUMBER, "millions of parameters it prefers; no default"),
          Setting.of(
              "swap_regularised.sigma",
              NUMBER,
              "how fast other sizes lose, exp(-(parameters - mu)^2 / sigma); no default"),
          Setting.of("zen.batch", WHOLE_NUMBER, "inputs of zen; default 16"),
          Setting.of(
              "az.batch",
              WHOLE_NUMBER,
              "images of az_expressivity, az_progressivity and az_trainability; default 64"),
          Setting.of("meco.batch", WHOLE_NUMBER, "samples of meco and meco_opt; default 1"),
          Setting.of("near.batch", WHOLE_NUMBER, "images of near; default 16"),
          Setting.of("gradsign.images", WHOLE_NUMBER, "images of gradsign; default 64"));

  private static Map<String, String> descriptions() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("ntk", "condition number of the neural tangent kernel; lower is better");
    all.put("ntk_trace", "trace of the neural tangent kernel; higher is better");
    all.put("ntk_frobenius", "Frobenius norm of the neural tangent kernel; higher is better");
    all.put("regions", "number of linear regions over 3x3 patches; higher is better");
    all.put("nwot", "log-determinant of the activation kernel; higher is better");
    all.put("swap", "distinct answers of the units to the images; higher is better");
    all.put("swap_regularised", "the same, less for networks of another size; higher is better");
    all.put("zen", "how far noise moves features of Gaussian weights; higher is better");
    all.put("params", "number of learned parameters");
    all.put("macs", "multiply-accumulates of one image");
    all.put("grad_norm", "norms of the loss's gradients by layer; higher is better");
    all.put("snip", "connection sensitivity, sum of |weight x gradient|; higher is better");
    all.put("fisher", "Fisher information of channels; higher is better");
    all.put("plain", "sum of weight x gradient; lower is better");
    all.put("grasp", "preservation of the gradients' flow; higher is better");
    all.put("l2_norm", "norms of the weights by layer; higher is better");
    all.put("knas", "mean inner product of the images' gradients; higher is better");
    all.put("zico", "mean over deviation of the gradients of two batches; higher is better");
    all.put("zico_released", "the same as the published program computes it; higher is better");
    all.put("zico_bc", "zico less a preference for deep and thin networks; higher is better");
    all.put("lswag_gradients", "the part of L-SWAG that is made of gradients; higher is better");
    all.put("lswag", "the same times distinct answers of each layer's units; higher is better");
    all.put("gradsign", "agreement in sign of the images' gradients; higher is better");
    all.put("gradsign_batch", "the same with the statistics of the batch; higher is better");
    all.put("jacov", "correlations of gradients by the images; higher is better");
    all.put("epe_nas", "the same within each class; higher is better");
    all.put("az_expressivity", "entropies of the cells' features; higher is better");
    all.put("az_progressivity", "what the least cell adds to them; higher is better");
    all.put("az_trainability", "how near to 1 the cells stretch gradients; higher is better");
    all.put("meco", "how independent the channels of each layer are; higher is better");
    all.put("meco_opt", "the same of eight channels of each layer; higher is better");
    all.put("near", "effective ranks of each layer's activations; higher is better");
    all.put("synflow", "synaptic flow without norms; higher is better");
    all.put("synflow_bn", "synaptic flow with norms; higher is better");
    all.put("synflow_reductions", "synaptic flow with the norms of reductions; higher is better");
    return Collections.unmodifiableMap(all);
  }

  private final Configuration configuration;

  /**
   * @param configuration with {@link #SETTINGS}
   */
  public ScoreSettings(Configuration configuration) {
    this.configuration = configuration;
  }

  /**
   * A score.
   *
   * @throws IllegalArgumentException for an unknown name or a setting out of range
   */
  public NetworkScore score(String name) {
    return switch (name) {
      case "ntk" ->
          new NtkConditionNumber(
              configuration.integer("ntk.batch", 72), init(Initialization.KAIMING_FAN_OUT));
      case "ntk_trace" -> ntkNorm(NtkNorm.Kind.TRACE);
      case "ntk_frobenius" -> ntkNorm(NtkNorm.Kind.FROBENIUS);
      case "regions" ->
          new LinearRegionCount(
              new Sampling(
                  Sampling.Kind.PATCHES,
                  configuration.integer("regions.batch", 1000),
                  configuration.integer("regions.batches", 3)),
              configuration.integer("regions.patchSide", 3),
              init(Initialization.KAIMING_FAN_IN));
      case "nwot" ->
          new ActivationKernelLogDeterminant(
              configuration.integer("nwot.batch", hooks() == Hooks.RELUS ? gradientBatch() : 128),
              hooks(),
              NormMode.BATCH,
              defaultInit());
      case "grad_norm" -> new GradientNorm(gradientBatch(), defaultInit());
      case "snip" -> new ConnectionSensitivity(gradientBatch(), defaultInit());
      case "fisher" -> new ChannelSaliency(gradientBatch(), defaultInit());
      case "plain" -> new SignedSensitivity(gradientBatch(), defaultInit());
      case "grasp" -> new GradientSignalPreservation(gradientBatch(), defaultInit());
      case "l2_norm" -> new WeightNorm(gradientBatch(), defaultInit());
      case "knas" -> new MeanGradientProduct(gradientBatch(), defaultInit());
      case "zico" -> zico(InverseGradientVariation.Variant.PAPER);
      case "zico_released" -> zico(InverseGradientVariation.Variant.RELEASED);
      case "zico_bc" -> zico(InverseGradientVariation.Variant.CORRECTED);
      case "lswag_gradients" -> new GradientModulusVariance(zicoBatch(), zicoInit());
      case "lswag" ->
          new PatternWeightedVariance(
              configuration.number("lswag.first", 0),
              configuration.number("lswag.last", 1),
              zicoBatch(),
              zicoInit());
      case "gradsign" -> gradSign(GradientSignAgreement.Statistics.OF_EACH_IMAGE);
      case "gradsign_batch" -> gradSign(GradientSignAgreement.Statistics.OF_THE_BATCH);
      case "jacov" -> new JacobianCovariance(gradientBatch(), defaultInit());
      case "epe_nas" -> new ClassJacobianCorrelation(gradientBatch(), defaultInit());
      case "az_expressivity" -> featureEntropy(FeatureEntropy.Kind.EXPRESSIVITY);
      case "az_progressivity" -> featureEntropy(FeatureEntropy.Kind.PROGRESSIVITY);
      case "az_trainability" ->
          new BlockTrainability(azBatch(), init(Initialization.KAIMING_FAN_IN));
      case "meco" -> meco(SmallestCorrelationEigenvalue.Channels.ALL);
      case "meco_opt" -> meco(SmallestCorrelationEigenvalue.Channels.EIGHT);
      case "near" -> new EffectiveRank(configuration.integer("near.batch", 16), defaultInit());
      case "synflow" -> new SynapticFlow(SynapticFlow.Kept.NONE, defaultInit());
      case "synflow_bn" -> new SynapticFlow(SynapticFlow.Kept.ALL, defaultInit());
      case "synflow_reductions" -> new SynapticFlow(SynapticFlow.Kept.REDUCTIONS, defaultInit());
      case "swap" -> swap(Optional.empty());
      case "swap_regularised" ->
          swap(
              Optional.of(
                  new UnitPatternCount.Size(
                      required("swap_regularised.mu"), required("swap_regularised.sigma"))));
      case "zen" ->
          new GaussianComplexity(
              configuration.integer("zen.batch", 16), Initialization.STANDARD_NORMAL);
      case "params" -> new ParameterCount();
      case "macs" -> new MacCount();
      default ->
          throw new IllegalArgumentException(
              "scores must be among " + String.join(", ", NAMES) + " but one was '" + name + "'");
    };
  }

  private NtkNorm ntkNorm(NtkNorm.Kind kind) {
    return new NtkNorm(
        kind, configuration.integer("ntk.batch", 72), init(Initialization.KAIMING_FAN_OUT));
  }

  private InverseGradientVariation zico(InverseGradientVariation.Variant variant) {
    return new InverseGradientVariation(
        variant, configuration.number("zico_bc.beta", 1), zicoBatch(), zicoInit());
  }

  private int zicoBatch() {
    return configuration.integer("zico.batch", 128);
  }

  private Initialization zicoInit() {
    return init(Initialization.KAIMING_FAN_IN);
  }

  private GradientSignAgreement gradSign(GradientSignAgreement.Statistics statistics) {
    return new GradientSignAgreement(
        statistics, configuration.integer("gradsign.images", 64), defaultInit());
  }

  private UnitPatternCount swap(Optional<UnitPatternCount.Size> size) {
    return new UnitPatternCount(
        size,
        configuration.integer("swap.batch", 16),
        configuration.integer("swap.draws", 32),
        Initialization.STANDARD_NORMAL);
  }

  /** Names of the scores of which lower is better. */
  public static Set<String> lowerIsBetter() {
    Configuration configuration = new Configuration(SETTINGS);
    // A score without a default cannot be made without these; no direction depends on a setting.
    configuration.assign("swap_regularised.mu=1");
    configuration.assign("swap_regularised.sigma=1");
    ScoreSettings settings = new ScoreSettings(configuration);
    return NAMES.stream()
        .filter(name -> settings.score(name).direction() == Direction.LOWER_IS_BETTER)
        .collect(Collectors.toUnmodifiableSet());
  }

  private double required(String key) {
    if (configuration.get(key).isEmpty()) {
      throw new IllegalArgumentException(
          key + " must be given, as in --set " + key + "=0.8: it has no default");
    }
    return configuration.number(key, 0);
  }

  private FeatureEntropy featureEntropy(FeatureEntropy.Kind kind) {
    return new FeatureEntropy(kind, azBatch(), init(Initialization.KAIMING_FAN_IN));
  }

  private SmallestCorrelationEigenvalue meco(SmallestCorrelationEigenvalue.Channels channels) {
    return new SmallestCorrelationEigenvalue(
        channels, configuration.integer("meco.batch", 1), defaultInit());
  }

  private int azBatch() {
    return configuration.integer("az.batch", 64);
  }

  private Hooks hooks() {
    return configuration.text("nwot.hooks", "relus-and-wrappers").equals("relus")
        ? Hooks.RELUS
        : Hooks.RELUS_AND_WRAPPERS;
  }

  private int gradientBatch() {
    return configuration.integer("gradients.batch", 64);
  }

  private Initialization defaultInit() {
    return configuration.text("init", "pytorch-default").equals("kaiming")
        ? Initialization.KAIMING_FAN_OUT
        : Initialization.PYTORCH_DEFAULT;
  }

  private Initialization init(Initialization kaiming) {
    return configuration.text("init", "kaiming").equals("kaiming")
        ? kaiming
        : Initialization.PYTORCH_DEFAULT;
  }

  /** A score's protocol with the changes asked for. */
  public Protocol protocol(NetworkScore score, SearchSpace space, ImageSet images) {
    Protocol protocol = score.protocol(space, images);
    return score instanceof LinearRegionCount
        ? protocol
        : new Protocol(network(protocol.network()), protocol.initialization(), protocol.sampling());
  }

  private NetworkOptions network(NetworkOptions own) {
    return new NetworkOptions(
        configuration.integer("channels", own.channels()),
        configuration.integer("cellsPerStage", own.cellsPerStage()),
        configuration.integer("stages", own.stages()),
        own.stem(),
        configuration.integer("classes", own.classes()),
        own.input());
  }

  /**
   * The network of given weights: what was set, and the rest as the weights' names and shapes say.
   *
   * @param found as far as the weights tell
   */
  NetworkOptions given(NetworkOptions found) {
    Shape input = found.input();
    int channels =
        found.stem() ? configuration.integer("channels", found.channels()) : input.channels();
    return new NetworkOptions(
        channels,
        configuration.integer("cellsPerStage", found.cellsPerStage()),
        configuration.integer("stages", found.stages()),
        found.stem(),
        configuration.integer("classes", found.classes()),
        input);
  }
}
