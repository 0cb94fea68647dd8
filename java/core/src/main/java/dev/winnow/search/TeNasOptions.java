package dev.winnow.search;

import dev.winnow.net.Shape;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NetworkOptions;

/**
 * Settings of a TE-NAS search; {@link #of(Mode, CellSpace, int)} gives the defaults, which are
 * named here for NAS-Bench-201.
 *
 * @param mode whose TE-NAS
 * @param seed root seed of weights, batches and patches
 * @param channels C of the NTK network, in [1, 1024]; 3
 * @param cellsPerStage N of the NTK network, in [1, 64]; 1
 * @param stages of the NTK network, in [1, 8]; 3
 * @param ntkBatch images of one NTK, in [2, 4096]; 72, in the paper 32
 * @param regionBatch patches that share batch statistics, in [2, 65536]; 1000
 * @param regionBatches batches of one region count, in [1, 1024]; 3, in the paper 5
 * @param patchSide height and width of a patch, in [1, 64]; 3
 * @param repeats evaluations of each candidate, in [1, 1000]; 3. Mode WINNOW starts with so many,
 *     at least 2; 4
 * @param pruneNumber operations removed from an edge in a round, in [1, 64]; 1
 * @param decimals decimals of a change and significant digits of its sort key, in [0, 15]; 3. Only
 *     mode RELEASED rounds
 * @param budget NTK evaluations of the whole search at most, above what {@code repeats} need; 480.
 *     Only mode WINNOW adds repeats
 * @param stability share of bootstrap resamples that must prune the same operations before a round
 *     is decided, in [0, 1]; 0.9. Only mode WINNOW
 * @param resamples bootstrap resamples, in [1, 100000]; 1000. Only mode WINNOW
 */
