package dev.winnow.cli;

import dev.winnow.space.CellSpace;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The search spaces on the class path. */
final class Spaces {
  private Spaces() {}

  /** All spaces, by name. */
  static List<CellSpace> all() {
    return ServiceLoader.load(CellSpace.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(CellSpace::name))
        .toList();
  }

  /**
   * The space of this name.
   *
   * @throws UsageException for a name that no space has
   */
  static CellSpace named(String name) {
    List<CellSpace> all = all();
    return all.stream()
        .filter(space -> space.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--space must be one of "
                        + String.join(", ", all.stream().map(CellSpace::name).toList())
                        + " but was '"
                        + name
                        + "'"));
  }
}
