package dev.winnow.space;

import dev.winnow.net.Shape;

/**
 * Size of a network of a {@link CellSpace}.
 *
 * @param channels C of the first stage, at least 1
 * @param cellsPerStage N, at least 1
 * @param stages resolutions, at least 1; NAS-Bench-201 has 3
 * @param stem whether images pass the stem; without it they enter the first cell as they are
 * @param classes outputs, at least 1
 * @param input shape of one image
 */
public record NetworkOptions(
    int channels, int cellsPerStage, int stages, boolean stem, int classes, Shape input) {
  public NetworkOptions {
    atLeastOne("channels", channels);
    atLeastOne("cellsPerStage", cellsPerStage);
    atLeastOne("stages", stages);
    atLeastOne("classes", classes);
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1 || value > 65536) {
      throw new IllegalArgumentException(name + " must be in [1, 65536] but was " + value);
    }
  }
}
