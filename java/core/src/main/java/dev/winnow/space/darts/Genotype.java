package dev.winnow.space.darts;

import java.util.Objects;
import java.util.stream.Collectors;

/**
 * An architecture of the DARTS family: a cell that keeps the resolution and one that halves it.
 *
 * @param normal the cell that keeps it
 * @param reduce the cell that halves it; its edges from nodes 0 and 1 have stride 2
 */
public record Genotype(DartsCell normal, DartsCell reduce) {
  public Genotype {
    Objects.requireNonNull(normal, "normal");
    Objects.requireNonNull(reduce, "reduce");
  }

  /**
   * Reads any of the three notations:
   *
   * <ul>
   *   <li>{@code sep_conv_3x3~0;…;dil_conv_3x3~2/max_pool_3x3~0;…}: {@link #toString}'s, eight
   *       inputs a cell; {@code :} is read for {@code ~} and {@code /} too, as tables have it,
   *   <li>{@code Genotype(normal=[('sep_conv_3x3', 0), …], normal_concat=range(2, 6), reduce=[…],
   *       reduce_concat=[2, 3, 4, 5])}: the Python text of the published programs,
   *   <li>{@code 0:3,1:3,…/0:0,…}: NASLib's compact form, {@code source:operation} with the
   *       operations 0 max_pool_3x3, 1 avg_pool_3x3, 2 skip_connect, 3 sep_conv_3x3, 4
   *       sep_conv_5x5, 5 dil_conv_3x3, 6 dil_conv_5x5.
   * </ul>
   *
   * @throws IllegalArgumentException naming the character, counted from 1, and what was expected
   */
  public static Genotype parse(String text) {
    return new GenotypeReader(text).read();
  }

  /** The genotype with the intermediate nodes of each cell numbered in a canonical way. */
  public String canonical() {
    return normal.canonical() + "/" + reduce.canonical();
  }

  /** The Python text that the published programs print and read. */
  public String python() {
    return "Genotype(normal="
        + python(normal)
        + ", normal_concat=range(2, 6), reduce="
        + python(reduce)
        + ", reduce_concat=range(2, 6))";
  }

  private static String python(DartsCell cell) {
    return cell.inputs().stream()
        .map(input -> "('" + input.operation().label() + "', " + input.source() + ")")
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /** {@code <normal>/<reduce>}, without blanks or commas. */
  @Override
  public String toString() {
    return normal + "/" + reduce;
  }
}
