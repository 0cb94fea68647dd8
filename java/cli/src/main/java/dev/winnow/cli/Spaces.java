package dev.winnow.cli;

import dev.winnow.space.CellSpace;
import dev.winnow.space.SearchSpace;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** The search spaces on the class path. */
final class Spaces {
  private Spaces() {}

  /** All spaces, by name. */
  static List<SearchSpace> all() {
    return ServiceLoader.load(SearchSpace.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(SearchSpace::name))
        .toList();
  }

  /**
   * The space of this name.
   *
   * @throws UsageException for a name that no space has
   */
  static SearchSpace named(String name) {
    List<SearchSpace> all = all();
    return all.stream()
        .filter(space -> space.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--space must be one of "
                        + String.join(", ", all.stream().map(SearchSpace::name).toList())
                        + " but was '"
                        + name
                        + "'"));
  }

  /**
   * The space of this name, one whose supernet can be pruned.
   *
   * @throws UsageException for a name that no such space has
   */
  static CellSpace prunable(String name) {
    if (named(name) instanceof CellSpace space) {
      return space;
    }
    List<String> names =
        all().stream().filter(CellSpace.class::isInstance).map(SearchSpace::name).toList();
    throw new UsageException(
        "a search needs one of the spaces " + String.join(", ", names) + " but got '" + name + "'");
  }
}
