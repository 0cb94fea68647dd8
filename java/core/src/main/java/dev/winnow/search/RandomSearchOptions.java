package dev.winnow.search;

import dev.winnow.space.CellSpace;

/**
 * Settings of a random search; {@link #of} gives the defaults.
 *
 * @param seed root seed of architectures, weights and images
 * @param networks architectures scored, all different, in [1, 1000000]
 * @param repeats evaluations of each, in [1, 1000]; 3
 */
public record RandomSearchOptions(long seed, int networks, int repeats) {
  public RandomSearchOptions {
    if (networks < 1 || networks > 1_000_000) {
      throw new IllegalArgumentException("networks must be in [1, 1000000] but was " + networks);
    }
    if (repeats < 1 || repeats > 1000) {
      throw new IllegalArgumentException("repeats must be in [1, 1000] but was " + repeats);
    }
  }

  /**
   * As many networks as a TE-NAS search of the space scores as candidates (54 on NAS-Bench-201),
   * with the published 3 repeats.
   */
  public static RandomSearchOptions of(CellSpace space, long seed) {
    return new RandomSearchOptions(seed, TeNas.candidates(space, 1), 3);
  }
}
