package dev.winnow.search;

import java.util.List;

/**
 * What a search found and how. Holds nothing of time, machine or path: equal searches give equal
 * results.
 *
 * @param method for example {@code te-nas}
 * @param mode for example {@code winnow}; empty where the method has one only
 * @param space name of the space
 * @param images name of the image set
 * @param seed root seed
 * @param architecture the found one, in the space's notation
 * @param evaluations network evaluations made, over all scores and repeats
 * @param rounds in order
 * @param spectra of the supernet before the first and after the last round, on the same weights and
 *     images
 */
public record SearchResult(
    String method,
    String mode,
    String space,
    String images,
    long seed,
    String architecture,
    List<Evaluations> evaluations,
    List<Round> rounds,
    List<Spectrum> spectra) {
  public SearchResult {
    evaluations = List.copyOf(evaluations);
    rounds = List.copyOf(rounds);
    spectra = List.copyOf(spectra);
  }

  /**
   * How often a score was computed.
   *
   * @param score its name
   * @param networks number of evaluations
   */
  public record Evaluations(String score, long networks) {}
}
