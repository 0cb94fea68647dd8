package dev.winnow.search;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import dev.winnow.data.ImageSet;
import dev.winnow.net.Shape;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.NetworkScore;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Passes;
import dev.winnow.score.Protocol;
import dev.winnow.score.Sampling;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import java.util.Arrays;
import java.util.Objects;

/**
 * TE-NAS: prunes a supernet, round by round, of the operations whose removal improves the condition
 * number κ of the neural tangent kernel and keeps the number of linear regions.
 *
 * <p>A round scores the supernet (origin) and, for every live operation of an edge with more than
 * one, the supernet without it; ranks the changes of κ (larger decrease first) and of the region
 * count (smaller decrease first); and removes, in the order of the rank sum, {@code pruneNumber}
 * operations of each edge at once. When every edge has one operation, each group of edges of which
 * the space keeps only some (two into each node of a DARTS cell) loses the others in a round of its
 * own. κ is that of a small network on whole images, the region count that of a thin one on
 * patches.
 *
 * <p><b>Modes</b> differ in what is drawn when ({@code DrawSchedule}) and how changes become ranks
 * ({@code ReleasedRule}, {@code PaperRule}, {@code WinnowRule}). Mode WINNOW, the default, shares
 * the draws of a repeat among origin and candidates, starts with {@code repeats} and adds one at a
 * time until the bootstrap finds the decision stable or the round's share of the {@code budget} is
 * spent. Unspent shares pass on to later rounds.
 *
 * <p><b>Cost</b> on NAS-Bench-201: 54 candidates; 324 NTKs and 324 region counts in the published
 * modes (the origin anew for each candidate and repeat), at most {@code budget} of each in mode
 * WINNOW. On DARTS 332 candidates and 1,992 of each with the settings for CIFAR-10, 444 and 2,664
 * with those for ImageNet.
 *
 * @see <a href="https://arxiv.org/abs/2102.11535">Chen, Gong and Wang 2021</a>
 */
public final class TeNas implements Search {
  private final CellSpace space;
  private final ImageSet images;
  private final TeNasOptions options;

  /** With the defaults of mode WINNOW and this seed. */
  public TeNas(CellSpace space, ImageSet images, long seed) {
    this(
        space,
        images,
        TeNasOptions.of(Mode.WINNOW, space, Protocol.classes(images)).with().seed(seed).build());
  }

  /**
   * @param space what is searched
   * @param images what the networks see
   * @param options settings
   * @throws IllegalArgumentException when the images do not fill a batch or a patch, naming the
   *     option
   */
  public TeNas(CellSpace space, ImageSet images, TeNasOptions options) {
    this.space = Objects.requireNonNull(space, "space");
    this.images = Objects.requireNonNull(images, "images");
    this.options = Objects.requireNonNull(options, "options");
    atMost("ntkBatch", options.ntkBatch(), images.size());
    atMost("regionBatch", options.regionBatch(), images.size());
    atMost("patchSide", options.patchSide(), images.side());
  }

  @Override
  public String method() {
    return "te-nas";
  }

  /** The settings. */
  public TeNasOptions options() {
    return options;
  }

  /** Number of networks that a TE-NAS search of the space scores as candidates. */
  public static int candidates(CellSpace space, int pruneNumber) {
    return Arrays.stream(new Pruning(space, pruneNumber).candidatesPerRound()).sum();
  }

  @Override
  public SearchResult run(
      Engine engine, Journal journal, SearchListener listener, Monitor monitor) {
    DrawSchedule schedule = new DrawSchedule(options);
    Protocol ntk =
        new Protocol(
            new NetworkOptions(
                options.channels(),
                options.cellsPerStage(),
                options.stages(),
                true,
                Protocol.classes(images),
                images.shape()),
            schedule.ntkInitialization(),
            new Sampling(Sampling.Kind.IMAGES, options.ntkBatch(), 1));
    Protocol regions =
        new Protocol(
            space.thin(
                Protocol.classes(images), new Shape(1, options.patchSide(), options.patchSide())),
            schedule.regionInitialization(),
            new Sampling(Sampling.Kind.PATCHES, options.regionBatch(), options.regionBatches()));
    Supernet ntkNet = space.supernet(ntk.network());
    Supernet regionNet = space.supernet(regions.network());
    NetworkScore ntkScore = new NtkConditionNumber();
    NetworkScore regionScore = new LinearRegionCount();
    Passes.require(engine, ntkNet.graph(), ntkScore);
    Passes.require(engine, regionNet.graph(), regionScore);
    try (Evaluator ntkEvaluator =
            new Evaluator(ntkScore, ntkNet.graph(), ntk, images, engine, journal);
        Evaluator regionEvaluator =
            new Evaluator(regionScore, regionNet.graph(), regions, images, engine, journal)) {
      SearchResult result =
          new TeNasRun(
                  this,
                  schedule,
                  new TeNasRun.Net(ntkNet, ntkEvaluator),
                  new TeNasRun.Net(regionNet, regionEvaluator),
                  journal,
                  listener,
                  monitor)
              .run();
      listener.ended(result);
      return result;
    }
  }

  CellSpace space() {
    return space;
  }

  ImageSet images() {
    return images;
  }

  private void atMost(String option, int value, int most) {
    if (value > most) {
      throw new IllegalArgumentException(
          option
              + " must be at most "
              + most
              + " with images "
              + images.name()
              + " ("
              + images.size()
              + " images of "
              + images.shape()
              + ") but was "
              + value);
    }
  }
}