public record TeNasOptions(
    Mode mode,
    long seed,
    int channels,
    int cellsPerStage,
    int stages,
    int ntkBatch,
    int regionBatch,
    int regionBatches,
    int patchSide,
    int repeats,
    int pruneNumber,
    int decimals,
    int budget,
    double stability,
    int resamples) {
  public TeNasOptions {
    within("channels", channels, 1, 1024);
    within("cellsPerStage", cellsPerStage, 1, 64);
    within("stages", stages, 1, 8);
    within("ntkBatch", ntkBatch, 2, 4096);
    within("regionBatch", regionBatch, 2, 65536);
    within("regionBatches", regionBatches, 1, 1024);
    within("patchSide", patchSide, 1, 64);
    within("repeats", repeats, mode == Mode.WINNOW ? 2 : 1, 1000);
    within("pruneNumber", pruneNumber, 1, 64);
    within("decimals", decimals, 0, 15);
    within("budget", budget, 1, 1_000_000);
    within("resamples", resamples, 1, 100_000);
    if (!(stability >= 0 && stability <= 1)) {
      throw new IllegalArgumentException("stability must be in [0, 1] but was " + stability);
    }
  }

  /** More classes than these are ImageNet's. */
  private static final int SMALL_CLASSES = 200;

  /**
   * The defaults of a mode in a space, seed 0: the size of the space's small network; in spaces
   * that keep some edges of a group (DARTS) the published 14 images and 3 operations a round, 24
   * and 2 for more classes than 200, in the paper 32 and 1; and a budget like the published number
   * of evaluations.
   *
   * @param classes of the images
   */
  public static TeNasOptions of(Mode mode, CellSpace space, int classes) {
    NetworkOptions size = space.reduced(classes, new Shape(3, 32, 32));
    Builder builder =
        builder(mode)
            .channels(size.channels())
            .cellsPerStage(size.cellsPerStage())
            .stages(size.stages());
    if (!space.groups().isEmpty()) {
      boolean large = classes > SMALL_CLASSES;
      builder.budget(large ? 2664 : 1992);
      if (mode != Mode.PAPER) {
        builder.ntkBatch(large ? 24 : 14).pruneNumber(large ? 2 : 3);
      }
    }
    return builder.build();
  }

  /** The defaults of a mode in NAS-Bench-201, seed 0. */
  public static TeNasOptions of(Mode mode) {
    boolean paper = mode == Mode.PAPER;
    return new TeNasOptions(
        mode,
        0,
        3,
        1,
        3,
        paper ? 32 : 72,
        1000,
        paper ? 5 : 3,
        3,
        mode == Mode.WINNOW ? 4 : 3,
        1,
        3,
        480,
        0.9,
        1000);
  }

  /** A builder with the defaults of a mode. */
  public static Builder builder(Mode mode) {
    return new Builder(of(mode));
  }

  /** A builder with these settings. */
  public Builder with() {
    return new Builder(this);
  }

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be in [" + least + ", " + most + "] but was " + value);
    }
  }

  /** Changes some of the settings; ranges are those of the record. Not thread-safe. */
  public static final class Builder {
    private final Mode mode;
    private long seed;
    private int channels;
    private int cellsPerStage;
    private int stages;
    private int ntkBatch;
    private int regionBatch;
    private int regionBatches;
    private int patchSide;
    private int repeats;
    private int pruneNumber;
    private int decimals;
    private int budget;
    private double stability;
    private int resamples;

    private Builder(TeNasOptions from) {
      mode = from.mode;
      seed = from.seed;
      channels = from.channels;
      cellsPerStage = from.cellsPerStage;
      stages = from.stages;
      ntkBatch = from.ntkBatch;
      regionBatch = from.regionBatch;
      regionBatches = from.regionBatches;
      patchSide = from.patchSide;
      repeats = from.repeats;
      pruneNumber = from.pruneNumber;
      decimals = from.decimals;
      budget = from.budget;
      stability = from.stability;
      resamples = from.resamples;
    }

    /** Root seed of weights, batches and patches; 0. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** C of the NTK network; 3. */
    public Builder channels(int channels) {
      this.channels = channels;
      return this;
    }

    /** N of the NTK network; 1. */
    public Builder cellsPerStage(int cellsPerStage) {
      this.cellsPerStage = cellsPerStage;
      return this;
    }

    /** Stages of the NTK network; 3. */
    public Builder stages(int stages) {
      this.stages = stages;
      return this;
    }

    /** Images of one NTK; 72, in the paper 32. */
    public Builder ntkBatch(int ntkBatch) {
      this.ntkBatch = ntkBatch;
      return this;
    }

    /** Patches that share batch statistics; 1000. */
    public Builder regionBatch(int regionBatch) {
      this.regionBatch = regionBatch;
      return this;
    }

    /** Batches of one region count; 3, in the paper 5. */
    public Builder regionBatches(int regionBatches) {
      this.regionBatches = regionBatches;
      return this;
    }

    /** Height and width of a patch; 3. */
    public Builder patchSide(int patchSide) {
      this.patchSide = patchSide;
      return this;
    }

    /** Evaluations of each candidate, in mode WINNOW at first; 3, in mode WINNOW 4. */
    public Builder repeats(int repeats) {
      this.repeats = repeats;
      return this;
    }

    /** Operations removed from an edge in a round; 1. */
    public Builder pruneNumber(int pruneNumber) {
      this.pruneNumber = pruneNumber;
      return this;
    }

    /** Rounding of mode RELEASED; 3. */
    public Builder decimals(int decimals) {
      this.decimals = decimals;
      return this;
    }

    /** NTK evaluations of mode WINNOW at most; 480. */
    public Builder budget(int budget) {
      this.budget = budget;
      return this;
    }

    /** Bootstrap agreement at which mode WINNOW decides; 0.9. */
    public Builder stability(double stability) {
      this.stability = stability;
      return this;
    }

    /** Bootstrap resamples of mode WINNOW; 1000. */
    public Builder resamples(int resamples) {
      this.resamples = resamples;
      return this;
    }

    /**
     * @throws IllegalArgumentException for a setting out of range, naming it
     */
    public TeNasOptions build() {
      return new TeNasOptions(
          mode,
          seed,
          channels,
          cellsPerStage,
          stages,
          ntkBatch,
          regionBatch,
          regionBatches,
          patchSide,
          repeats,
          pruneNumber,
          decimals,
          budget,
          stability,
          resamples);
    }
  }
}
