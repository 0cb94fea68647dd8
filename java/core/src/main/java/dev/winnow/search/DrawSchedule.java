package dev.winnow.search;

import dev.winnow.compute.Initialization;
import dev.winnow.compute.Parameters;
import dev.winnow.random.Stream;
import dev.winnow.search.Evaluation.Draw;

/**
 * Which weights and images each evaluation of a TE-NAS search gets: the modes' draw schedules.
 * Streams are named after what is drawn, so the schedule is a pure function of (round, candidate,
 * repeat).
 *
 * <table>
 *   <caption>One draw for each …</caption>
 *   <tr><th>mode</th><th>NTK weights</th><th>region weights</th><th>images</th><th>patches</th></tr>
 *   <tr><td>RELEASED</td><td>round, all groups of edges being one</td><td>candidate</td><td>candidate and repeat, shuffled
 *       afresh</td><td>candidate and repeat, next batches of one endless shuffle</td></tr>
 *   <tr><td>PAPER</td><td>candidate and repeat</td><td>candidate and repeat</td><td>as
 *       released</td><td>as released</td></tr>
 *   <tr><td>WINNOW</td><td>repeat of the round</td><td>repeat of the round</td><td>repeat of the
 *       round</td><td>repeat of the round</td></tr>
 * </table>
 */
final class DrawSchedule {
  private final TeNasOptions options;
  private final Stream root;

  DrawSchedule(TeNasOptions options) {
    this.options = options;
    this.root = Stream.root(options.seed()).of("te-nas");
  }

  /**
   * Whether all candidates of a round and the origin share their draws, so that one evaluation of
   * the origin serves all candidates.
   */
  boolean common() {
    return options.mode() == Mode.WINNOW;
  }

  /** Where all streams of the search begin. */
  Stream root() {
    return root;
  }

  Initialization ntkInitialization() {
    return options.mode() == Mode.RELEASED
        ? Initialization.PYTORCH_DEFAULT
        : Initialization.KAIMING_FAN_OUT;
  }

  Initialization regionInitialization() {
    return options.mode() == Mode.RELEASED
        ? Initialization.PYTORCH_DEFAULT
        : Initialization.KAIMING_FAN_IN;
  }

  Parameters ntkWeights(Place place) {
    Stream round = root.of("ntk.weights").of(place.drawn());
    return new Parameters.Drawn(
        ntkInitialization(), options.mode() == Mode.RELEASED ? round : each(round, place));
  }

  Draw images(Place place) {
    return new Draw(each(root.of("ntk.images").of(place.round()), place), 0);
  }

  Parameters regionWeights(Place place) {
    Stream round = root.of("regions.weights").of(place.round());
    return new Parameters.Drawn(
        regionInitialization(),
        options.mode() == Mode.RELEASED ? round.of(place.candidate()) : each(round, place));
  }

  Draw patches(Place place) {
    Stream patches = root.of("regions.patches");
    if (common()) {
      return new Draw(each(patches.of(place.round()), place), 0);
    }
    long count = place.ordinal() * options.repeats() + place.repeat();
    return new Draw(patches, count * options.regionBatches());
  }

  private Stream each(Stream round, Place place) {
    return (common() ? round : round.of(place.candidate())).of(place.repeat());
  }

  /**
   * Where in the search an evaluation stands.
   *
   * @param round from 1
   * @param drawn the round whose NTK weights are used: this one, or the first in which groups lost
   *     edges
   * @param candidate its name
   * @param ordinal the candidate's number in the whole search, from 0
   * @param repeat from 0
   */
  record Place(int round, int drawn, String candidate, long ordinal, int repeat) {}
}
