package dev.winnow.search;

/**
 * Settings of a TE-NAS search; {@link #of} gives each mode's defaults.
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

  /** The defaults of a mode, seed 0. */
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

  /** These with another seed. */
  public TeNasOptions withSeed(long seed) {
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

  private static void within(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be in [" + least + ", " + most + "] but was " + value);
    }
  }
}
