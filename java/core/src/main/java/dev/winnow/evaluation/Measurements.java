package dev.winnow.evaluation;

import java.util.Map;

/**
 * A number for each of many architectures: a score of a scores file, or a column of a table.
 *
 * @param name of the score or column
 * @param protocol how the numbers were made, the same for all of them; empty where a file does not
 *     say
 * @param values by architecture, in the order of the file; NaN where the number is undefined
 * @param standardErrors by architecture, of those that have one
 */
public record Measurements(
    String name,
    Map<String, String> protocol,
    Map<String, Double> values,
    Map<String, Double> standardErrors) {

  /** The same numbers under another name. */
  public Measurements named(String other) {
    return new Measurements(other, protocol, values, standardErrors);
  }
}
